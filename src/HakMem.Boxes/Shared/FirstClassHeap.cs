using System.Runtime.InteropServices;

namespace HakMem.Boxes;

/// <summary>The numbers of one heap at one time; all sizes in bytes.</summary>
public struct HeapStatistics
{
    /// <summary>Blocks with users.</summary>
    public ulong Blocks;

    /// <summary>Their usable sizes.</summary>
    public ulong Bytes;

    /// <summary>Free blocks in the front stacks, in bytes.</summary>
    public ulong CachedBytes;
}

/// <summary>
/// Box of layer Shared: heaps that belong to no thread. Whoever holds the user lock plays the running thread; frees by others come in by the
/// remote bitmaps, sent at once. All blocks of such a heap can be given up together, at a cost of its slabs (T8), or outlive it as those of
/// an ended thread do. State: the first-class part of <see cref="ThreadHeap"/>.
/// </summary>
[Box(BoxLayer.Shared)]
public static unsafe class FirstClassHeap
{
    /// <summary>
    /// A new heap with nothing in it; null when the OS refuses. Its struct may have been another first-class heap before, so who may still be in a call of that one names the <see cref="ThreadHeap.Use"/> that it
    /// means; with 0 the present one is meant.
    /// </summary>
    public static ThreadHeap* Create<TConfig>()
        where TConfig : struct, IAllocatorConfig
    {
        ThreadHeap* heap = TConfig.TakeSpareHeap();
        if (heap == null) return null;
        if (heap->Use == 0) heap->Use = 1;
        heap->Kind = HeapKind.FirstClass;
        return heap;
    }

    /// <summary>A block of the heap, not zeroed or zeroed, at a multiple of <paramref name="alignment"/>, a power of two. Null when no memory is to be had, or the heap was released meanwhile. Any thread.</summary>
    public static void* Alloc<TConfig>(ThreadHeap* heap, nuint size, nuint alignment, bool zeroed, uint use = 0)
        where TConfig : struct, IAllocatorConfig
    {
        if (!TryEnter<TConfig>(heap, use)) return null;
        void* block = AllocLocked<TConfig>(heap, size, alignment, zeroed);
        SpinLock.Exit<TConfig>(&heap->UserLock);
        if (block != null && TConfig.Composition->Pressure == 0) return block;
        if (!TConfig.TellHost(null, block == null) || block != null) return block;
        if (!TryEnter<TConfig>(heap, use)) return null;
        block = AllocLocked<TConfig>(heap, size, alignment, zeroed);
        SpinLock.Exit<TConfig>(&heap->UserLock);
        return block;
    }

    /// <summary>Frees a block of any heap of the composition; one of this heap goes to its front. Any thread.</summary>
    public static void Free<TConfig>(ThreadHeap* heap, void* block, uint use = 0)
        where TConfig : struct, IAllocatorConfig
    {
        if (block == null) return;
        if (PageMap.ChunkOf<TConfig>(block) >= TConfig.ChunkCount || !TryEnter<TConfig>(heap, use))
        {
            TConfig.FreeSlow(null, block);
            return;
        }

        bool hit = TConfig.TryOwn(heap, block, out uint sizeClass) && TConfig.TryPushFront(heap, sizeClass, block);
        if (hit) TConfig.OnFrontPush(heap, sizeClass, block);
        else TConfig.FreeSlow(heap, block);
        SpinLock.Exit<TConfig>(&heap->UserLock);
        if (!hit) TConfig.WantScavenge();   // whoever asks may run a pass over all heaps: not while others wait for this one
    }

    /// <summary>A block of the new size in this heap with the old contents. Null when no memory is to be had; the old block is as before then. Any thread.</summary>
    public static void* Realloc<TConfig>(ThreadHeap* heap, void* block, nuint size, nuint alignment, uint use = 0)
        where TConfig : struct, IAllocatorConfig
    {
        if (block == null) return Alloc<TConfig>(heap, size, alignment, false, use);
        nuint usable = TConfig.UsableSize(block);
        bool aligned = ((nuint)block & (alignment - 1)) == 0;
        if (aligned)
        {
            void* resized = TConfig.TryResize(block, usable, size, alignment, false);
            if (resized != null)
            {
                if (usable > SizeClasses.MaxBytes && TConfig.Composition->Pressure != 0) _ = TConfig.TellHost(null, false);
                return resized;
            }
        }

        void* moved = Alloc<TConfig>(heap, size, alignment, false, use);
        if (moved == null) return aligned ? TConfig.ResizeWithoutCopy(block, usable, size, alignment) : null;
        NativeMemory.Copy(block, moved, usable < size ? usable : size);
        Free<TConfig>(heap, block, use);
        return moved;
    }

    /// <summary>T8: gives up the heap with all its blocks. Nobody may use either any more; a later free of one of its blocks ends the process as long as its memory is not used again.</summary>
    public static void Destroy<TConfig>(ThreadHeap* heap)
        where TConfig : struct, IAllocatorConfig
    {
        SpinLock.Enter<TConfig>(&heap->UserLock);   // against a pass that empties it
        TConfig.FreeAllBig(heap);
        TConfig.SendAllRemote(heap);
        SpinLock.Enter<TConfig>(&heap->Lock);
        TConfig.CollectRemote(heap);   // clears every remote bitmap that is not zero
        TConfig.RetireAllSlabs(heap);
        TConfig.FreeAllLarge(heap);
        TConfig.DrainWarm(heap);
        TConfig.DrainLarge(heap);
        SpinLock.Exit<TConfig>(&heap->Lock);
        End(heap);
        SpinLock.Exit<TConfig>(&heap->UserLock);
        TConfig.PutSpareHeap(heap);
        TConfig.WantScavenge();
    }

    /// <summary>Lets the heap go and its blocks live: they can be freed as before, and their slabs serve other heaps.</summary>
    public static void Release<TConfig>(ThreadHeap* heap)
        where TConfig : struct, IAllocatorConfig
    {
        if (!TryEnter<TConfig>(heap, 0)) return;
        SpinLock.Enter<TConfig>(&heap->Lock);
        heap->Kind = HeapKind.Thread;   // from here on its full slabs and large blocks are in no list
        heap->FullSlabs = null;
        heap->LargeBlocks = null;
        heap->LargeChunks = 0;
        SpinLock.Exit<TConfig>(&heap->Lock);
        End(heap);
        SpinLock.Exit<TConfig>(&heap->UserLock);
        TConfig.AbandonHeap(heap, true);
        TConfig.WantScavenge();
    }

    /// <summary>Gives the heap's unused memory back to the composition. Any thread.</summary>
    public static void Trim<TConfig>(ThreadHeap* heap, uint use = 0)
        where TConfig : struct, IAllocatorConfig
    {
        if (!TryEnter<TConfig>(heap, use)) return;
        TConfig.SendAllRemote(heap);
        SpinLock.Enter<TConfig>(&heap->Lock);
        TConfig.FlushAllFronts(heap);
        TConfig.CollectRemote(heap);
        TConfig.RetireEmptySlabs(heap);
        TConfig.DrainWarm(heap);
        TConfig.DrainLarge(heap);
        SpinLock.Exit<TConfig>(&heap->Lock);
        SpinLock.Exit<TConfig>(&heap->UserLock);
        TConfig.WantScavenge();
    }

    /// <summary>Adds the heap up. Exact when no other thread uses it meanwhile.</summary>
    public static void ReadStatistics<TConfig>(ThreadHeap* heap, HeapStatistics* statistics, uint use = 0)
        where TConfig : struct, IAllocatorConfig
    {
        *statistics = default;
        if (!TryEnter<TConfig>(heap, use)) return;
        SpinLock.Enter<TConfig>(&heap->Lock);
        TConfig.CollectRemote(heap);
        for (uint sizeClass = 1; sizeClass < SizeClasses.Count; sizeClass++)
        {
            ulong size = TConfig.Classes[sizeClass].SizeBytes;
            ulong cached = TConfig.CountFront(heap, sizeClass);
            ulong blocks = *ThreadHeap.Out(heap, sizeClass) - cached;
            statistics->Blocks += blocks;
            statistics->Bytes += blocks * size;
            statistics->CachedBytes += cached * size;
        }

        statistics->Blocks += heap->OwnLarge;
        statistics->Bytes += (ulong)heap->LargeChunks << Chunk.Log2;
        statistics->Blocks += (ulong)heap->BigBlocks;
        statistics->Bytes += (ulong)heap->BigBytes;
        SpinLock.Exit<TConfig>(&heap->Lock);
        SpinLock.Exit<TConfig>(&heap->UserLock);
    }

    // Takes the user lock. False without it when the heap was released while the caller waited: a thread may run on it by now, or it is first-class again for another.
    private static bool TryEnter<TConfig>(ThreadHeap* heap, uint use)
        where TConfig : struct, IAllocatorConfig
    {
        SpinLock.Enter<TConfig>(&heap->UserLock);
        if (heap->Kind == HeapKind.FirstClass && (use == 0 || use == heap->Use)) return true;
        SpinLock.Exit<TConfig>(&heap->UserLock);
        return false;
    }

    private static void End(ThreadHeap* heap)
    {
        if (++heap->Use == 0) heap->Use = 1;
    }

    private static void* AllocLocked<TConfig>(ThreadHeap* heap, nuint size, nuint alignment, bool zeroed)
        where TConfig : struct, IAllocatorConfig
    {
        void* block;
        if (alignment > 16) block = TConfig.AllocAligned(heap, size, alignment);
        else if (zeroed) block = TConfig.AllocZeroed(heap, size);
        else if (!TConfig.TryClassify(heap, size, out uint sizeClass) || !TConfig.TryPopFront(heap, sizeClass, out block)) block = TConfig.AllocSlow(heap, size);
        else TConfig.OnFrontHit(heap, sizeClass, block);
        if (block == null) return null;
        if (PageMap.ChunkOf<TConfig>(block) >= TConfig.ChunkCount) TConfig.AssignBig(block, heap);
        if (zeroed && alignment > 16) NativeMemory.Clear(block, size);
        return block;
    }
}
