namespace HakMem.Boxes;

/// <summary>
/// Box of layer Local, another choice for the slot BigCache: no block has a mapping of its own. What the composition's SuperSlabs cannot serve, above 2 MiB always, is
/// refused, so that with <see cref="FixedRange"/> nothing passes the budget. Pointers that belong to others are told as everywhere. No state.
/// </summary>
[Box(BoxLayer.Local, Traits = BoxTraits.ConcurrencySafe)]
public static unsafe class NoBigBlocks
{
    /// <summary>Null.</summary>
    public static void* Alloc<TConfig>(nuint size, nuint alignment, bool zeroed)
        where TConfig : struct, IAllocatorConfig
    {
        _ = size;
        _ = alignment;
        _ = zeroed;
        return null;
    }

    /// <summary>Ends the process: the address is no block, or another composition's.</summary>
    public static void Free<TConfig>(void* block)
        where TConfig : struct, IAllocatorConfig
        => BigCache.Free<TConfig>(block);

    /// <summary>Ends the process: the address is no block, or another composition's.</summary>
    public static nuint UsableSize<TConfig>(void* block)
        where TConfig : struct, IAllocatorConfig
        => BigCache.UsableSize<TConfig>(block);

    /// <summary>Null: there is nothing to resize.</summary>
    public static void* TryResize<TConfig>(void* block, nuint size)
        where TConfig : struct, IAllocatorConfig
    {
        _ = block;
        _ = size;
        return null;
    }

    /// <summary>Does nothing: there is no such block.</summary>
    public static void Assign<TConfig>(void* block, ThreadHeap* heap)
        where TConfig : struct, IAllocatorConfig
    {
        _ = block;
        _ = heap;
    }

    /// <summary>Does nothing: there is no such block.</summary>
    public static void FreeAll<TConfig>(ThreadHeap* heap)
        where TConfig : struct, IAllocatorConfig
        => _ = heap;

    /// <summary>Does nothing: nothing is cached.</summary>
    public static void Drain<TConfig>(bool all)
        where TConfig : struct, IAllocatorConfig
        => _ = all;
}
