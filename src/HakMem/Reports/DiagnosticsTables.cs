using System;
using System.Runtime.CompilerServices;
using HakMem.Boxes;

namespace HakMem;

/// <summary>
/// The tables of the diagnostics boxes that keep numbers, one method for each box: what <see cref="IDiagnosticsVisitor.Visit"/> receives, as lines for people. Compiled into the .NET library and
/// into <c>libhakmem.so</c>, so it does without a runtime: nothing is allocated.
/// </summary>
internal static unsafe class DiagnosticsTables
{
    private const int NameWidth = 40, NumberWidth = 15, ShareWidth = 8;

    /// <summary>Writes the table of a box. False when these are the numbers of none that this library has.</summary>
    internal static bool TryWrite<TNumbers, TOutput>(TNumbers* numbers, ref TOutput output)
        where TNumbers : unmanaged
        where TOutput : struct, ITableOutput
    {
        if (typeof(TNumbers) == typeof(DebugCounters.HeapState)) Write((DebugCounters.HeapState*)numbers, ref output);
        else if (typeof(TNumbers) == typeof(WarmPoolStats.HeapState)) Write((WarmPoolStats.HeapState*)numbers, ref output);
        else if (typeof(TNumbers) == typeof(LockStats.Totals)) Write((LockStats.Totals*)numbers, ref output);
        else if (typeof(TNumbers) == typeof(SizeHistogram.Totals)) Write((SizeHistogram.Totals*)numbers, ref output);
        else if (typeof(TNumbers) == typeof(PageFaultTelemetry.HeapState)) Write((PageFaultTelemetry.HeapState*)numbers, ref output);
        else if (typeof(TNumbers) == typeof(FreelistValidation.HeapState)) Write((FreelistValidation.HeapState*)numbers, ref output);
        else return false;
        return true;
    }

    private static void Write<TOutput>(DebugCounters.HeapState* counters, ref TOutput output)
        where TOutput : struct, ITableOutput
    {
        output.WriteLine("Counters"u8);
        Line(ref output, "allocations by front stacks"u8, counters->FrontAllocs);
        Line(ref output, "  hits"u8, counters->FrontHits, counters->FrontAllocs);
        Line(ref output, "  misses"u8, counters->FrontMisses, counters->FrontAllocs);
        Line(ref output, "zeroed blocks cut past the front"u8, counters->CarvedZeroed);
        Line(ref output, "refills"u8, counters->Refills);
        Line(ref output, "  blocks moved"u8, counters->RefilledBlocks);
        output.WriteLine("  slabs taken from"u8);
        for (RefillStage stage = 0; stage <= RefillStage.Arena; stage++) Line(ref output, NameOf(stage), DebugCounters.SlabsFrom(counters, stage), 4);
        Line(ref output, "    a new SuperSlab, of the arena's"u8, counters->SuperSlabs);
        Line(ref output, "  slabs cut for a class"u8, counters->NewSlabs);
        Line(ref output, "  empty slabs given up"u8, counters->RetiredSlabs);
        ulong frees = counters->FrontFrees + counters->FlushingFrees + counters->RemoteFrees;
        Line(ref output, "frees of blocks up to 32 KiB"u8, frees);
        Line(ref output, "  taken by front stacks at once"u8, counters->FrontFrees, frees);
        Line(ref output, "  that found the stack full"u8, counters->FlushingFrees, frees);
        Line(ref output, "  of other heaps' blocks"u8, counters->RemoteFrees, frees);
        Line(ref output, "flushes"u8, counters->Flushes);
        Line(ref output, "  blocks moved"u8, counters->FlushedBlocks);
        Line(ref output, "collections of what others freed"u8, counters->Collects);
        Line(ref output, "  blocks that came by these"u8, counters->CollectedBlocks);
        Line(ref output, "large blocks allocated"u8, counters->LargeAllocs);
        Line(ref output, "large blocks freed"u8, counters->LargeFrees);
        output.WriteLine("early ends of slow paths"u8);
        for (SlowExit exit = 0; exit <= SlowExit.FlushedElsewhere; exit++) Line(ref output, NameOf(exit), DebugCounters.ExitsBy(counters, exit), 2);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Write<TOutput>(WarmPoolStats.HeapState* counters, ref TOutput output)
        where TOutput : struct, ITableOutput
    {
        output.WriteLine("Warm pool"u8);
        Line(ref output, "hits"u8, counters->Hits);
        Line(ref output, "misses"u8, counters->Misses);
        TextBuffer line = default;
        line.Append("  "u8);
        line.Append("hit rate"u8, NameWidth);
        line.AppendTenths(WarmPoolStats.HitPermille(counters), NumberWidth);
        line.Append(" %"u8);
        line.EndLine(ref output);
        Line(ref output, "batches taken from the shared pool"u8, counters->Prefills);
        Line(ref output, "  slabs that came by these"u8, counters->PrefilledSlabs);
        Line(ref output, "empty slabs kept"u8, counters->Kept);
        Line(ref output, "empty slabs refused for lack of room"u8, counters->Refused);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Write<TOutput>(LockStats.Totals* locks, ref TOutput output)
        where TOutput : struct, ITableOutput
    {
        TextBuffer line = default;
        line.Append("Locks"u8, NameWidth + 2);
        line.AppendRight("taken"u8, NumberWidth);
        line.AppendRight("contended"u8, NumberWidth);
        line.AppendRight("waits"u8, NumberWidth);
        line.EndLine(ref output);
        for (uint kind = 0; kind < LockStats.Kinds; kind++)
        {
            line.Append("  "u8);
            line.Append(NameOf((LockKind)kind), NameWidth);
            line.Append(locks->Acquisitions[kind], NumberWidth);
            line.Append(locks->Contended[kind], NumberWidth);
            line.Append(locks->Waits[kind], NumberWidth);
            line.EndLine(ref output);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Write<TOutput>(SizeHistogram.Totals* sizes, ref TOutput output)
        where TOutput : struct, ITableOutput
    {
        TextBuffer line = default;
        line.Append("Sizes"u8, NameWidth + 2);
        line.AppendRight("allocated"u8, NumberWidth);
        line.AppendRight("freed"u8, NumberWidth);
        line.AppendRight("unused, mean B"u8, NumberWidth);
        line.EndLine(ref output);
        for (uint sizeClass = 1; sizeClass < SizeClasses.Count; sizeClass++)
        {
            ulong samples = sizes->Samples[sizeClass];
            if (sizes->Allocs[sizeClass] == 0 && sizes->Frees[sizeClass] == 0 && samples == 0) continue;
            ulong size = SizeClasses.SizeOf(sizeClass);
            line.Append("  "u8);
            line.Append(size, 8);
            line.Append(" B"u8, NameWidth - 8);
            line.Append(sizes->Allocs[sizeClass], NumberWidth);
            line.Append(sizes->Frees[sizeClass], NumberWidth);
            if (samples == 0) line.Append(""u8, NumberWidth);
            else line.AppendTenths((((size * samples) - sizes->SampledBytes[sizeClass]) * 10 + (samples / 2)) / samples, NumberWidth);
            line.EndLine(ref output);
        }

        for (int log2 = 0; log2 < 64; log2++)
        {
            if (sizes->Larger[log2] == 0) continue;
            line.Append("  from "u8);
            line.Append(1UL << log2 >> 10, 9);
            line.Append(" KiB"u8, NameWidth - 14);
            line.Append(sizes->Larger[log2], NumberWidth);
            line.EndLine(ref output);
        }
    }

    private static void Write<TOutput>(PageFaultTelemetry.HeapState* pages, ref TOutput output)
        where TOutput : struct, ITableOutput
    {
        output.WriteLine("Page faults to come"u8);
        Line(ref output, "blocks handed out for the first time"u8, pages->FreshBlocks);
        Line(ref output, "  pages without memory that they reach"u8, pages->FreshPages);
        Line(ref output, "  pages never reached before"u8, pages->FirstTouches);
        Line(ref output, "pages given back and used again"u8, pages->RefaultedPages);
    }

    private static void Write<TOutput>(FreelistValidation.HeapState* checks, ref TOutput output)
        where TOutput : struct, ITableOutput
    {
        output.WriteLine("Checks"u8);
        Line(ref output, "blocks on their way to front stacks"u8, checks->RefilledBlocks);
        Line(ref output, "blocks on their way back"u8, checks->FlushedBlocks);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Line<TOutput>(ref TOutput output, ReadOnlySpan<byte> name, ulong value, int indent = 0)
        where TOutput : struct, ITableOutput
    {
        TextBuffer line = default;
        line.Append("  "u8, 2 + indent);
        line.Append(name, NameWidth - indent);
        line.Append(value, NumberWidth);
        line.EndLine(ref output);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Line<TOutput>(ref TOutput output, ReadOnlySpan<byte> name, ulong value, ulong whole)
        where TOutput : struct, ITableOutput
    {
        TextBuffer line = default;
        line.Append("  "u8);
        line.Append(name, NameWidth);
        line.Append(value, NumberWidth);
        line.AppendTenths(whole == 0 ? 0 : ((value * 1000) + (whole / 2)) / whole, ShareWidth);
        line.Append(" %"u8);
        line.EndLine(ref output);
    }

    private static ReadOnlySpan<byte> NameOf(RefillStage stage) => stage switch
    {
        RefillStage.CurrentSlab => "the bin's current slab"u8,
        RefillStage.PartialList => "the bin's list"u8,
        RefillStage.Inbox => "the list, after a collection"u8,
        RefillStage.SparseList => "the list of sparse slabs"u8,
        RefillStage.WarmPool => "the warm pool"u8,
        RefillStage.SharedStack => "the shared stack of empty slabs"u8,
        RefillStage.Adoption => "heaps of ended threads"u8,
        _ => "the arena"u8,
    };

    private static ReadOnlySpan<byte> NameOf(SlowExit exit) => exit switch
    {
        SlowExit.ServedByHome => "refill lent by the home class's stack"u8,
        SlowExit.LentByLarger => "refill lent by a larger class's stack"u8,
        SlowExit.FailedRefill => "refill without memory"u8,
        SlowExit.GrownStack => "full stack grown instead of flushed"u8,
        SlowExit.NullFree => "free of null"u8,
        SlowExit.BigFree => "free of a block with its own mapping"u8,
        SlowExit.CombinedFree => "free combined in the remote table"u8,
        SlowExit.DirectFree => "free sent at once to a first-class heap"u8,
        _ => "flushed bits sent to a slab's new heap"u8,
    };

    private static ReadOnlySpan<byte> NameOf(LockKind kind) => kind switch
    {
        LockKind.Heap => "heaps"u8,
        LockKind.User => "first-class heaps' turns"u8,
        LockKind.Registry => "registry of heaps"u8,
        LockKind.Arena => "arena and purge queue"u8,
        LockKind.AddressSpace => "address space, the process's"u8,
        LockKind.BigTable => "table of big blocks, the process's"u8,
        LockKind.BigCache => "cache of big blocks"u8,
        _ => "diagnostics and guards"u8,
    };
}
