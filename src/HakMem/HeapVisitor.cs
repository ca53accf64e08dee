namespace HakMem;

/// <summary>What a block is to its heap.</summary>
public enum BlockState
{
    /// <summary>With a user.</summary>
    Live,

    /// <summary>Free, in a front stack.</summary>
    Cached,

    /// <summary>Freed by another thread, on its way to its heap.</summary>
    RemotePending,

    /// <summary>Free in its slab.</summary>
    Free,
}

/// <summary>A heap that a walk found.</summary>
/// <param name="Id">Its id.</param>
/// <param name="IsFirstClass">Whether it is a <see cref="HakHeap"/>.</param>
/// <param name="HasThread">Whether a thread runs on it, or ran and nobody has noticed its end.</param>
/// <param name="PurgedBytes">Bytes given back inside its slabs.</param>
public readonly record struct HeapInfo(uint Id, bool IsFirstClass, bool HasThread, nuint PurgedBytes);

/// <summary>A slab that a walk found.</summary>
/// <param name="Address">Its first byte.</param>
/// <param name="Bytes">Its size in bytes.</param>
/// <param name="BlockBytes">The size of its blocks.</param>
/// <param name="Blocks">How many it has room for.</param>
/// <param name="CutBlocks">How many were ever handed out.</param>
/// <param name="FreeBlocks">How many of these are free in the slab.</param>
/// <param name="HeapId">The heap it belongs to.</param>
public readonly record struct SlabInfo(nint Address, nuint Bytes, nuint BlockBytes, uint Blocks, uint CutBlocks, uint FreeBlocks, uint HeapId);

/// <summary>A block that a walk found.</summary>
/// <param name="Address">The block.</param>
/// <param name="Bytes">Its usable size in bytes.</param>
/// <param name="State">What it is to its heap.</param>
/// <param name="HeapId">The heap it belongs to; for large and big blocks outside a <see cref="HakHeap"/> the allocator's own id.</param>
public readonly record struct BlockInfo(nint Address, nuint Bytes, BlockState State, uint HeapId);

/// <summary>
/// Receives what <see cref="HakMemory.Walk"/> finds: first every heap, then slab by slab in ascending order of address, each followed by its blocks, then big
/// blocks in ascending order of address. No lock is held during a call: it may allocate and free, and what is there all the time is visited once.
/// </summary>
public interface IHeapVisitor
{
    /// <summary>A heap.</summary>
    /// <param name="heap">What it is.</param>
    void VisitHeap(in HeapInfo heap);

    /// <summary>A slab; its blocks follow.</summary>
    /// <param name="slab">What it is.</param>
    void VisitSlab(in SlabInfo slab);

    /// <summary>A block that was handed out at least once since its slab was cut, or a large or big block.</summary>
    /// <param name="block">What it is.</param>
    void VisitBlock(in BlockInfo block);
}
