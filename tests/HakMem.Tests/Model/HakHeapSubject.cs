using System;
using System.Collections.Generic;
using System.Linq;
using HakMem.Tests.Heaps;

namespace HakMem.Tests.Model;

/// <summary>One heap of one's own that all threads use. Some frees are the heap's, some come from outside; its numbers and its walk must agree with the model, and those of the whole process with each other.</summary>
internal sealed unsafe class HakHeapSubject : IHeapSubject, IDisposable
{
    private readonly HakHeap _heap = new();

    public void* Alloc(nuint size) => _heap.Alloc(size);

    public void* AllocZeroed(nuint size) => _heap.AllocZeroed(size);

    public void* AllocAligned(nuint size, nuint alignment) => _heap.AlignedAlloc(size, alignment);

    public void* AllocLocal(nuint size) => _heap.TryAlloc(size, out void* block) ? block : throw new ModelViolationException($"no memory for {size} bytes");

    public void AllocBatch(nuint size, Span<nint> blocks)
    {
        foreach (ref nint block in blocks) block = (nint)_heap.Alloc(size);
    }

    public void* Realloc(void* block, nuint size) => _heap.Realloc(block, size);

    public void* ReallocAligned(void* block, nuint size, nuint alignment)
    {
        void* moved = _heap.AlignedAlloc(size, alignment);
        HakMemory.Copy(block, moved, nuint.Min(HakMemory.UsableSize(block), size));
        _heap.Free(block);
        return moved;
    }

    public void Free(void* block) => _heap.Free(block);

    public void FreeSized(void* block, nuint size) => HakMemory.Free(block, size);

    public void FreeLocal(void* block) => HakMemory.GetLocalHeap().Free(block);

    public void FreeBatch(ReadOnlySpan<nint> blocks) => HakMemory.FreeBatch(blocks);

    public nuint UsableSize(void* block) => HakMemory.UsableSize(block);

    public nuint GoodSize(nuint size) => HakMemory.GoodSize(size);

    public void Trim() => _heap.Trim();

    public HeapUse InUse()
    {
        HakHeapStatistics statistics = _heap.GetStatistics();
        return new HeapUse(statistics.Blocks, statistics.InUseBytes);
    }

    public IReadOnlyDictionary<nint, nuint> LiveBlocks()
    {
        _ = WalkTests.WalkInAgreement();
        WalkRecord walk = new();
        _heap.Walk(walk);
        Dictionary<nint, nuint> live = walk.End().Live().ToDictionary(block => block.Address, block => block.Bytes);
        HeapUse walked = new((ulong)live.Count, (ulong)live.Values.Sum(static bytes => (long)bytes));
        if (walked != InUse()) throw new ModelViolationException($"the walk of a heap finds {walked}, its statistics say {InUse()}");
        return live;
    }

    public void Dispose() => _heap.Dispose();
}
