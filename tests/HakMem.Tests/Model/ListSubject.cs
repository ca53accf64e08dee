using System;
using HakMem.Boxes;

namespace HakMem.Tests.Model;

/// <summary>A composition with free lists in front, every link and every moved block checked.</summary>
[HakMemAllocator(Front = typeof(FrontList), Diagnostics = [typeof(FreelistValidation)])]
internal static unsafe partial class ListHeap
{
    /// <summary>The size that a request really gets.</summary>
    public static nuint GoodSize(nuint size) => SizeClasses.GoodSize(size);
}

/// <summary><see cref="ListHeap"/> against the model.</summary>
internal sealed unsafe class ListSubject : IHeapSubject
{
    public void* Alloc(nuint size) => ListHeap.Alloc(size);

    public void* AllocZeroed(nuint size) => ListHeap.AllocZeroed(size);

    public void* AllocAligned(nuint size, nuint alignment) => ListHeap.AlignedAlloc(size, alignment);

    public void* AllocLocal(nuint size) => ListHeap.Alloc(ListHeap.CurrentHeap(), size);

    public void AllocBatch(nuint size, Span<nint> blocks)
    {
        fixed (nint* first = blocks)
        {
            uint got = ListHeap.AllocBatch(size, (void**)first, (uint)blocks.Length);
            if (got != blocks.Length) throw new ModelViolationException($"a batch of {blocks.Length} blocks of {size} bytes gave {got}");
        }
    }

    public void* Realloc(void* block, nuint size) => ListHeap.Realloc(block, size);

    public void* ReallocAligned(void* block, nuint size, nuint alignment) => ListHeap.AlignedRealloc(block, size, alignment);

    public void Free(void* block) => ListHeap.Free(block);

    public void FreeSized(void* block, nuint size) => ListHeap.Free(block);

    public void FreeLocal(void* block) => ListHeap.Free(ListHeap.CurrentHeap(), block);

    public void FreeBatch(ReadOnlySpan<nint> blocks)
    {
        fixed (nint* first = blocks) ListHeap.FreeBatch((void**)first, (uint)blocks.Length);
    }

    public nuint UsableSize(void* block) => ListHeap.UsableSize(block);

    public nuint GoodSize(nuint size) => ListHeap.GoodSize(size);

    public void Trim() => ListHeap.Trim();

    public HeapUse InUse()
    {
        AllocatorStatistics statistics;
        ListHeap.ReadStatistics(&statistics);
        return new HeapUse(statistics.InUseBlocks, statistics.InUseBytes);
    }
}
