using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using HakMem.Boxes;

namespace HakMem;

/// <summary>
/// Writes the numbers of diagnostics boxes as tables for people: <c>DiagnosticsReport report = new(Console.Out); MyAllocator.VisitDiagnostics(ref report);</c>.
/// Not thread-safe.
/// </summary>
public unsafe struct DiagnosticsReport : IDiagnosticsVisitor
{
    private readonly TextWriter _writer;

    /// <summary>A report that goes to a writer.</summary>
    /// <param name="writer">Receives the text.</param>
    /// <exception cref="ArgumentNullException">The writer is null.</exception>
    public DiagnosticsReport(TextWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        _writer = writer;
    }

    /// <summary>How many tables were written.</summary>
    public int Tables { get; private set; }

    /// <inheritdoc/>
    public void Visit<TNumbers>(TNumbers* numbers)
        where TNumbers : unmanaged
    {
        if (Tables++ != 0) _writer.WriteLine();
        if (typeof(TNumbers) == typeof(DebugCounters.HeapState)) Write((DebugCounters.HeapState*)numbers);
        else if (typeof(TNumbers) == typeof(WarmPoolStats.HeapState)) Write((WarmPoolStats.HeapState*)numbers);
        else if (typeof(TNumbers) == typeof(LockStats.Totals)) Write((LockStats.Totals*)numbers);
        else if (typeof(TNumbers) == typeof(SizeHistogram.Totals)) Write((SizeHistogram.Totals*)numbers);
        else if (typeof(TNumbers) == typeof(PageFaultTelemetry.HeapState)) Write((PageFaultTelemetry.HeapState*)numbers);
        else if (typeof(TNumbers) == typeof(FreelistValidation.HeapState)) Write((FreelistValidation.HeapState*)numbers);
        else _writer.WriteLine($"{(typeof(TNumbers).DeclaringType ?? typeof(TNumbers)).Name}: read it by the allocator's own method");
    }

    private readonly void Write(DebugCounters.HeapState* counters)
    {
        _writer.WriteLine("Counters");
        Line("allocations by front stacks", counters->FrontAllocs);
        Line("  hits", counters->FrontHits, counters->FrontAllocs);
        Line("  misses", counters->FrontMisses, counters->FrontAllocs);
        Line("zeroed blocks cut past the front", counters->CarvedZeroed);
        Line("refills", counters->Refills);
        Line("  blocks moved", counters->RefilledBlocks);
        _writer.WriteLine("  slabs taken from");
        foreach (RefillStage stage in Enum.GetValues<RefillStage>()) Line("    " + NameOf(stage), DebugCounters.SlabsFrom(counters, stage));
        Line("    a new SuperSlab, of the arena's", counters->SuperSlabs);
        Line("  slabs cut for a class", counters->NewSlabs);
        Line("  empty slabs given up", counters->RetiredSlabs);
        ulong frees = counters->FrontFrees + counters->FlushingFrees + counters->RemoteFrees;
        Line("frees of blocks up to 32 KiB", frees);
        Line("  taken by front stacks at once", counters->FrontFrees, frees);
        Line("  that found the stack full", counters->FlushingFrees, frees);
        Line("  of other heaps' blocks", counters->RemoteFrees, frees);
        Line("flushes", counters->Flushes);
        Line("  blocks moved", counters->FlushedBlocks);
        Line("collections of what others freed", counters->Collects);
        Line("  blocks that came by these", counters->CollectedBlocks);
        Line("large blocks allocated", counters->LargeAllocs);
        Line("large blocks freed", counters->LargeFrees);
        _writer.WriteLine("early ends of slow paths");
        foreach (SlowExit exit in Enum.GetValues<SlowExit>()) Line("  " + NameOf(exit), DebugCounters.ExitsBy(counters, exit));
    }

    private readonly void Write(WarmPoolStats.HeapState* counters)
    {
        _writer.WriteLine("Warm pool");
        Line("hits", counters->Hits);
        Line("misses", counters->Misses);
        uint permille = WarmPoolStats.HitPermille(counters);
        _writer.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {"hit rate",-40}{permille / 10.0,15:0.0} %"));
        Line("batches taken from the shared pool", counters->Prefills);
        Line("  slabs that came by these", counters->PrefilledSlabs);
        Line("empty slabs kept", counters->Kept);
        Line("empty slabs refused for lack of room", counters->Refused);
    }

    private readonly void Write(LockStats.Totals* locks)
    {
        _writer.WriteLine($"{"Locks",-42}{"taken",15}{"contended",15}{"waits",15}");
        for (uint kind = 0; kind < LockStats.Kinds; kind++)
        {
            Row(NameOf((LockKind)kind), locks->Acquisitions[kind], locks->Contended[kind], locks->Waits[kind]);
        }
    }

    private readonly void Write(SizeHistogram.Totals* sizes)
    {
        _writer.WriteLine($"{"Sizes",-42}{"allocated",15}{"freed",15}{"unused, mean B",15}");
        for (uint sizeClass = 1; sizeClass < SizeClasses.Count; sizeClass++)
        {
            ulong samples = sizes->Samples[sizeClass];
            if (sizes->Allocs[sizeClass] == 0 && sizes->Frees[sizeClass] == 0 && samples == 0) continue;
            uint size = SizeClasses.SizeOf(sizeClass);
            string unused = samples == 0 ? "" : (size - ((double)sizes->SampledBytes[sizeClass] / samples)).ToString("0.0", CultureInfo.InvariantCulture);
            _writer.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {size,8} B{"",30}{sizes->Allocs[sizeClass],15}{sizes->Frees[sizeClass],15}{unused,15}"));
        }

        for (int log2 = 0; log2 < 64; log2++)
        {
            if (sizes->Larger[log2] != 0) _writer.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  from {1UL << log2 >> 10,9} KiB{"",22}{sizes->Larger[log2],15}"));
        }
    }

    private readonly void Write(PageFaultTelemetry.HeapState* pages)
    {
        _writer.WriteLine("Page faults to come");
        Line("blocks handed out for the first time", pages->FreshBlocks);
        Line("  pages without memory that they reach", pages->FreshPages);
        Line("  pages never reached before", pages->FirstTouches);
        Line("pages given back and used again", pages->RefaultedPages);
    }

    private readonly void Write(FreelistValidation.HeapState* checks)
    {
        _writer.WriteLine("Checks");
        Line("blocks on their way to front stacks", checks->RefilledBlocks);
        Line("blocks on their way back", checks->FlushedBlocks);
    }

    private readonly void Line(string name, ulong value) => _writer.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {name,-40}{value,15}"));

    private readonly void Line(string name, ulong value, ulong whole)
    {
        double share = whole == 0 ? 0 : 100.0 * value / whole;
        _writer.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {name,-40}{value,15}{share,8:0.0} %"));
    }

    private readonly void Row(string name, params ReadOnlySpan<ulong> values)
    {
        List<string> cells = [$"  {name,-40}"];
        foreach (ulong value in values) cells.Add(string.Create(CultureInfo.InvariantCulture, $"{value,15}"));
        _writer.WriteLine(string.Concat(cells));
    }

    private static string NameOf(RefillStage stage) => stage switch
    {
        RefillStage.CurrentSlab => "the bin's current slab",
        RefillStage.PartialList => "the bin's list",
        RefillStage.Inbox => "the list, after a collection",
        RefillStage.SparseList => "the list of sparse slabs",
        RefillStage.WarmPool => "the warm pool",
        RefillStage.SharedStack => "the shared stack of empty slabs",
        RefillStage.Adoption => "heaps of ended threads",
        RefillStage.Arena => "the arena",
        _ => stage.ToString(),
    };

    private static string NameOf(SlowExit exit) => exit switch
    {
        SlowExit.ServedByHome => "refill lent by the home class's stack",
        SlowExit.FailedRefill => "refill without memory",
        SlowExit.GrownStack => "full stack grown instead of flushed",
        SlowExit.NullFree => "free of null",
        SlowExit.BigFree => "free of a block with its own mapping",
        SlowExit.CombinedFree => "free combined in the remote table",
        SlowExit.DirectFree => "free sent at once to a first-class heap",
        SlowExit.FlushedElsewhere => "flushed bits sent to a slab's new heap",
        _ => exit.ToString(),
    };

    private static string NameOf(LockKind kind) => kind switch
    {
        LockKind.Heap => "heaps",
        LockKind.User => "first-class heaps' turns",
        LockKind.Registry => "registry of heaps",
        LockKind.Arena => "arena and purge queue",
        LockKind.AddressSpace => "address space, the process's",
        LockKind.BigTable => "table of big blocks, the process's",
        LockKind.BigCache => "cache of big blocks",
        _ => "diagnostics and guards",
    };
}
