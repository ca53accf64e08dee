namespace HakMem.Boxes.Tests;

/// <summary>What begins and ends a test of an isolated composition.</summary>
internal unsafe interface IIsolatedHeap
{
    static abstract void Reset();

    static abstract void ReadStatistics(AllocatorStatistics* statistics);
}

/// <summary>What a test calls of a composition, so that it runs over any.</summary>
internal unsafe interface IHeapApi : IIsolatedHeap
{
    static abstract void* Alloc(nuint size);

    static abstract bool TryAlloc(nuint size, out void* block);

    static abstract bool TryAllocZeroed(nuint size, out void* block);

    static abstract bool TryAlignedAlloc(nuint size, nuint alignment, out void* block);

    static abstract bool TryRealloc(void* block, nuint size, out void* result);

    static abstract void Free(void* block);

    static abstract nuint UsableSize(void* block);

    static abstract void Trim();
}

/// <summary>The rest of a composition's calls that need memory.</summary>
internal unsafe interface IFaultyHeap : IHeapApi
{
    static abstract bool TryAlignedRealloc(void* block, nuint size, nuint alignment, out void* result);

    static abstract uint AllocBatch(nuint size, void** blocks, uint count);

    static abstract void FreeBatch(void** blocks, uint count);

    static abstract ThreadHeap* CurrentHeap();

    static abstract void* Alloc(ThreadHeap* heap, nuint size);

    static abstract void Free(ThreadHeap* heap, void* block);
}

/// <summary>A composition that counts what it does.</summary>
internal interface IStressedHeap : IHeapApi
{
    static abstract DebugCounters.HeapState ReadDebugCounters();

    static abstract unsafe ThreadHeap* CurrentHeap();
}

/// <summary><see cref="FaultHeap"/> as an argument.</summary>
internal readonly unsafe struct Faulty : IFaultyHeap
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

    public static bool TryAlignedRealloc(void* block, nuint size, nuint alignment, out void* result) => FaultHeap.TryAlignedRealloc(block, size, alignment, out result);

    public static uint AllocBatch(nuint size, void** blocks, uint count) => FaultHeap.AllocBatch(size, blocks, count);

    public static void FreeBatch(void** blocks, uint count) => FaultHeap.FreeBatch(blocks, count);

    public static ThreadHeap* CurrentHeap() => FaultHeap.CurrentHeap();

    public static void* Alloc(ThreadHeap* heap, nuint size) => FaultHeap.Alloc(heap, size);

    public static void Free(ThreadHeap* heap, void* block) => FaultHeap.Free(heap, block);

    public static void ReadStatistics(AllocatorStatistics* statistics) => FaultHeap.ReadStatistics(statistics);
}

/// <summary><see cref="ListFaultHeap"/> as an argument.</summary>
internal readonly unsafe struct FaultyLists : IFaultyHeap
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

    public static bool TryAlignedRealloc(void* block, nuint size, nuint alignment, out void* result) => ListFaultHeap.TryAlignedRealloc(block, size, alignment, out result);

    public static uint AllocBatch(nuint size, void** blocks, uint count) => ListFaultHeap.AllocBatch(size, blocks, count);

    public static void FreeBatch(void** blocks, uint count) => ListFaultHeap.FreeBatch(blocks, count);

    public static ThreadHeap* CurrentHeap() => ListFaultHeap.CurrentHeap();

    public static void* Alloc(ThreadHeap* heap, nuint size) => ListFaultHeap.Alloc(heap, size);

    public static void Free(ThreadHeap* heap, void* block) => ListFaultHeap.Free(heap, block);

    public static void ReadStatistics(AllocatorStatistics* statistics) => ListFaultHeap.ReadStatistics(statistics);
}

/// <summary><see cref="RangeFaultHeap"/> as an argument.</summary>
internal readonly unsafe struct FaultyRange : IFaultyHeap
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

    public static bool TryAlignedRealloc(void* block, nuint size, nuint alignment, out void* result) => RangeFaultHeap.TryAlignedRealloc(block, size, alignment, out result);

    public static uint AllocBatch(nuint size, void** blocks, uint count) => RangeFaultHeap.AllocBatch(size, blocks, count);

    public static void FreeBatch(void** blocks, uint count) => RangeFaultHeap.FreeBatch(blocks, count);

    public static ThreadHeap* CurrentHeap() => RangeFaultHeap.CurrentHeap();

    public static void* Alloc(ThreadHeap* heap, nuint size) => RangeFaultHeap.Alloc(heap, size);

    public static void Free(ThreadHeap* heap, void* block) => RangeFaultHeap.Free(heap, block);

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

    public static ThreadHeap* CurrentHeap() => StressHeap.CurrentHeap();
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

    public static ThreadHeap* CurrentHeap() => ListStressHeap.CurrentHeap();
}
