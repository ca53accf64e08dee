namespace InvertedIndexSample.Indexes;

/// <summary>What an index outside the garbage-collected heap needs of an allocator; a type argument, so that every call is bound at compile time.</summary>
internal unsafe interface IUnmanagedMemory
{
    /// <summary>What tables call it.</summary>
    static abstract string Name { get; }

    /// <summary>Memory that the allocator holds now, in bytes: in use and kept for reuse.</summary>
    static abstract long HeldBytes { get; }

    static abstract void* Alloc(nuint size);

    static abstract void* AllocZeroed(nuint size);

    static abstract void* Realloc(void* block, nuint size);

    static abstract void Free(void* block);
}
