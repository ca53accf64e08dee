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
    private const uint MovesToLook = 64;
    private const uint StacksPerLook = 8;
    private const ulong ThriftyBytes = 256 << 10;   // of a class, in use in a heap: beyond, fresh blocks side by side are worth more than the pages of used ones
    private const ulong BorrowAnewBytes = 128 << 10;   // of the home class, in use in a heap: up to so many, its next thread borrows anew

    /// <summary>
    /// Fills an empty front stack with half its capacity and returns one block more. Null when no memory is to be had.
    /// The first blocks of a bin without a slab come from its home class, so that small programs touch few pages. A bin of blocks above a page that has no used ones may take one
    /// of one of the four larger classes instead of a fresh one before that, for the size <paramref name="lentFor"/>, while the heap has little of such sizes in use; 0: of its own class only, as an aligned block must be.
    /// </summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void* Refill<TConfig>(ThreadHeap* heap, uint sizeClass, uint lentFor)
        where TConfig : struct, IAllocatorConfig
    {
        TConfig.OnFrontMiss(heap, sizeClass);
        heap->FlushedClass = heap->GuessedClass = 0;
        Bin* bin = ThreadHeap.BinOf(heap, sizeClass);
        SizeClass* info = TConfig.Classes + sizeClass;
        bool borrows = bin->Borrowed < info->Lent && bin->Current == null && bin->Partial == null && bin->Sparse == null;
        if (borrows && sizeClass < SizeClasses.FirstAbovePage)
        {
            bin->Borrowed++;
            sizeClass = info->Home;
            bin = ThreadHeap.BinOf(heap, sizeClass);
            if (TConfig.TryPopFront(heap, sizeClass, out void* lent))
            {
                TConfig.OnSlowExit(heap, SlowExit.ServedByHome);
                TConfig.OnMissServed(heap, sizeClass, lent);
                return lent;
            }
        }

        if (bin->LastMove == FrontMove.Refilled && !TConfig.TryGrowFront(heap, sizeClass)) MakeRoom<TConfig>(heap, sizeClass);
        bin->LastMove = FrontMove.Refilled;
        void** slots = TConfig.OfferFront(heap, sizeClass, out uint want);
        SpinLock.Enter<TConfig>(&heap->Lock);
        TConfig.OnSlowEntry(heap, sizeClass);
        uint lender = lentFor != 0 ? LenderOf<TConfig>(heap, sizeClass, lentFor, borrows) : 0;
        if (lender != 0)
        {
            bin->LastMove = FrontMove.None;   // nothing came into this stack, so the next miss is none that follows another
            sizeClass = lender;
            bin = ThreadHeap.BinOf(heap, sizeClass);
            TConfig.OnSlowEntry(heap, sizeClass);
            if (TConfig.TryPopFront(heap, sizeClass, out void* used))
            {
                SpinLock.Exit<TConfig>(&heap->Lock);
                TConfig.OnSlowExit(heap, SlowExit.LentByLarger);
                TConfig.OnMissServed(heap, sizeClass, used);
                return used;
            }

            bin->LastMove = FrontMove.Refilled;
            slots = TConfig.OfferFront(heap, sizeClass, out want);
        }

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
        void* first = TConfig.AcceptFront(heap, sizeClass, got);
        TConfig.OnMissServed(heap, sizeClass, first);
        if (heap->FreshBytes >= Chunk.Bytes) Exchange<TConfig>(heap);
        return first;
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
            heap->FreshBytes += TConfig.Classes[sizeClass].SizeBytes;
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
        heap->GuessedClass = heap->FlushedClass == sizeClass ? sizeClass : 0;
        heap->FlushedClass = sizeClass;
        Bin* bin = ThreadHeap.BinOf(heap, sizeClass);
        uint count = TConfig.CountFront(heap, sizeClass);
        bool mayGrow = bin->LastMove == FrontMove.Flushed || count == 0;   // full with nothing in it: it has no place yet
        bin->LastMove = FrontMove.Flushed;
        if (!mayGrow || !TConfig.TryGrowFront(heap, sizeClass))
        {
            if (mayGrow) MakeRoom<TConfig>(heap, sizeClass);
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

        bool kept = TConfig.TryPushFront(heap, sizeClass, block);
        TConfig.OnFlushPush(heap, sizeClass, block);
        if (!kept) PutAway<TConfig>(heap, sizeClass, block);

        // While the host has a pass to run there is nothing to ask for; now and then a look at the clock tells whether it does not come to it.
        Composition* composition = TConfig.Composition;
        if (composition->Scavenge == 1 && composition->HostWakes && heap->Moves - heap->AskedMoves < MovesToLook) return;
        heap->AskedMoves = heap->Moves;
        if (!ThreadHeap.IsUserLocked(heap)) TConfig.WantScavenge();
    }

    // A front that has no room even now: into its slab.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void PutAway<TConfig>(ThreadHeap* heap, uint sizeClass, void* block)
        where TConfig : struct, IAllocatorConfig
    {
        SpinLock.Enter<TConfig>(&heap->Lock);
        GiveBack<TConfig>(heap, sizeClass, &block, 1);
        heap->Moves++;
        TConfig.OnFlush(heap, sizeClass, 1);
        SpinLock.Exit<TConfig>(&heap->Lock);
    }

    /// <summary>Gives everything in the front stacks back to the slabs. By the running thread, or for an ended one. Under the heap's lock.</summary>
    public static void FlushAll<TConfig>(ThreadHeap* heap)
        where TConfig : struct, IAllocatorConfig
    {
        for (uint sizeClass = 1; sizeClass < SizeClasses.Count; sizeClass++)
        {
            Bin* bin = ThreadHeap.BinOf(heap, sizeClass);
            Empty<TConfig>(heap, sizeClass, TConfig.CountFront(heap, sizeClass));
            bin->LastMove = FrontMove.None;
        }

        // The next thread borrows anew, so that short threads share few pages; but not while much that was lent is in use: many threads that leave a few small blocks would leave them all in large ones' places.
        for (uint sizeClass = 1; sizeClass < SizeClasses.Count; sizeClass++)
        {
            SizeClass* info = TConfig.Classes + sizeClass;
            if (*ThreadHeap.Out(heap, info->Home) * TConfig.Classes[info->Home].SizeBytes <= BorrowAnewBytes) ThreadHeap.BinOf(heap, sizeClass)->Borrowed = 0;
        }

        CountFresh<TConfig>(heap);   // it may not come by for long
    }

    /// <summary>
    /// When the stack of <paramref name="own"/> cannot grow because the heap's hold their share of bytes, and such things have come often: another that grew, was neither filled nor flushed since an earlier call looked at it, and holds as many
    /// blocks as then, is emptied and gives up half its room. Else what a program did first would decide for ever which classes have large stacks. Looks at up to eight, each once. By the running thread.
    /// </summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void MakeRoom<TConfig>(ThreadHeap* heap, uint own)
        where TConfig : struct, IAllocatorConfig
    {
        if (!TConfig.IsFrontShort(heap)) return;
        uint first = 0;
        for (uint i = 0; i < StacksPerLook; i++)
        {
            uint sizeClass = TConfig.NextGrownFront(heap);
            if (sizeClass == 0 || sizeClass == first) return;   // all were looked at
            if (first == 0) first = sizeClass;
            if (sizeClass == own) continue;   // the caller has blocks of it in hand
            Bin* bin = ThreadHeap.BinOf(heap, sizeClass);
            uint count = TConfig.CountFront(heap, sizeClass);
            if (bin->LastMove == FrontMove.None && bin->SeenInFront == count)
            {
                SpinLock.Enter<TConfig>(&heap->Lock);
                Empty<TConfig>(heap, sizeClass, count);
                SpinLock.Exit<TConfig>(&heap->Lock);
                return;
            }

            bin->LastMove = FrontMove.None;
            bin->SeenInFront = (ushort)count;
        }
    }

    // By the running thread, or for an ended one. Under the heap's lock.
    private static void Empty<TConfig>(ThreadHeap* heap, uint sizeClass, uint count)
        where TConfig : struct, IAllocatorConfig
    {
        if (count != 0)
        {
            GiveBack<TConfig>(heap, sizeClass, TConfig.OldestOfFront(heap, sizeClass, count), count);
            TConfig.DropOldestOfFront(heap, sizeClass, count);
            TConfig.OnFlush(heap, sizeClass, count);
        }

        TConfig.ShrinkFront(heap, sizeClass);
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
            if (at == slots || slab->FreeBlocks != 0) break;
            if (slab->Carved != slab->Blocks)
            {
                if (slab->Carved != 0 && bin->Partial != null && bin->Partial->FreeBlocks != 0 && *ThreadHeap.Out(heap, sizeClass) * TConfig.Classes[sizeClass].SizeBytes <= ThriftyBytes)
                {
                    // Used blocks before fresh ones: their pages are there. A slab that none was cut from stays: in the list nobody would find it empty.
                    Link(bin, slab, SlabPlace.Sparse);
                    bin->Current = null;
                    continue;
                }

                // Of fresh memory above a page one at a time: to touch it costs much more, and what is at hand in front is taken for used.
                bool single = slab->Zeroed && sizeClass >= SizeClasses.FirstAbovePage;
                if (single && at != high) break;
                at = Carve<TConfig>(heap, slab, sizeClass, single ? at - 1 : slots, at);
                if (at == slots || (single && slab->Carved != slab->Blocks)) break;
            }

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
        bool single = slab->PurgedPages != 0 && sizeClass >= SizeClasses.FirstAbovePage;   // fresh memory again
        if (single) bottom = at - 1;
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
            if (single) ForgetPurged<TConfig>(heap, slab, (byte*)*at, size);
            else if (slab->PurgedPages != 0) ForgetPurged<TConfig>(heap, slab, first, (slab->Carved - (word << 6) < 64 ? slab->Carved - (word << 6) : 64) * size);
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
        if (slab->PurgedPages != 0) ForgetPurged<TConfig>(heap, slab, block, count * size);
        slab->Stage = 0;
        slab->Carved += count;
        if (slab->Zeroed) heap->FreshBytes += count * (uint)size;   // by the running thread, as all of this
        for (; count != 0; count--, block += size)
        {
            TConfig.OnRefillBlock(heap, slab, block, true);
            *--at = block;
        }

        return at;
    }
}
