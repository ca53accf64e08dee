using System;
using System.Collections.Generic;
using System.Linq;
using HakMem.Tests.Heaps;

namespace HakMem.Tests.Model;

/// <summary>HakMem's public API.</summary>
internal sealed unsafe class HakMemSubject : IHeapSubject
{
    public void* Alloc(nuint size) => HakMemory.Alloc(size);

    public void* AllocZeroed(nuint size) => HakMemory.AllocZeroed(size);

    public void* AllocAligned(nuint size, nuint alignment) => HakMemory.AlignedAlloc(size, alignment);

    public void* AllocLocal(nuint size) => HakMemory.GetLocalHeap().Alloc(size);

    public void AllocBatch(nuint size, Span<nint> blocks)
    {
        int got = HakMemory.AllocBatch(size, blocks);
        if (got != blocks.Length) throw new ModelViolationException($"a batch of {blocks.Length} blocks of {size} bytes gave {got}");
    }

    public void* Realloc(void* block, nuint size) => HakMemory.Realloc(block, size);

    public void* ReallocAligned(void* block, nuint size, nuint alignment) => HakMemory.AlignedRealloc(block, size, alignment);

    public void Free(void* block) => HakMemory.Free(block);

    public void FreeSized(void* block, nuint size) => HakMemory.Free(block, size);

    public void FreeLocal(void* block) => HakMemory.GetLocalHeap().Free(block);

    public void FreeBatch(ReadOnlySpan<nint> blocks) => HakMemory.FreeBatch(blocks);

    public nuint UsableSize(void* block) => HakMemory.UsableSize(block);

    public nuint GoodSize(nuint size) => HakMemory.GoodSize(size);

    public void Trim() => HakMemory.Trim();

    public HeapUse InUse()
    {
        HakMemStatistics statistics = HakMemory.GetStatistics();
        return new HeapUse(statistics.InUseBlocks, statistics.InUseBytes);
    }

    public IReadOnlyDictionary<nint, nuint> LiveBlocks() => WalkTests.WalkInAgreement().Live().ToDictionary(block => block.Address, block => block.Bytes);
}
