namespace HakMem.Boxes;

/// <summary>Where a refill finds a slab to take blocks from, in the order in which it looks.</summary>
public enum RefillStage : uint
{
    /// <summary>The slab that the bin took from last.</summary>
    CurrentSlab,

    /// <summary>The bin's list of slabs worth visiting; every slab that a later stage found passes through it, too.</summary>
    PartialList,

    /// <summary>The same list, after blocks that other threads freed were collected.</summary>
    Inbox,

    /// <summary>The bin's list of slabs with few free blocks.</summary>
    SparseList,

    /// <summary>The heap's stash of empty slabs.</summary>
    WarmPool,

    /// <summary>The shared pool's lock-free stack of empty slabs.</summary>
    SharedStack,

    /// <summary>A partly used slab of a heap without a thread.</summary>
    Adoption,

    /// <summary>Spans of the arena, from SuperSlabs at hand or a new one.</summary>
    Arena,
}

/// <summary>Where a slow path ends before its usual end.</summary>
public enum SlowExit : uint
{
    /// <summary>A refill was served from the front stack of the home class.</summary>
    ServedByHome,

    /// <summary>A refill was served from the front stack of a larger class, whose pages were there.</summary>
    LentByLarger,

    /// <summary>A refill found no memory.</summary>
    FailedRefill,

    /// <summary>A full front stack grew, and nothing was given back to the slabs.</summary>
    GrownStack,

    /// <summary>A null pointer was freed.</summary>
    NullFree,

    /// <summary>A block outside the reserved range was freed.</summary>
    BigFree,

    /// <summary>A block of another heap was added to a word that was in the remote table.</summary>
    CombinedFree,

    /// <summary>A block of a first-class heap was sent at once, past the remote table.</summary>
    DirectFree,

    /// <summary>Blocks of a slab that had left the heap were sent on instead of put back.</summary>
    FlushedElsewhere,
}
