using System;
using System.Collections.Generic;
using System.Globalization;
using System.Threading;
using HakMem.Bench.Allocators;
using HakMem.Bench.Measuring;
using HakMem.Bench.Memory;
using HakMem.Bench.Teams;

namespace HakMem.Bench.Scenarios;

/// <summary>
/// Many short threads, some at a time. Each leaves live blocks, which a thread of a later wave frees. Nobody tells the
/// allocator that a thread ends, and nobody collects garbage.
/// </summary>
internal sealed unsafe class ThreadChurnScenario : MemoryStudyScenario
{
    public static readonly ScenarioDefinition Definition = new(
        "thread-churn",
        "many short threads leave live blocks that later threads free; memory at the end",
        ["--lifetimes", "--at-once", "--leave", "--min", "--max"],
        parameters => [string.Create(CultureInfo.InvariantCulture, $"{parameters.Lifetimes} threads {parameters.AtOnce} at once {parameters.Leave} left{Bytes(Range(parameters))}")],
        (variant, parameters) => new ThreadChurnScenario(variant, parameters));

    private const int DefaultMinBytes = 16;
    private const int DefaultMaxBytes = 1024;
    private const int SettledThreads = 1_000;
    private const int CheckedLifetimes = 200;
    private const int BlocksOfOwn = 100;
    private const int WavesUntilFree = 8;
    private static readonly TimeSpan s_idle = TimeSpan.FromSeconds(3);

    // Every thread of a real program makes a managed object and with it takes 8 KiB from the collector. Without, the
    // collector never runs, and the C library's heap fills with the runtime's records of 60,000 ended threads.
    [ThreadStatic]
    private static object? t_managed;

    private readonly (uint MinBytes, uint Sizes) _range;
    private readonly int _waves;
    private readonly MappedArray<nint> _left;
    private readonly MappedArray<nint> _own;

    public ThreadChurnScenario(string variant, ScenarioParameters parameters)
        : base(Definition, variant, parameters)
    {
        _range = Range(parameters);
        _waves = Math.Max(1, parameters.Lifetimes / parameters.AtOnce);
        _left = new MappedArray<nint>((long)WavesUntilFree * parameters.AtOnce * parameters.Leave, populate: true);
        _own = new MappedArray<nint>((long)parameters.AtOnce * BlocksOfOwn, populate: true);
    }

    public override IReadOnlyList<FigureKind> Figures { get; } =
    [
        FigureKind.Mebibytes("rssSettledBytes", "RSS\nsettled"),
        FigureKind.Mebibytes("rssBytes", "RSS after\nall threads"),
        FigureKind.Mebibytes("rssIdleBytes", "after 3 s\nof idleness"),
        FigureKind.Mebibytes("rssAfterLastFreeBytes", "after the\nlast free"),
        FigureKind.Mebibytes("rssCollectedBytes", "after a\ncollection"),
        FigureKind.Mebibytes("committedSettledBytes", "committed\nsettled"),
        FigureKind.Mebibytes("committedBytes", "committed\nafter all"),
        FigureKind.Mebibytes("committedGrowthBytes", "committed\ngrowth"),
        new FigureKind("heaps", "heaps"),
        new FigureKind("cpuNsPerThread", "CPU µs\nper thread", 1e-3),
        new FigureKind("pageFaultsPerThread", "faults\nper thread"),
    ];

    public override long OperationsPerPass => 2L * _waves * Parameters.AtOnce * (BlocksOfOwn + Parameters.Leave);

    /// <summary>The mean at the end of a wave.</summary>
    public override ulong PeakLiveBytes => ((ulong)_left.Length + (ulong)_own.Length) * MeanBytes(_range);

    public override IReadOnlyDictionary<string, double> Study<T>()
    {
        var figures = new Dictionary<string, double>();
        new Span<nint>(_left.Pointer, checked((int)_left.Length)).Clear();
        int settledWave = Math.Min(_waves, (SettledThreads + Parameters.AtOnce - 1) / Parameters.AtOnce) - 1;
        PassMeter meter = PassMeter.Start();
        for (int wave = 0; wave < _waves; wave++)
        {
            int now = wave;
            using var allLive = new Barrier(Parameters.AtOnce);
            FreshThreads.Run<T>(Parameters.AtOnce, thread => Live<T>(now, thread, allLive));
            if (wave == settledWave)
                Note<T>(figures, "rssSettledBytes", "committedSettledBytes");
        }

        PassCost cost = meter.Stop();
        Note<T>(figures, "rssBytes", "committedBytes");
        if (T.Counters() is { } counters)
        {
            figures["committedGrowthBytes"] = figures["committedBytes"] - figures["committedSettledBytes"];
            figures["heaps"] = counters.Heaps;
        }

        Thread.Sleep(s_idle);
        figures["rssIdleBytes"] = OwnRssBytes();
        for (long i = 0; i < _left.Length; i++)
            FreeLeft<T>(_left.Pointer + i);
        figures["rssAfterLastFreeBytes"] = OwnRssBytes();
        GC.Collect();
        GC.WaitForPendingFinalizers();
        figures["rssCollectedBytes"] = OwnRssBytes();
        double threads = (double)_waves * Parameters.AtOnce;
        figures["cpuNsPerThread"] = cost.CpuNanoseconds / threads;
        figures["pageFaultsPerThread"] = cost.PageFaults / threads;
        return figures;
    }

    public override void Dispose()
    {
        _left.Dispose();
        _own.Dispose();
    }

    protected override ScenarioParameters Shorter(ScenarioParameters whole) => whole with { Lifetimes = Math.Min(whole.Lifetimes, CheckedLifetimes) };

    private static (uint MinBytes, uint Sizes) Range(ScenarioParameters parameters) => parameters.SizeRange(DefaultMinBytes, DefaultMaxBytes);

    private static long OwnRssBytes() => ResidentMemory.Bytes() - NullRing.AllRingsBytes;

    private static void Note<T>(Dictionary<string, double> figures, string rssName, string committedName)
        where T : struct, IBenchAllocator
    {
        figures[rssName] = OwnRssBytes();
        if (T.Counters() is { } counters)
            figures[committedName] = counters.CommittedBytes;
    }

    /// <summary>A thread's life: blocks of its own, blocks to leave, and those that a thread of an earlier wave left.</summary>
    private void Live<T>(int wave, int thread, Barrier allLive)
        where T : struct, IBenchAllocator
    {
        t_managed = new object();
        var random = new RandomSequence(((ulong)wave << 32) + (ulong)thread);
        void** own = (void**)_own.Pointer + (long)thread * BlocksOfOwn;
        nint* left = _left.Pointer + ((long)(wave % WavesUntilFree) * Parameters.AtOnce + thread) * Parameters.Leave;
        try
        {
            random = BatchLoop.AllocAll<T>(own, BlocksOfOwn, _range.MinBytes, _range.Sizes, random);
            for (int i = 0; i < Parameters.Leave; i++)
                FreeLeft<T>(left + i);
        }
        finally
        {
            allLive.SignalAndWait();
        }

        BatchLoop.AllocAll<T>((void**)left, Parameters.Leave, _range.MinBytes, _range.Sizes, random);
        BatchLoop.FreeAll<T>(own, BlocksOfOwn);
    }

    private static void FreeLeft<T>(nint* place)
        where T : struct, IBenchAllocator
    {
        if (*place != 0)
            T.Free((void*)*place);
        *place = 0;
    }
}
