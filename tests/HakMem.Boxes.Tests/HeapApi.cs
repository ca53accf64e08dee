namespace HakMem.Boxes.Tests;

/// <summary>What a test calls of a composition, so that it runs over any.</summary>
internal unsafe interface IHeapApi
{
    static abstract void Reset();

    static abstract void* Alloc(nuint size);

    static abstract bool TryAlloc(nuint size, out void* block);

    static abstract bool TryAllocZeroed(nuint size, out void* block);

    static abstract bool TryAlignedAlloc(nuint size, nuint alignment, out void* block);

    static abstract bool TryRealloc(void* block, nuint size, out void* result);

    static abstract void Free(void* block);

    static abstract nuint UsableSize(void* block);

    static abstract void Trim();

    static abstract void ReadStatistics(AllocatorStatistics* statistics);
}

/// <summary>A composition that counts what it does.</summary>
internal interface IStressedHeap : IHeapApi
{
    static abstract DebugCounters.HeapState ReadDebugCounters();
}

/// <summary><see cref="FaultHeap"/> as an argument.</summary>
internal readonly unsafe struct Faulty : IHeapApi
{
    public static void Reset() => FaultHeap.Reset();

    public static void* Alloc(nuint size) => FaultHeap.Alloc(size);

    public static bool TryAlloc(nuint size, out void* block) => FaultHeap.TryAlloc(size, out block);

    public static bool TryAllocZeroed(nuint size, out void* block) => FaultHeap.TryAllocZeroed(size, out block);

    public static bool TryAlignedAlloc(nuint size, nuint alignment, out void* block) => FaultHeap.TryAlignedAlloc(size, alignment, out block);

    public static bool TryRealloc(void* block, nuint size, out void* result) => FaultHeap.TryRealloc(block, size, out result);

    public static void Free(void* block) => FaultHeap.Free(block);

    public static nuint UsableSize(void* block) => FaultHeap.UsableSize(block);

    public static void Trim() => FaultHeap.Trim();

    public static void ReadStatistics(AllocatorStatistics* statistics) => FaultHeap.ReadStatistics(statistics);
}

/// <summary><see cref="ListFaultHeap"/> as an argument.</summary>
internal readonly unsafe struct FaultyLists : IHeapApi
{
    public static void Reset() => ListFaultHeap.Reset();

    public static void* Alloc(nuint size) => ListFaultHeap.Alloc(size);

    public static bool TryAlloc(nuint size, out void* block) => ListFaultHeap.TryAlloc(size, out block);

    public static bool TryAllocZeroed(nuint size, out void* block) => ListFaultHeap.TryAllocZeroed(size, out block);

    public static bool TryAlignedAlloc(nuint size, nuint alignment, out void* block) => ListFaultHeap.TryAlignedAlloc(size, alignment, out block);

    public static bool TryRealloc(void* block, nuint size, out void* result) => ListFaultHeap.TryRealloc(block, size, out result);

    public static void Free(void* block) => ListFaultHeap.Free(block);

    public static nuint UsableSize(void* block) => ListFaultHeap.UsableSize(block);

    public static void Trim() => ListFaultHeap.Trim();

    public static void ReadStatistics(AllocatorStatistics* statistics) => ListFaultHeap.ReadStatistics(statistics);
}

/// <summary><see cref="RangeFaultHeap"/> as an argument.</summary>
internal readonly unsafe struct FaultyRange : IHeapApi
{
    public static void Reset() => RangeFaultHeap.Reset();

    public static void* Alloc(nuint size) => RangeFaultHeap.Alloc(size);

    public static bool TryAlloc(nuint size, out void* block) => RangeFaultHeap.TryAlloc(size, out block);

    public static bool TryAllocZeroed(nuint size, out void* block) => RangeFaultHeap.TryAllocZeroed(size, out block);

    public static bool TryAlignedAlloc(nuint size, nuint alignment, out void* block) => RangeFaultHeap.TryAlignedAlloc(size, alignment, out block);

    public static bool TryRealloc(void* block, nuint size, out void* result) => RangeFaultHeap.TryRealloc(block, size, out result);

    public static void Free(void* block) => RangeFaultHeap.Free(block);

    public static nuint UsableSize(void* block) => RangeFaultHeap.UsableSize(block);

    public static void Trim() => RangeFaultHeap.Trim();

    public static void ReadStatistics(AllocatorStatistics* statistics) => RangeFaultHeap.ReadStatistics(statistics);
}

/// <summary><see cref="StressHeap"/> as an argument.</summary>
internal readonly unsafe struct Stressed : IStressedHeap
{
    public static void Reset() => StressHeap.Reset();

    public static void* Alloc(nuint size) => StressHeap.Alloc(size);

    public static bool TryAlloc(nuint size, out void* block) => StressHeap.TryAlloc(size, out block);

    public static bool TryAllocZeroed(nuint size, out void* block) => StressHeap.TryAllocZeroed(size, out block);

    public static bool TryAlignedAlloc(nuint size, nuint alignment, out void* block) => StressHeap.TryAlignedAlloc(size, alignment, out block);

    public static bool TryRealloc(void* block, nuint size, out void* result) => StressHeap.TryRealloc(block, size, out result);

    public static void Free(void* block) => StressHeap.Free(block);

    public static nuint UsableSize(void* block) => StressHeap.UsableSize(block);

    public static void Trim() => StressHeap.Trim();

    public static void ReadStatistics(AllocatorStatistics* statistics) => StressHeap.ReadStatistics(statistics);

    public static DebugCounters.HeapState ReadDebugCounters() => StressHeap.ReadDebugCounters();
}

/// <summary><see cref="ListStressHeap"/> as an argument.</summary>
internal readonly unsafe struct StressedLists : IStressedHeap
{
    public static void Reset() => ListStressHeap.Reset();

    public static void* Alloc(nuint size) => ListStressHeap.Alloc(size);

    public static bool TryAlloc(nuint size, out void* block) => ListStressHeap.TryAlloc(size, out block);

    public static bool TryAllocZeroed(nuint size, out void* block) => ListStressHeap.TryAllocZeroed(size, out block);

    public static bool TryAlignedAlloc(nuint size, nuint alignment, out void* block) => ListStressHeap.TryAlignedAlloc(size, alignment, out block);

    public static bool TryRealloc(void* block, nuint size, out void* result) => ListStressHeap.TryRealloc(block, size, out result);

    public static void Free(void* block) => ListStressHeap.Free(block);

    public static nuint UsableSize(void* block) => ListStressHeap.UsableSize(block);

    public static void Trim() => ListStressHeap.Trim();

    public static void ReadStatistics(AllocatorStatistics* statistics) => ListStressHeap.ReadStatistics(statistics);

    public static DebugCounters.HeapState ReadDebugCounters() => ListStressHeap.ReadDebugCounters();
}
