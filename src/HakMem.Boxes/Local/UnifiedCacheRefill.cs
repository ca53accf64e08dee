using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Threading;

namespace HakMem.Boxes;

/// <summary>
/// Box of layer Local: moves blocks in batches between the front stacks and the slabs' bitmaps, a word at a time, and keeps the bins'
/// slab lists. Refill and flush are called by the running thread; what touches slabs is done under the heap's lock (T1), one
/// uncontended compare-and-swap for a batch. Keeps invariants 1, 2, 3 and 5; calls the warm pool, the prefill, the shared pool, remote frees.
/// </summary>
[Box(BoxLayer.Local)]
public static unsafe partial class UnifiedCacheRefill
{
    private const uint SlabsPerRefill = 8;

    /// <summary>
    /// Fills an empty front stack with half its capacity and returns one block more. Null when no memory is to be had.
    /// The first blocks of a bin without a slab come from the next power-of-two class, so that small programs touch few pages.
    /// </summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void* Refill<TConfig>(ThreadHeap* heap, uint sizeClass)
        where TConfig : struct, IAllocatorConfig
    {
        TConfig.OnFrontMiss(heap, sizeClass);
        Bin* bin = ThreadHeap.BinOf(heap, sizeClass);
        uint home = TConfig.Classes[sizeClass].Home;
        if (bin->Borrowed < TConfig.Classes[sizeClass].Lent && bin->Current == null && bin->Partial == null && bin->Sparse == null)
        {
            bin->Borrowed++;
            sizeClass = home;
            bin = ThreadHeap.BinOf(heap, sizeClass);
            if (TConfig.TryPopFront(heap, sizeClass, out void* lent))
            {
                TConfig.OnSlowExit(heap, SlowExit.ServedByHome);
                TConfig.OnMissServed(heap, sizeClass, lent);
                return lent;
            }
        }

        if (bin->LastMove == FrontMove.Refilled) _ = TConfig.TryGrowFront(heap, sizeClass);
        bin->LastMove = FrontMove.Refilled;
        void** slots = TConfig.OfferFront(heap, sizeClass, out uint want);
        SpinLock.Enter<TConfig>(&heap->Lock);
        TConfig.OnSlowEntry(heap, sizeClass);
        uint got = Fill<TConfig>(heap, bin, sizeClass, slots, want);
        while (got == 0)
        {
            if (!TryNewSlab<TConfig>(heap, bin, sizeClass))   // the lock is given back
            {
                TConfig.OnSlowExit(heap, SlowExit.FailedRefill);
                return null;
            }

            got = Fill<TConfig>(heap, bin, sizeClass, slots, want);
        }

        heap->Moves++;
        TConfig.OnRefill(heap, sizeClass, got);
        SpinLock.Exit<TConfig>(&heap->Lock);
        void* block = TConfig.AcceptFront(heap, sizeClass, got);
        TConfig.OnMissServed(heap, sizeClass, block);
        return block;
    }

    /// <summary>
    /// Takes one fresh block that is known to be zero, if the bin's current slab has nothing but fresh blocks and its front is empty.
    /// </summary>
    public static bool TryCarveZeroed<TConfig>(ThreadHeap* heap, uint sizeClass, out void* block)
        where TConfig : struct, IAllocatorConfig
    {
        Bin* bin = ThreadHeap.BinOf(heap, sizeClass);
        block = null;
        if (TConfig.CountFront(heap, sizeClass) != 0) return false;
        SpinLock.Enter<TConfig>(&heap->Lock);
        Slab* slab = bin->Current;
        if (slab != null && slab->Zeroed && slab->FreeBlocks == 0 && slab->Carved < slab->Blocks)
        {
            block = slab->Start + ((nuint)slab->Carved * TConfig.Classes[sizeClass].SizeBytes);
            slab->Carved++;
            ++*ThreadHeap.Out(heap, sizeClass);
            TConfig.OnCarveZeroed(heap, slab, block);
        }

        SpinLock.Exit<TConfig>(&heap->Lock);
        return block != null;
    }

    /// <summary>Makes room in a full front stack, by growing it or by giving the older three quarters back to the slabs, and puts the block on top.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void Flush<TConfig>(ThreadHeap* heap, uint sizeClass, void* block)
        where TConfig : struct, IAllocatorConfig
    {
        Bin* bin = ThreadHeap.BinOf(heap, sizeClass);
        bool again = bin->LastMove == FrontMove.Flushed;
        bin->LastMove = FrontMove.Flushed;
        if (!again || !TConfig.TryGrowFront(heap, sizeClass))
        {
            uint count = TConfig.CountFront(heap, sizeClass);
            uint given = count - (count / 4);   // the quarter that stays is what has to be moved down
            void** oldest = TConfig.OldestOfFront(heap, sizeClass, given);
            SpinLock.Enter<TConfig>(&heap->Lock);
            TConfig.OnSlowEntry(heap, sizeClass);
            GiveBack<TConfig>(heap, sizeClass, oldest, given);
            heap->Moves++;
            TConfig.OnFlush(heap, sizeClass, given);
            SpinLock.Exit<TConfig>(&heap->Lock);
            TConfig.DropOldestOfFront(heap, sizeClass, given);
        }
        else
        {
            TConfig.OnSlowExit(heap, SlowExit.GrownStack);
        }

        _ = TConfig.TryPushFront(heap, sizeClass, block);
        TConfig.OnFlushPush(heap, sizeClass, block);
        TConfig.WantScavenge();
    }

    /// <summary>Gives everything in the front stacks back to the slabs. By the running thread, or for an ended one. Under the heap's lock.</summary>
    public static void FlushAll<TConfig>(ThreadHeap* heap)
        where TConfig : struct, IAllocatorConfig
    {
        for (uint sizeClass = 1; sizeClass < SizeClasses.Count; sizeClass++)
        {
            Bin* bin = ThreadHeap.BinOf(heap, sizeClass);
            uint count = TConfig.CountFront(heap, sizeClass);
            if (count != 0)
            {
                GiveBack<TConfig>(heap, sizeClass, TConfig.OldestOfFront(heap, sizeClass, count), count);
                TConfig.DropOldestOfFront(heap, sizeClass, count);
                TConfig.OnFlush(heap, sizeClass, count);
            }

            TConfig.ShrinkFront(heap, sizeClass);
            bin->LastMove = FrontMove.None;
            bin->Borrowed = 0;
        }
    }

    /// <summary>
    /// Sets free bits of one word of a slab of this heap, and lists, keeps or retires the slab as it now deserves. Ends the process when
    /// a bit is set already or was never handed out. The heap's count of blocks out is the caller's. Under the heap's lock.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Merge<TConfig>(ThreadHeap* heap, Slab* slab, uint word, ulong bits)
        where TConfig : struct, IAllocatorConfig
    {
        ulong before = slab->Bits[word];
        uint last = (word << 6) + (uint)BitOperations.Log2(bits);
        if ((before & bits) != 0 || last >= slab->Carved)
        {
            MergeFault<TConfig>(slab, word, bits);
            return;
        }

        slab->Bits[word] = before | bits;
        slab->FreeBlocks += (uint)BitOperations.PopCount(bits);
        if (word < slab->Hint) slab->Hint = (ushort)word;
        if (slab->Place == SlabPlace.Current || (slab->Place == SlabPlace.Partial && slab->FreeBlocks != slab->Carved)) return;
        Settle<TConfig>(heap, slab);
    }

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

    private static uint Fill<TConfig>(ThreadHeap* heap, Bin* bin, uint sizeClass, void** slots, uint want)
        where TConfig : struct, IAllocatorConfig
    {
        // Slots are written from the top down, so that blocks are popped in ascending order of address.
        void** high = slots + want;
        void** at = high;
        bool collected = false;
        TConfig.OnFill(heap, bin);
        for (uint visited = 0; visited < SlabsPerRefill;)
        {
            Slab* slab = bin->Current;
            if (slab == null)
            {
                slab = bin->Partial;
                if (slab == null && !collected && Volatile.Read(ref heap->Inbox) != 0)
                {
                    collected = true;
                    TConfig.CollectRemote(heap);
                    slab = bin->Partial;
                }

                if (slab == null) slab = bin->Sparse;
                if (slab == null) break;
                TConfig.OnFillFrom(heap, slab, collected);
                Unlink(bin, slab);
                slab->Place = SlabPlace.Current;
                bin->Current = slab;
                visited++;
            }

            at = TakeFree<TConfig>(heap, slab, sizeClass, slots, at);
            at = Carve<TConfig>(heap, slab, sizeClass, slots, at);
            if (at == slots) break;
            slab->Place = SlabPlace.Full;
            bin->Current = null;
            if (heap->Kind == HeapKind.FirstClass) Push(&heap->FullSlabs, slab);
        }

        uint got = (uint)(high - at);
        if (at != slots)
        {
            NativeMemory.Copy(at, slots, got * (nuint)sizeof(void*));
        }

        *ThreadHeap.Out(heap, sizeClass) += got;
        return got;
    }

    private static void** TakeFree<TConfig>(ThreadHeap* heap, Slab* slab, uint sizeClass, void** bottom, void** at)
        where TConfig : struct, IAllocatorConfig
    {
        if (slab->FreeBlocks == 0) return at;
        SizeClass* info = TConfig.Classes + sizeClass;
        nuint size = info->SizeBytes;
        uint words = info->Words, word = slab->Hint;
        void** start = at;
        for (; word < words && at != bottom; word++)
        {
            ulong bits = slab->Bits[word];
            if (bits == 0) continue;
            byte* first = slab->Start + ((nuint)word * 64 * size);
            do
            {
                byte* block = first + ((nuint)(uint)BitOperations.TrailingZeroCount(bits) * size);
                bits &= bits - 1;
                TConfig.OnRefillBlock(heap, slab, block, false);
                *--at = block;
            }
            while (bits != 0 && at != bottom);
            slab->Bits[word] = bits;
            if (slab->PurgedPages != 0) ForgetPurged<TConfig>(heap, slab, first, 64 * size);
            if (bits != 0) break;
        }

        slab->Stage = 0;
        slab->Hint = (ushort)word;
        slab->FreeBlocks -= (uint)(start - at);
        return at;
    }

    private static void** Carve<TConfig>(ThreadHeap* heap, Slab* slab, uint sizeClass, void** bottom, void** at)
        where TConfig : struct, IAllocatorConfig
    {
        uint count = slab->Blocks - slab->Carved;
        if (count > (uint)(at - bottom)) count = (uint)(at - bottom);
        nuint size = TConfig.Classes[sizeClass].SizeBytes;
        byte* block = slab->Start + (slab->Carved * size);
        slab->Carved += count;
        for (; count != 0; count--, block += size)
        {
            TConfig.OnRefillBlock(heap, slab, block, true);
            *--at = block;
        }

        return at;
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
            slab = Slab.At<TConfig>(span.FirstChunk);
            Slab.Init<TConfig>(slab, span.FirstChunk, sizeClass, heap->Id, !span.Dirty);
            PageMap.Set<TConfig>(span.FirstChunk, span.Chunks, heap->IdShifted | sizeClass);
            TConfig.OnNewSlab(heap, slab);
        }
        else
        {
            *ThreadHeap.Out(heap, sizeClass) += slab->Carved - slab->FreeBlocks;
            heap->PurgedPages += BitOperations.PopCount(slab->PurgedPages);
        }

        Link(bin, slab, SlabPlace.Partial);
        return true;
    }

    // Neighbours that fall into one word of a bitmap are combined before the slab is touched.
    private static void GiveBack<TConfig>(ThreadHeap* heap, uint sizeClass, void** from, uint count)
        where TConfig : struct, IAllocatorConfig
    {
        SizeClass* info = TConfig.Classes + sizeClass;
        void** end = from + count;
        *ThreadHeap.Out(heap, sizeClass) -= count;
        nuint place = ~(nuint)0;
        ulong bits = 0;
        do
        {
            void* block = *from;
            if (!TryPlace<TConfig>(info, block, out nuint next, out ulong bit))
            {
                Fatal.Stop<TConfig>(FatalReason.InteriorPointer, block);
                return;
            }

            TConfig.OnFlushBlock(heap, Slab.At<TConfig>(next >> 6), block);
            if (next == place && (bits & bit) == 0)
            {
                bits |= bit;
            }
            else
            {
                if (bits != 0) Put<TConfig>(heap, sizeClass, place, bits);   // a block that is in the stack twice is found by the second of its puts
                place = next;
                bits = bit;
            }
        }
        while (++from != end);
        Put<TConfig>(heap, sizeClass, place, bits);
    }

    // Where a block's bit is: the slab's first chunk and the word of its bitmap in one number, and the bit. False for an address inside a block.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool TryPlace<TConfig>(SizeClass* info, void* block, out nuint place, out ulong bit)
        where TConfig : struct, IAllocatorConfig
    {
        nuint offset = (nuint)block - (nuint)TConfig.Base;
        nuint mask = info->SlabMask;
        bool exact = Slab.IndexOf(info, offset & mask, out uint index);
        place = ((offset & ~mask) >> (Chunk.Log2 - 6)) | (index >> 6);
        bit = 1UL << (int)(index & 63);
        return exact;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void MergeFault<TConfig>(Slab* slab, uint word, ulong bits)
        where TConfig : struct, IAllocatorConfig
    {
        ulong twice = slab->Bits[word] & bits;
        if (twice != 0) Fatal.Stop<TConfig>(FatalReason.DoubleFree, Slab.BlockAt<TConfig>(slab, slab->Class, word, twice));
        else Fatal.Stop<TConfig>(FatalReason.NotAllocated, Slab.BlockAt<TConfig>(slab, slab->Class, word, bits));
    }

    // Puts a slab that gained free blocks where it belongs: into a list, into a better list, or away.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Settle<TConfig>(ThreadHeap* heap, Slab* slab)
        where TConfig : struct, IAllocatorConfig
    {
        if (slab->Place == SlabPlace.Adrift) return;   // listed when it arrives
        Bin* bin = ThreadHeap.BinOf(heap, slab->Class);
        if (slab->Place != SlabPlace.Partial)
        {
            bool worth = slab->FreeBlocks >= TConfig.Classes[slab->Class].ListAt;
            if (slab->Place == SlabPlace.Full)
            {
                if (heap->Kind == HeapKind.FirstClass) Remove(&heap->FullSlabs, slab);
                Link(bin, slab, worth ? SlabPlace.Partial : SlabPlace.Sparse);
            }
            else if (worth) Relink(bin, slab, SlabPlace.Partial);
        }

        if (slab->FreeBlocks != slab->Carved) return;
        if (bin->Empty == null) bin->Empty = slab;
        else if (bin->Empty != slab) Retire<TConfig>(heap, bin, slab);
    }

    // Every call is in tail position, so the usual way saves no register.
    private static void Put<TConfig>(ThreadHeap* heap, uint sizeClass, nuint place, ulong bits)
        where TConfig : struct, IAllocatorConfig
    {
        Slab* slab = Slab.At<TConfig>(place >> 6);
        if (PageMap.Get<TConfig>(place >> 6) == (heap->IdShifted | sizeClass)) Merge<TConfig>(heap, slab, (uint)place & 63, bits);
        else PutElsewhere<TConfig>(heap, sizeClass, place, bits);
    }

    // The slab left this heap while its blocks were in the stack: it migrated (T6), or a block was freed twice and the slab is gone.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void PutElsewhere<TConfig>(ThreadHeap* heap, uint sizeClass, nuint place, ulong bits)
        where TConfig : struct, IAllocatorConfig
    {
        Slab* slab = Slab.At<TConfig>(place >> 6);
        uint word = (uint)place & 63;
        uint entry = PageMap.Get<TConfig>(place >> 6);
        if ((byte)entry != sizeClass || TConfig.Space->CompositionOf[entry >> 8] != TConfig.Composition->Id)
        {
            Fatal.Stop<TConfig>(FatalReason.DoubleFree, Slab.BlockAt<TConfig>(slab, sizeClass, word, bits));   // the slab may be another class's by now
        }

        TConfig.OnSlowExit(heap, SlowExit.FlushedElsewhere);
        TConfig.SendRemote(slab, word, bits);
        *ThreadHeap.Out(heap, sizeClass) += (uint)BitOperations.PopCount(bits);   // they were out of a slab of that heap, not of this one
    }

    // T5: empty is every carved block free; only then is the slab unlinked, taken out of the page map, and given up.
    private static void Retire<TConfig>(ThreadHeap* heap, Bin* bin, Slab* slab)
        where TConfig : struct, IAllocatorConfig
    {
        Unlink(bin, slab);
        heap->PurgedPages -= BitOperations.PopCount(slab->PurgedPages);
        TConfig.OnRetireSlab(heap, slab);
        ChunkSpan span;
        span.FirstChunk = slab->FirstChunk;
        span.Chunks = TConfig.Classes[slab->Class].Chunks;
        span.Dirty = slab->Carved != 0 || !slab->Zeroed;
        PageMap.Set<TConfig>(span.FirstChunk, span.Chunks, 0);
        if (span.Chunks != 1 || !TConfig.TryPutWarm(heap, span)) TConfig.ReleaseSlab(span.FirstChunk, span.Chunks, span.Dirty);
    }
}
