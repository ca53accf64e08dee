using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Threading;
using HakMem.Bench.Allocators;
using HakMem.Bench.Measuring;
using HakMem.Bench.Memory;
using HakMem.Bench.Teams;

namespace HakMem.Bench.Scenarios;

/// <summary>
/// A burst of blocks of which few are kept; then every thread sleeps. How much of the memory that could come back does?
/// The harness computes which pages no kept block overlaps, and asks the kernel which of them still have memory.
/// </summary>
internal sealed unsafe class BurstIdleScenario : MemoryStudyScenario
{
    public static readonly ScenarioDefinition Definition = new(
        "burst-idle",
        "150k x 512 B + 100k x 1 KiB + 50k x 2 KiB, few are kept, all threads idle; what comes back",
        ["--threads", "--keep", "--idle", "--divisor"],
        parameters => ForEachThreadCount(parameters, [2], _ => string.Create(CultureInfo.InvariantCulture, $" 1 in {parameters.Keep} kept{(parameters.Divisor == 1 ? "" : $" 1/{parameters.Divisor} of the blocks")} {parameters.IdleSeconds} s idle")),
        (variant, parameters) => new BurstIdleScenario(variant, parameters));

    private const int CheckedDivisor = 100;

    // A block overlaps two pages at most.
    private const int PagesPerBlock = 2;

    private static readonly (int Count, int SizeBytes)[] s_burst = [(150_000, 512), (100_000, 1024), (50_000, 2048)];

    private readonly MappedArray<nint> _blocks;
    private readonly PageSet _freePages;
    private readonly PageSet _keptPages;

    public BurstIdleScenario(string variant, ScenarioParameters parameters)
        : base(Definition, variant, parameters)
    {
        _blocks = new MappedArray<nint>(s_burst.Sum(part => part.Count / parameters.Divisor), populate: true);
        _freePages = new PageSet(_blocks.Length * PagesPerBlock);
        _keptPages = new PageSet(_blocks.Length * PagesPerBlock);
    }

    public override IReadOnlyList<FigureKind> Figures { get; } =
    [
        FigureKind.Mebibytes("freedBytes", "freed"),
        FigureKind.Mebibytes("whollyFreePageBytes", "wholly\nfree pages"),
        FigureKind.Mebibytes("rssBurstBytes", "RSS\nat burst"),
        FigureKind.Mebibytes("rssFreedBytes", "RSS\nbefore idle"),
        FigureKind.Mebibytes("rssIdleBytes", "RSS\nafter idle"),
        FigureKind.Mebibytes("rssTrimmedBytes", "RSS\nafter trim"),
        new FigureKind("pagesReturnedFreedPercent", "% of pages back\nbefore idle"),
        new FigureKind("pagesReturnedIdlePercent", "% of pages\nafter idle"),
        new FigureKind("pagesReturnedTrimmedPercent", "% of pages\nafter trim"),
        new FigureKind("bytesReturnedIdlePercent", "% of freed\nafter idle"),
        new FigureKind("bytesReturnedTrimmedPercent", "% of freed\nafter trim"),
        new FigureKind("trimNs", "trim\nms", 1e-6),
    ];

    public override long OperationsPerPass => 2 * _blocks.Length;

    public override ulong PeakLiveBytes => (ulong)s_burst.Sum(part => part.Count / Parameters.Divisor * (long)part.SizeBytes);

    public override IReadOnlyDictionary<string, double> Study<T>()
    {
        var figures = new Dictionary<string, double>();
        var failure = new FirstFailure();
        using var burst = new CountdownEvent(Threads);
        using var mayFree = new ManualResetEvent(false);
        using var freed = new CountdownEvent(Threads);
        using var leave = new ManualResetEvent(false);
        var owners = new Thread(() => FreshThreads.Run<T>(Threads, thread =>
        {
            failure.Catch(AllocShare<T>, thread);
            burst.Signal();
            mayFree.WaitOne();
            failure.Catch(FreeShare<T>, thread);
            freed.Signal();
            leave.WaitOne();
        }));
        owners.Start();
        burst.Wait();
        figures["rssBurstBytes"] = ResidentMemory.Bytes();
        long freedBytes = FindFreePages();
        mayFree.Set();
        freed.Wait();
        Note<T>(figures, "Freed", freedBytes);
        Thread.Sleep(TimeSpan.FromSeconds(Parameters.IdleSeconds));
        Note<T>(figures, "Idle", freedBytes);
        long before = CpuClock.Process;
        if (T.Trim())
        {
            figures["trimNs"] = CpuClock.Process - before;
            Note<T>(figures, "Trimmed", freedBytes);
        }

        leave.Set();
        owners.Join();
        failure.ThrowIfAny();
        for (long i = 0; i < _blocks.Length; i += Parameters.Keep)
            T.Free((void*)_blocks[i]);
        return figures;
    }

    public override void Dispose()
    {
        _blocks.Dispose();
        _freePages.Dispose();
        _keptPages.Dispose();
    }

    protected override ScenarioParameters Shorter(ScenarioParameters whole) => whole with { Divisor = Math.Max(whole.Divisor, CheckedDivisor), IdleSeconds = 0 };

    private bool IsKept(long index) => index % Parameters.Keep == 0;

    private void AllocShare<T>(int thread)
        where T : struct, IBenchAllocator
    {
        long first = 0;
        foreach ((int count, int sizeBytes) in s_burst)
        {
            long end = first + count / Parameters.Divisor;
            for (long i = first; i < end; i++)
            {
                if (i % Threads != thread)
                    continue;
                byte* block = (byte*)T.Alloc((nuint)sizeBytes);
                *block = 1;
                _blocks[i] = (nint)block;
            }

            first = end;
        }
    }

    private void FreeShare<T>(int thread)
        where T : struct, IBenchAllocator
    {
        for (long i = thread; i < _blocks.Length; i += Threads)
        {
            if (!IsKept(i))
                T.Free((void*)_blocks[i]);
        }
    }

    /// <returns>The sizes of the blocks that will be freed.</returns>
    private long FindFreePages()
    {
        long freedBytes = 0, first = 0;
        foreach ((int count, int sizeBytes) in s_burst)
        {
            long end = first + count / Parameters.Divisor;
            for (long i = first; i < end; i++)
            {
                (IsKept(i) ? _keptPages : _freePages).Add((void*)_blocks[i], (nuint)sizeBytes);
                freedBytes += IsKept(i) ? 0 : sizeBytes;
            }

            first = end;
        }

        _freePages.Sort();
        _keptPages.Sort();
        _freePages.Except(_keptPages);
        return freedBytes;
    }

    private void Note<T>(Dictionary<string, double> figures, string moment, long freedBytes)
        where T : struct, IBenchAllocator
    {
        figures[$"rss{moment}Bytes"] = ResidentMemory.Bytes();
        if (T.IsFloor || _freePages.Count == 0)
            return;
        double returned = _freePages.Count - _freePages.CountResident();
        figures["freedBytes"] = freedBytes;
        figures["whollyFreePageBytes"] = (double)_freePages.Count * PageSet.PageBytes;
        figures[$"pagesReturned{moment}Percent"] = returned / _freePages.Count * 100;
        figures[$"bytesReturned{moment}Percent"] = returned * PageSet.PageBytes / freedBytes * 100;
    }
}
