using System;
using System.Collections.Generic;
using HakMem.Bench.Allocators;

namespace HakMem.Bench.Measuring;

/// <summary>Something that any allocator can be made to do, again and again, always the same.</summary>
internal abstract class Workload : IDisposable
{
    /// <summary>A trace's name or a scenario's.</summary>
    public abstract string Scenario { get; }

    public abstract string Variant { get; }

    /// <summary>Allocations, reallocations and frees in one pass; each counts as one.</summary>
    public abstract long OperationsPerPass { get; }

    /// <summary>Most bytes requested and not freed at any one time of a pass.</summary>
    public abstract ulong PeakLiveBytes { get; }

    public abstract WorkloadRecipe Recipe { get; }

    /// <summary>True if a pass runs on threads of its own.</summary>
    public virtual bool UsesThreads => false;

    /// <summary>What <see cref="Study{T}"/> finds; empty if the workload is timed instead.</summary>
    public virtual IReadOnlyList<FigureKind> Figures => [];

    /// <summary>Runs once in a process of its own and looks at the process's memory; a number that does not apply is missing.</summary>
    public virtual IReadOnlyDictionary<string, double> Study<T>()
        where T : struct, IBenchAllocator => throw new NotSupportedException();

    /// <summary>Runs one pass; what is live at its end is freed after the clock was read.</summary>
    public abstract PassCost TimedPass<T>()
        where T : struct, IBenchAllocator;

    /// <summary>Runs one pass, watching every block's contents and alignment.</summary>
    /// <exception cref="CheckFailureException">The allocator broke a promise.</exception>
    public abstract CheckTally Check<T>()
        where T : struct, IBenchAllocator;

    public virtual void Dispose()
    {
    }
}
