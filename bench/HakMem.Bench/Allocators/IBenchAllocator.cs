namespace HakMem.Bench.Allocators;

/// <summary>
/// What the harness asks of an allocator. Implementations are empty structs, so every loop is compiled once per
/// allocator and calls it without any indirection of the harness's own.
/// </summary>
internal unsafe interface IBenchAllocator
{
    static abstract void* Alloc(nuint byteCount);

    static abstract void* AllocZeroed(nuint byteCount);

    static abstract void* AlignedAlloc(nuint byteCount, nuint alignment);

    static abstract void* Realloc(void* block, nuint byteCount);

    static abstract void Free(void* block);

    static abstract void AlignedFree(void* block);

    /// <summary>The address of the last 8 bytes of a block of 8 bytes or more; <c>null</c> bends it into its ring.</summary>
    static abstract byte* LastWord(void* block, nuint byteCount);

    /// <summary>True if blocks are nobody's: contents are not kept and pages not owned.</summary>
    static virtual bool IsFloor => false;

    /// <summary>Asks for all free memory to go back to the operating system.</summary>
    /// <returns>False if there is no such call.</returns>
    static virtual bool Trim() => false;

    /// <summary>The allocator's own count of memory that may be backed, and of the heaps it has made; null if it has none.</summary>
    static virtual (long CommittedBytes, long Heaps)? Counters() => null;

    /// <summary>Called by each thread of the harness before it ends. Only <c>null</c> needs it, for its ring; real allocators find out themselves.</summary>
    static virtual void LeaveThread()
    {
    }

    /// <summary>Finds out what really serves the calls above.</summary>
    /// <returns>What was proven, for people: a library's path and version, a counter that moved.</returns>
    /// <exception cref="IdentityException">Nothing could be proven.</exception>
    static abstract string ProveIdentity();
}
