using System;
using System.Collections.Generic;

namespace HakMem.Bench.Scenarios;

/// <summary>What the options of the scenarios set; each scenario reads those it has, and has its own default for what is null.</summary>
internal sealed record ScenarioParameters
{
    /// <summary>random-mixed, private: places for a block.</summary>
    public int Slots { get; init; } = 256;

    /// <summary>Smallest block, in bytes.</summary>
    public int? MinBytes { get; init; }

    /// <summary>Largest block, in bytes.</summary>
    public int? MaxBytes { get; init; }

    /// <summary>grow: blocks that are allocated before the first is freed.</summary>
    public int Count { get; init; } = 100_000;

    /// <summary>grow: size of every block, in bytes.</summary>
    public int SizeBytes { get; init; } = 64;

    /// <summary>Scenarios with threads: how many; one variant for each number.</summary>
    public IReadOnlyList<int>? Threads { get; init; }

    /// <summary>Scenarios with threads: allocations and frees in one pass, of all threads together.</summary>
    public int? Operations { get; init; }

    /// <summary>Scenarios whose threads work side by side: each keeps to a processor of its own.</summary>
    public bool Pin { get; init; }

    /// <summary>larson: blocks of each thread.</summary>
    public int? Chunks { get; init; }

    /// <summary>larson: how often the arrays pass to fresh threads in one pass.</summary>
    public int RoundsPerPass { get; init; } = 10;

    /// <summary>Scenarios that hand blocks over: blocks handed over at once.</summary>
    public int? Batch { get; init; }

    /// <summary>async-handover: flows that run at once.</summary>
    public int Flows { get; init; } = 64;

    /// <summary>thread-churn: threads in all.</summary>
    public int Lifetimes { get; init; } = 60_000;

    /// <summary>thread-churn: threads that live at once.</summary>
    public int AtOnce { get; init; } = 16;

    /// <summary>thread-churn: live blocks that each thread leaves.</summary>
    public int Leave { get; init; } = 20;

    /// <summary>burst-idle: one block in so many is kept.</summary>
    public int Keep { get; init; } = 20;

    /// <summary>burst-idle: seconds without a call.</summary>
    public int IdleSeconds { get; init; } = 10;

    /// <summary>burst-idle: the numbers of blocks are divided by this.</summary>
    public int Divisor { get; init; } = 1;

    /// <summary>The sizes to use: what was set, else the scenario's own, bent so that the smallest is not above the largest.</summary>
    public (uint MinBytes, uint Sizes) SizeRange(int defaultMin, int defaultMax)
    {
        int max = MaxBytes ?? Math.Max(defaultMax, MinBytes ?? 0);
        int min = MinBytes ?? Math.Min(defaultMin, max);
        return ((uint)min, (uint)(max - min + 1));
    }
}
