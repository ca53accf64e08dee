using System;
using System.Collections.Generic;
using HakMem.Bench.Measuring;

namespace HakMem.Bench.Allocators;

/// <summary>An allocator by name, with the workloads compiled for it behind one virtual call.</summary>
internal abstract class AllocatorEntry(string name, string description, Func<string?>? absence = null)
{
    public string Name { get; } = name;

    public string Description { get; } = description;

    /// <summary>Why it cannot be used on this machine; null if it can.</summary>
    public string? Absence => absence?.Invoke();

    public abstract string ProveIdentity();

    public abstract PassCost TimedPass(Workload workload);

    public abstract CheckTally Check(Workload workload);

    public abstract IReadOnlyDictionary<string, double> Study(Workload workload);

    /// <summary>Takes and gives back a few blocks of each kind, so that code is compiled and tables exist before memory is watched.</summary>
    public abstract void TouchEveryKind();
}

/// <inheritdoc/>
internal unsafe class AllocatorEntry<T>(string name, string description, Func<string?>? absence = null)
    : AllocatorEntry(name, description, absence)
    where T : struct, IBenchAllocator
{
    private const int LargestTouchedLog2 = 18;

    public override string ProveIdentity() => T.ProveIdentity();

    public override PassCost TimedPass(Workload workload) => workload.TimedPass<T>();

    public override CheckTally Check(Workload workload) => workload.Check<T>();

    public override IReadOnlyDictionary<string, double> Study(Workload workload) => workload.Study<T>();

    public override void TouchEveryKind()
    {
        for (int log2 = 4; log2 <= LargestTouchedLog2; log2++)
        {
            nuint size = (nuint)1 << log2;
            void* plain = T.Alloc(size);
            void* zeroed = T.AllocZeroed(size);
            void* aligned = T.AlignedAlloc(size, 64);
            *(ulong*)plain = 1;
            plain = T.Realloc(plain, size + size / 2);
            T.Free(plain);
            T.Free(zeroed);
            T.AlignedFree(aligned);
        }
    }
}

/// <summary>The floor: it has a ring for one thread and one for several, because a thread-local ring costs more than the loop around it.</summary>
internal sealed class FloorEntry(string name, string description) : AllocatorEntry<NullAllocator>(name, description)
{
    public override PassCost TimedPass(Workload workload) =>
        workload.UsesThreads ? workload.TimedPass<NullThreadsAllocator>() : workload.TimedPass<NullAllocator>();

    public override IReadOnlyDictionary<string, double> Study(Workload workload) => workload.Study<NullThreadsAllocator>();
}
