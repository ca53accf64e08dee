using HakMem.Boxes;

namespace InvertedIndexSample.Indexes;

/// <summary>The allocator that this program declares.</summary>
internal readonly unsafe struct ComposedMemory : IUnmanagedMemory
{
    public static string Name => "IndexHeap";

    public static long HeldBytes
    {
        get
        {
            AllocatorStatistics statistics;
            IndexHeap.ReadStatistics(&statistics);
            return (long)statistics.CommittedBytes;
        }
    }

    public static void* Alloc(nuint size) => IndexHeap.Alloc(size);

    public static void* AllocZeroed(nuint size) => IndexHeap.AllocZeroed(size);

    public static void* Realloc(void* block, nuint size) => IndexHeap.Realloc(block, size);

    public static void Free(void* block) => IndexHeap.Free(block);
}
