using HakMem;

namespace InvertedIndexSample.Indexes;

/// <summary>The default allocator.</summary>
internal readonly unsafe struct DefaultMemory : IUnmanagedMemory
{
    public static string Name => "HakMemory";

    public static long HeldBytes => (long)HakMemory.GetStatistics().CommittedBytes;

    public static void* Alloc(nuint size) => HakMemory.Alloc(size);

    public static void* AllocZeroed(nuint size) => HakMemory.AllocZeroed(size);

    public static void* Realloc(void* block, nuint size) => HakMemory.Realloc(block, size);

    public static void Free(void* block) => HakMemory.Free(block);
}
