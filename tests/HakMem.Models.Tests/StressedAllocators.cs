using HakMem.Boxes;

namespace HakMem.Models.Tests;

/// <summary>The default boxes and constants, perturbed and checked.</summary>
[HakMemAllocator(Diagnostics = [typeof(SchedulePerturbation), typeof(FreelistValidation), typeof(DebugCounters)])]
internal static unsafe partial class PerturbedAllocator;

/// <summary>The same with everything that is kept near cut short: every few operations meet a slab, an inbox, the shared pool or the purge queue.</summary>
[HakMemAllocator(
    Diagnostics = [typeof(SchedulePerturbation), typeof(FreelistValidation), typeof(DebugCounters)],
    FrontCapacity = 16, HeapFrontBytes = 0, RemoteBatch = 16, WarmCapacity = 1, PrefillBudget = 2, PurgeDelay = 1, BigCacheBytes = 4194304)]
internal static unsafe partial class CrampedAllocator;

/// <summary>The same with links in the free blocks, each checked when it is followed.</summary>
[HakMemAllocator(
    Front = typeof(FrontList), Diagnostics = [typeof(SchedulePerturbation), typeof(FreelistValidation), typeof(DebugCounters)],
    RemoteBatch = 64, PrefillBudget = 2, PurgeDelay = 1)]
internal static unsafe partial class ListedAllocator;

/// <summary>What the stress test calls, so that it runs over any composition.</summary>
internal unsafe interface IStressed
{
    static abstract void* Alloc(nuint size);

    static abstract void* AllocZeroed(nuint size);

    static abstract void* AlignedAlloc(nuint size, nuint alignment);

    static abstract void* Realloc(void* block, nuint size);

    static abstract void Free(void* block);

    static abstract void FreeBatch(void** blocks, uint count);

    static abstract void Trim();

    static abstract void ReadStatistics(AllocatorStatistics* statistics);
}

/// <summary><see cref="PerturbedAllocator"/> as it is stressed.</summary>
internal readonly unsafe struct Perturbed : IStressed
{
    public static void* Alloc(nuint size) => PerturbedAllocator.Alloc(size);

    public static void* AllocZeroed(nuint size) => PerturbedAllocator.AllocZeroed(size);

    public static void* AlignedAlloc(nuint size, nuint alignment) => PerturbedAllocator.AlignedAlloc(size, alignment);

    public static void* Realloc(void* block, nuint size) => PerturbedAllocator.Realloc(block, size);

    public static void Free(void* block) => PerturbedAllocator.Free(block);

    public static void FreeBatch(void** blocks, uint count) => PerturbedAllocator.FreeBatch(blocks, count);

    public static void Trim() => PerturbedAllocator.Trim();

    public static void ReadStatistics(AllocatorStatistics* statistics) => PerturbedAllocator.ReadStatistics(statistics);
}

/// <summary><see cref="CrampedAllocator"/> as it is stressed.</summary>
internal readonly unsafe struct Cramped : IStressed
{
    public static void* Alloc(nuint size) => CrampedAllocator.Alloc(size);

    public static void* AllocZeroed(nuint size) => CrampedAllocator.AllocZeroed(size);

    public static void* AlignedAlloc(nuint size, nuint alignment) => CrampedAllocator.AlignedAlloc(size, alignment);

    public static void* Realloc(void* block, nuint size) => CrampedAllocator.Realloc(block, size);

    public static void Free(void* block) => CrampedAllocator.Free(block);

    public static void FreeBatch(void** blocks, uint count) => CrampedAllocator.FreeBatch(blocks, count);

    public static void Trim() => CrampedAllocator.Trim();

    public static void ReadStatistics(AllocatorStatistics* statistics) => CrampedAllocator.ReadStatistics(statistics);
}

/// <summary><see cref="ListedAllocator"/> as it is stressed.</summary>
internal readonly unsafe struct Listed : IStressed
{
    public static void* Alloc(nuint size) => ListedAllocator.Alloc(size);

    public static void* AllocZeroed(nuint size) => ListedAllocator.AllocZeroed(size);

    public static void* AlignedAlloc(nuint size, nuint alignment) => ListedAllocator.AlignedAlloc(size, alignment);

    public static void* Realloc(void* block, nuint size) => ListedAllocator.Realloc(block, size);

    public static void Free(void* block) => ListedAllocator.Free(block);

    public static void FreeBatch(void** blocks, uint count) => ListedAllocator.FreeBatch(blocks, count);

    public static void Trim() => ListedAllocator.Trim();

    public static void ReadStatistics(AllocatorStatistics* statistics) => ListedAllocator.ReadStatistics(statistics);
}
