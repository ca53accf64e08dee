using System;
using System.Collections.Generic;

namespace HakMem.Tests.Model;

/// <summary>The allocator that the model is run against: HakMem, or one with a planted fault that the model must find.</summary>
internal unsafe interface IHeapSubject
{
    void* Alloc(nuint size);

    void* AllocZeroed(nuint size);

    void* AllocAligned(nuint size, nuint alignment);

    void* AllocLocal(nuint size);

    void AllocBatch(nuint size, Span<nint> blocks);

    void* Realloc(void* block, nuint size);

    void* ReallocAligned(void* block, nuint size, nuint alignment);

    void Free(void* block);

    void FreeSized(void* block, nuint size);

    void FreeLocal(void* block);

    void FreeBatch(ReadOnlySpan<nint> blocks);

    nuint UsableSize(void* block);

    nuint GoodSize(nuint size);

    void Trim();

    /// <summary>Blocks and bytes with users; exact while no other thread allocates or frees.</summary>
    HeapUse InUse();

    /// <summary>The live blocks with their usable sizes, by a walk, checked against the statistics; null when the allocator cannot be walked.</summary>
    IReadOnlyDictionary<nint, nuint>? LiveBlocks() => null;
}

/// <summary>What an allocator says is with users.</summary>
internal readonly record struct HeapUse(ulong Blocks, ulong Bytes);
