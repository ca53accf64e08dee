using System.Numerics;

namespace HakMem.Boxes;

/// <content>Slabs come to a bin and leave it. Under the heap's lock.</content>
public static unsafe partial class UnifiedCacheRefill
{
    /// <summary>Gives up every empty slab of the heap, the current ones too. Under the heap's lock.</summary>
    public static void RetireEmpty<TConfig>(ThreadHeap* heap)
        where TConfig : struct, IAllocatorConfig
    {
        for (uint sizeClass = 1; sizeClass < SizeClasses.Count; sizeClass++)
        {
            Bin* bin = ThreadHeap.BinOf(heap, sizeClass);
            if (bin->Empty != null)
            {
                Slab* empty = bin->Empty;
                bin->Empty = null;
                Retire<TConfig>(heap, bin, empty);
            }

            Slab* current = bin->Current;
            if (current != null && current->FreeBlocks == current->Carved)
            {
                Retire<TConfig>(heap, bin, current);
            }
        }
    }

    /// <summary>
    /// Gives up every slab of a first-class heap with all blocks in it, at a cost of the slabs. Nobody may use the heap or its blocks any more. Under the heap's lock.
    /// </summary>
    public static void RetireAll<TConfig>(ThreadHeap* heap)
        where TConfig : struct, IAllocatorConfig
    {
        for (uint sizeClass = 1; sizeClass < SizeClasses.Count; sizeClass++)
        {
            Bin* bin = ThreadHeap.BinOf(heap, sizeClass);
            TConfig.OnDiscard(heap, sizeClass);
            TConfig.ClearFront(heap, sizeClass);
            bin->Borrowed = 0;
            bin->LastMove = FrontMove.None;
            bin->Empty = null;
            if (bin->Current != null) Retire<TConfig>(heap, bin, bin->Current);
            while (bin->Partial != null) Retire<TConfig>(heap, bin, bin->Partial);
            while (bin->Sparse != null) Retire<TConfig>(heap, bin, bin->Sparse);
            *ThreadHeap.Out(heap, sizeClass) = 0;
        }

        while (heap->FullSlabs != null)
        {
            Slab* slab = heap->FullSlabs;
            heap->FullSlabs = slab->Next;
            Retire<TConfig>(heap, ThreadHeap.BinOf(heap, slab->Class), slab);
        }

        CountFresh<TConfig>(heap);
    }

    /// <summary>Takes a slab with free blocks out of a heap's bin, for another heap. False when the bin has none. Under the heap's lock.</summary>
    public static bool TryUnlink<TConfig>(ThreadHeap* heap, uint sizeClass, out Slab* slab)
        where TConfig : struct, IAllocatorConfig
    {
        Bin* bin = ThreadHeap.BinOf(heap, sizeClass);
        slab = bin->Partial != null ? bin->Partial : bin->Sparse != null ? bin->Sparse : bin->Current;
        if (slab == null || (slab->FreeBlocks == 0 && slab->Carved == slab->Blocks)) return false;
        Unlink(bin, slab);
        *ThreadHeap.Out(heap, sizeClass) -= slab->Carved - slab->FreeBlocks;
        heap->PurgedPages -= BitOperations.PopCount(slab->PurgedPages);
        return true;
    }

    // Called with the heap's lock, which is given up while slabs are looked for; false returns without it.
    private static bool TryNewSlab<TConfig>(ThreadHeap* heap, Bin* bin, uint sizeClass)
        where TConfig : struct, IAllocatorConfig
    {
        Slab* slab = null;
        if (TConfig.Classes[sizeClass].Chunks != 1 || !TConfig.TryTakeWarm(heap, out ChunkSpan span))
        {
            SpinLock.Exit<TConfig>(&heap->Lock);
            bool found = TConfig.TryPrefill(heap, sizeClass, out span, out slab);
            TConfig.PollPurge(false);
            if (!found) return false;
            SpinLock.Enter<TConfig>(&heap->Lock);
        }
        else
        {
            TConfig.OnRefillStage(heap, RefillStage.WarmPool);
        }

        if (slab == null)
        {
            if (span.Dirty && !bin->Begun) span.Dirty = !TryClean<TConfig>(span);
            slab = Slab.At<TConfig>(span.FirstChunk);
            Slab.Init<TConfig>(slab, span.FirstChunk, sizeClass, heap->Id, !span.Dirty);
            PageMap.Set<TConfig>(span.FirstChunk, span.Chunks, heap->IdShifted | sizeClass);
            if (!span.Dirty) PageArena.CountUntouched<TConfig>((long)span.Chunks << Chunk.Log2);
            TConfig.OnNewSlab(heap, slab);
        }
        else
        {
            *ThreadHeap.Out(heap, sizeClass) += slab->Carved - slab->FreeBlocks;
            heap->PurgedPages += BitOperations.PopCount(slab->PurgedPages);
        }

        bin->Begun = true;
        Link(bin, slab, SlabPlace.Partial);
        return true;
    }

    private static bool TryClean<TConfig>(ChunkSpan span)
        where TConfig : struct, IAllocatorConfig
    {
        if (IsToStay(TConfig.Composition)) return false;
        if (!TConfig.OsPurge(PageMap.Address<TConfig>(span.FirstChunk), (nuint)span.Chunks << Chunk.Log2)) return false;
        TConfig.ForgetSpan(span.FirstChunk, span.Chunks);   // some of it may have been cleared
        return true;
    }

    // T5: empty is every carved block free; only then is the slab unlinked, taken out of the page map, and given up.
    private static void Retire<TConfig>(ThreadHeap* heap, Bin* bin, Slab* slab)
        where TConfig : struct, IAllocatorConfig
    {
        Unlink(bin, slab);
        long purged = BitOperations.PopCount(slab->PurgedPages);
        heap->PurgedPages -= purged;
        TConfig.OnRetireSlab(heap, slab);
        SizeClass* info = TConfig.Classes + slab->Class;
        ChunkSpan span;
        span.FirstChunk = slab->FirstChunk;
        span.Chunks = info->Chunks;
        PageMap.Set<TConfig>(span.FirstChunk, span.Chunks, 0);
        nuint bytes = (nuint)span.Chunks << Chunk.Log2, cut = slab->Zeroed ? (nuint)slab->Carved * info->SizeBytes : bytes;
        PageArena.CountUntouched<TConfig>(-((purged * (long)Chunk.OsPageBytes) + (long)(bytes - cut)));

        // Behind the last block that was cut nothing was touched: not to be taken for used memory by whoever looks for that.
        uint used = (uint)((cut + Chunk.Bytes - 1) >> Chunk.Log2);
        span.Dirty = used != 0;
        if (span.Chunks == 1)
        {
            if (!TConfig.TryPutWarm(heap, span)) TConfig.ReleaseSlab(span.FirstChunk, span.Dirty);
            return;
        }

        if (used != 0) TConfig.ReturnSpan(span.FirstChunk, used, true);
        if (used != span.Chunks) TConfig.ReturnSpan(span.FirstChunk + used, span.Chunks - used, false);
    }
}
