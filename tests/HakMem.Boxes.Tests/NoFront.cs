namespace HakMem.Boxes.Tests;

/// <summary>The least that a front must do.</summary>
[Box(BoxLayer.Local)]
internal static unsafe class NoFront
{
    /// <summary>Where a refill writes the one block that it may.</summary>
    public struct HeapState
    {
        public ulong Block;
    }

    public static uint LinkBytes() => 0;

    public static void Attach<TConfig>(ThreadHeap* heap)
        where TConfig : struct, IAllocatorConfig
    {
    }

    public static bool TryPop<TConfig>(ThreadHeap* heap, uint sizeClass, out void* block)
        where TConfig : struct, IAllocatorConfig
    {
        block = null;
        return false;
    }

    public static bool TryPush<TConfig>(ThreadHeap* heap, uint sizeClass, void* block)
        where TConfig : struct, IAllocatorConfig
        => false;

    public static bool TryGrow<TConfig>(ThreadHeap* heap, uint sizeClass)
        where TConfig : struct, IAllocatorConfig
        => false;

    public static bool IsShort<TConfig>(ThreadHeap* heap)
        where TConfig : struct, IAllocatorConfig
        => false;

    public static uint NextGrown<TConfig>(ThreadHeap* heap)
        where TConfig : struct, IAllocatorConfig
        => 0;

    public static void Shrink<TConfig>(ThreadHeap* heap, uint sizeClass)
        where TConfig : struct, IAllocatorConfig
    {
    }

    public static uint Count<TConfig>(ThreadHeap* heap, uint sizeClass)
        where TConfig : struct, IAllocatorConfig
        => 0;

    public static void** Offer<TConfig>(ThreadHeap* heap, uint sizeClass, out uint want)
        where TConfig : struct, IAllocatorConfig
    {
        want = 1;
        return (void**)&((HeapState*)TConfig.FrontOf(heap))->Block;
    }

    public static void* Accept<TConfig>(ThreadHeap* heap, uint sizeClass, uint count)
        where TConfig : struct, IAllocatorConfig
        => (void*)((HeapState*)TConfig.FrontOf(heap))->Block;

    public static void** Oldest<TConfig>(ThreadHeap* heap, uint sizeClass, uint count)
        where TConfig : struct, IAllocatorConfig
        => (void**)&((HeapState*)TConfig.FrontOf(heap))->Block;

    public static void DropOldest<TConfig>(ThreadHeap* heap, uint sizeClass, uint count)
        where TConfig : struct, IAllocatorConfig
    {
    }

    public static void Clear<TConfig>(ThreadHeap* heap, uint sizeClass)
        where TConfig : struct, IAllocatorConfig
    {
    }

    public static uint CopyTo<TConfig>(ThreadHeap* heap, uint sizeClass, void** blocks, uint room)
        where TConfig : struct, IAllocatorConfig
        => 0;
}
