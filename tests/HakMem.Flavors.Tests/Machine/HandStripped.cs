using System;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Threading;
using HakMem.Boxes;
using Config = HakMem.Flavors.Tests.ReleaseHeap.Config;

namespace HakMem.Flavors.Tests;

/// <summary>
/// The ways of an allocation and a free as a person would write them who never heard of compositions: no type parameter, no configuration, no join point; the constants are
/// numbers. The tests compare its machine code with the release composition's. It draws on that composition's memory, and calls its boxes where the
/// comparison ends.
/// </summary>
internal static unsafe class HandStripped
{
    private const uint MaxTiny = 1024, SlabsPerRefill = 8;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void* Alloc(nuint size)
    {
        if (TryFindHeap(out ThreadHeap* heap)
            && TryClassify(heap, size, out uint sizeClass)
            && TryPop(heap, sizeClass, out void* block))
        {
            return block;
        }

        return FindAndAllocSlow(size);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Free(void* block)
    {
        if (!TryFindHeap(out ThreadHeap* heap)) heap = null;
        else if (TryOwn(heap, block, out uint sizeClass) && TryPush(heap, sizeClass, block)) return;
        FreeSlow(heap, block);
    }

    // ---- the gates and the front --------------------------------------------------------------------------------------

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool TryClassify(ThreadHeap* heap, nuint size, out uint sizeClass)
    {
        if (size > MaxTiny)
        {
            sizeClass = 0;
            return false;
        }

        sizeClass = SizeClasses.ClassOfTiny(size);
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool TryPop(ThreadHeap* heap, uint sizeClass, out void* block)
    {
        FrontHot.BinState* bin = Of(heap, sizeClass);
        void** top = bin->Top;
        if (top == bin->Bottom)
        {
            block = null;
            return false;
        }

        bin->Top = --top;
        block = *top;
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool TryPush(ThreadHeap* heap, uint sizeClass, void* block)
    {
        FrontHot.BinState* bin = Of(heap, sizeClass);
        void** top = bin->Top;
        if (top == bin->Limit) return false;
        *top = block;
        bin->Top = top + 1;
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static FrontHot.BinState* Of(ThreadHeap* heap, uint sizeClass) => (FrontHot.BinState*)ThreadHeap.FrontColumnOf(heap, sizeClass);

    private static uint Count(ThreadHeap* heap, uint sizeClass)
    {
        FrontHot.BinState* bin = Of(heap, sizeClass);
        void** top = (void**)Volatile.Read(ref *(nint*)&bin->Top);
        nint count = (nint)(top - bin->Bottom);
        return count > 0 ? (uint)count : 0;
    }

    private static void** Offer(ThreadHeap* heap, uint sizeClass, out uint want)
    {
        FrontHot.BinState* bin = Of(heap, sizeClass);
        if (bin->Limit == bin->Bottom) _ = FrontHot.TryGrow<Config>(heap, sizeClass);
        want = (uint)(bin->Limit - bin->Bottom) / 2;
        return bin->Bottom;
    }

    private static void* Accept(ThreadHeap* heap, uint sizeClass, uint count)
    {
        FrontHot.BinState* bin = Of(heap, sizeClass);
        bin->Top = bin->Bottom + count - 1;
        return *bin->Top;
    }

    private static void** Oldest(ThreadHeap* heap, uint sizeClass, uint count)
    {
        _ = count;
        return Of(heap, sizeClass)->Bottom;
    }

    private static void DropOldest(ThreadHeap* heap, uint sizeClass, uint count)
    {
        FrontHot.BinState* bin = Of(heap, sizeClass);
        NativeMemory.Copy(bin->Bottom + count, bin->Bottom, (nuint)(bin->Top - bin->Bottom - count) * (nuint)sizeof(void*));
        bin->Top -= count;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool TryOwn(ThreadHeap* heap, void* block, out uint sizeClass)
    {
        nuint chunk = ((nuint)block - (nuint)State.Base) >> Chunk.Log2;
        if (chunk >= State.ChunkCount)
        {
            sizeClass = 0;
            return false;
        }

        uint own = State.PageMap[chunk] ^ heap->IdShifted;
        sizeClass = heap->GuessedClass;
        if (own != sizeClass)
        {
            sizeClass = own;
            if (own >= SizeClasses.Count) return false;
        }

        return true;
    }

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool TryFindHeap(out ThreadHeap* heap)
    {
        if (State.Stacks == null)
        {
            heap = Current.Heap;
            return heap != null;
        }

        byte here;
        nuint at = (nuint)(&here);
        byte* place = State.Stacks + ((nuint)((ushort*)State.Stacks)[(ushort)(at >> 14)] * 8);
        heap = *(ThreadHeap**)(place + 0x20010);
        return at - *(nuint*)(place + 0x20000) < *(nuint*)(place + 0x20008);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void* FindAndAllocSlow(nuint size) => AllocSlow(CurrentHeap(), size);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void* AllocSlow(ThreadHeap* heap, nuint size)
    {
        void* block = TryAllocSlow(heap, size);
        if (block == null) ThrowOutOfMemory();
        return block;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void* TryAllocSlow(ThreadHeap* heap, nuint size)
    {
        if (heap == null) heap = CurrentHeap();
        return AllocAnySize(heap, size);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void* AllocAnySize(ThreadHeap* heap, nuint size)
    {
        void* block = Serve(heap, size);
        return (block == null || (State.Composition != null && State.Composition->Pressure != 0)) && AllocGate.TellHost<Config>(heap, block == null) && block == null ? Serve(heap, size) : block;
    }

    private static void* Serve(ThreadHeap* heap, nuint size)
    {
        void* block;
        if (heap == null) return BigCache.Alloc<Config>(size, Natural(size), false);
        if (size <= MaxTiny)
        {
            block = AllocClass(heap, SizeClasses.ClassOf(size));
        }
        else if (size <= SizeClasses.MaxBytes)
        {
            block = AllocMid(heap, size);
        }
        else
        {
            block = size <= Chunk.SuperSlabBytes ? LargePool.Alloc<Config>(heap, size, 1, false) : null;
        }

        return block != null ? block : BigCache.Alloc<Config>(size, Natural(size), false);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static nuint Natural(nuint size) => size - 1 < SizeClasses.MaxBytes && (size & (size - 1)) == 0 ? size : 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void* AllocClass(ThreadHeap* heap, uint sizeClass)
    {
        if (!TryPop(heap, sizeClass, out void* block)) return Refill(heap, sizeClass, 0);
        return block;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void* AllocMid(ThreadHeap* heap, nuint size)
    {
        uint sizeClass = SizeClasses.ClassAbove128(size);
        if (TryPop(heap, sizeClass, out void* block))
        {
            return block;
        }

        return Refill(heap, sizeClass, sizeClass >= SizeClasses.FirstAbovePage ? (uint)size : 0);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void FreeSlow(ThreadHeap* heap, void* block)
    {
        if (heap != null && RemoteFree.TryCombine<Config>(heap, block)) return;
        FreeRest(heap, block);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void FreeRest(ThreadHeap* heap, void* block) => FreeAny(heap != null ? heap : HeapForFrees(1), block);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void FreeAny(ThreadHeap* heap, void* block)
    {
        if (block == null) return;
        nuint chunk = ((nuint)block - (nuint)State.Base) >> Chunk.Log2;
        if (chunk >= State.ChunkCount)
        {
            BigCache.Free<Config>(block);
            return;
        }

        uint entry = State.PageMap[chunk];
        uint sizeClass = (byte)entry;
        if (State.Space->Owners[entry >> 8].Composition != State.Composition->Id)
        {
            Refuse(entry, block);
        }
        else if (sizeClass >= SizeClasses.LargeInterior)
        {
            if (sizeClass != SizeClasses.LargeHead || ((nuint)block & (Chunk.Bytes - 1)) != 0) Fatal.Stop<Config>(FatalReason.InteriorPointer, block);
            LargePool.Free<Config>(heap, block, (uint)chunk);
        }
        else if (heap == null || entry >> 8 != heap->Id)
        {
            RemoteFree.Add<Config>(heap, block, entry);
        }
        else if (!TryPush(heap, sizeClass, block))
        {
            Flush(heap, sizeClass, block);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Refuse(uint entry, void* block) => Fatal.Stop<Config>(entry == 0 ? FatalReason.NotAllocated : FatalReason.OtherAllocator, block);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ThreadHeap* CurrentHeap() => TryFindHeap(out ThreadHeap* heap) ? heap : CurrentHeapSlow();

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ThreadHeap* CurrentHeapSlow()
    {
        ThreadHeap* heap = KnownHeap();
        return heap != null ? heap : Attach();
    }

    private static ThreadHeap* KnownHeap()
    {
        if (TryFindHeap(out ThreadHeap* heap)) return heap;
        heap = Current.Heap;
        if (heap != null) ThreadStacks.Note<Config>(heap);
        return heap;
    }

    private static ThreadHeap* HeapForFrees(uint blocks)
    {
        ThreadHeap* heap = KnownHeap();
        return heap != null || (Current.Frees += blocks) < 64 ? heap : AttachForFrees();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ThreadHeap* AttachForFrees()
    {
        Current.Frees = 0;
        return Attach();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ThreadHeap* Attach()
    {
        ThreadHeap* heap = HeapRegistry.Attach<Config>();
        Current.Heap = heap;
        if (heap != null) ThreadStacks.Enter<Config>(heap);
        return heap;
    }

    private static void ThrowOutOfMemory() => throw new OutOfMemoryException();

    // ---- refill -------------------------------------------------------------------------------------------------------

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void* Refill(ThreadHeap* heap, uint sizeClass, uint lentFor)
    {
        heap->FlushedClass = heap->GuessedClass = 0;
        Bin* bin = ThreadHeap.BinOf(heap, sizeClass);
        SizeClass* info = State.Classes + sizeClass;
        bool borrows = bin->Borrowed < info->Lent && bin->Current == null && bin->Partial == null && bin->Sparse == null;
        if (borrows && sizeClass < SizeClasses.FirstAbovePage)
        {
            bin->Borrowed++;
            sizeClass = info->Home;
            bin = ThreadHeap.BinOf(heap, sizeClass);
            if (TryPop(heap, sizeClass, out void* lent)) return lent;
        }

        if (bin->LastMove == FrontMove.Refilled && !FrontHot.TryGrow<Config>(heap, sizeClass)) UnifiedCacheRefill.MakeRoom<Config>(heap, sizeClass);
        bin->LastMove = FrontMove.Refilled;
        void** slots = Offer(heap, sizeClass, out uint want);
        Enter(&heap->Lock);
        uint lender = lentFor != 0 ? LenderOf(heap, sizeClass, lentFor, borrows) : 0;
        if (lender != 0)
        {
            bin->LastMove = FrontMove.None;
            sizeClass = lender;
            bin = ThreadHeap.BinOf(heap, sizeClass);
            if (TryPop(heap, sizeClass, out void* given))
            {
                Exit(&heap->Lock);
                return given;
            }

            bin->LastMove = FrontMove.Refilled;
            slots = Offer(heap, sizeClass, out want);
        }

        uint got = Fill(heap, bin, sizeClass, slots, want);
        while (got == 0)
        {
            if (!TryNewSlab(heap, bin, sizeClass)) return null;
            got = Fill(heap, bin, sizeClass, slots, want);
        }

        heap->Moves++;
        Exit(&heap->Lock);
        void* block = Accept(heap, sizeClass, got);
        if (heap->FreshBytes >= Chunk.Bytes) UnifiedCacheRefill.Exchange<Config>(heap);
        return block;
    }

    private static uint LenderOf(ThreadHeap* heap, uint sizeClass, uint size, bool borrows)
    {
        if (heap->Inbox != 0 || HasUsed(ThreadHeap.BinOf(heap, sizeClass))) return 0;
        uint last = sizeClass + 4 < SizeClasses.Count ? sizeClass + 4 : SizeClasses.Count - 1;
        ulong inUse = 0;
        for (uint one = sizeClass; one <= last; one++) inUse += *ThreadHeap.Out(heap, one) * (ulong)State.Classes[one].SizeBytes;
        if (inUse > 512 << 10) return 0;
        uint finer = (size & (0 - size)) - 1;
        for (uint lender = sizeClass + 1; lender <= last; lender++)
        {
            if ((State.Classes[lender].SizeBytes & finer) != 0) continue;
            if (FrontHot.Count<Config>(heap, lender) != 0 || HasUsed(ThreadHeap.BinOf(heap, lender))) return lender;
        }

        if (!borrows) return 0;
        ThreadHeap.BinOf(heap, sizeClass)->Borrowed++;
        return State.Classes[sizeClass].Home;
    }

    private static bool HasUsed(Bin* bin)
        => (bin->Current != null && bin->Current->FreeBlocks != 0) || (bin->Partial != null && bin->Partial->FreeBlocks != 0) || (bin->Sparse != null && bin->Sparse->FreeBlocks != 0);

    private static uint Fill(ThreadHeap* heap, Bin* bin, uint sizeClass, void** slots, uint want)
    {
        void** high = slots + want;
        void** at = high;
        bool collected = false;
        for (uint visited = 0; visited < SlabsPerRefill;)
        {
            Slab* slab = bin->Current;
            if (slab == null)
            {
                slab = bin->Partial;
                if (slab == null && !collected && Volatile.Read(ref heap->Inbox) != 0)
                {
                    collected = true;
                    RemoteFree.Collect<Config>(heap);
                    slab = bin->Partial;
                }

                if (slab == null) slab = bin->Sparse;
                if (slab == null) break;
                Unlink(bin, slab);
                slab->Place = SlabPlace.Current;
                bin->Current = slab;
                visited++;
            }

            at = TakeFree(heap, slab, sizeClass, slots, at);
            if (at == slots || slab->FreeBlocks != 0) break;
            if (slab->Carved != slab->Blocks)
            {
                if (slab->Carved != 0 && bin->Partial != null && bin->Partial->FreeBlocks != 0 && *ThreadHeap.Out(heap, sizeClass) * State.Classes[sizeClass].SizeBytes <= 256 << 10)
                {
                    Link(bin, slab, SlabPlace.Sparse);
                    bin->Current = null;
                    continue;
                }

                bool single = slab->Zeroed && sizeClass >= SizeClasses.FirstAbovePage;
                if (single && at != high) break;
                at = Carve(heap, slab, sizeClass, single ? at - 1 : slots, at);
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

    private static void** TakeFree(ThreadHeap* heap, Slab* slab, uint sizeClass, void** bottom, void** at)
    {
        if (slab->FreeBlocks == 0) return at;
        SizeClass* info = State.Classes + sizeClass;
        nuint size = info->SizeBytes;
        uint words = info->Words, word = slab->Hint;
        void** start = at;
        bool single = slab->PurgedPages != 0 && sizeClass >= SizeClasses.FirstAbovePage;
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
                *--at = block;
            }
            while (bits != 0 && at != bottom);
            slab->Bits[word] = bits;
            if (single) ForgetPurged(heap, slab, (byte*)*at, size);
            else if (slab->PurgedPages != 0) ForgetPurged(heap, slab, first, (slab->Carved - (word << 6) < 64 ? slab->Carved - (word << 6) : 64) * size);
            if (bits != 0) break;
        }

        slab->Stage = 0;
        slab->Hint = (ushort)word;
        slab->FreeBlocks -= (uint)(start - at);
        return at;
    }

    private static void** Carve(ThreadHeap* heap, Slab* slab, uint sizeClass, void** bottom, void** at)
    {
        uint count = slab->Blocks - slab->Carved;
        if (count > (uint)(at - bottom)) count = (uint)(at - bottom);
        nuint size = State.Classes[sizeClass].SizeBytes;
        byte* block = slab->Start + (slab->Carved * size);
        if (slab->PurgedPages != 0) ForgetPurged(heap, slab, block, count * size);
        slab->Stage = 0;
        slab->Carved += count;
        if (slab->Zeroed) heap->FreshBytes += count * (uint)size;
        for (; count != 0; count--, block += size)
        {
            *--at = block;
        }

        return at;
    }

    private static void ForgetPurged(ThreadHeap* heap, Slab* slab, byte* first, nuint bytes)
    {
        nuint offset = (nuint)(first - slab->Start);
        int firstPage = (int)(offset / Chunk.OsPageBytes);
        int endPage = (int)((offset + bytes + Chunk.OsPageBytes - 1) / Chunk.OsPageBytes);
        ulong pages = ulong.MaxValue << firstPage;
        if (endPage < 64) pages &= ~(ulong.MaxValue << endPage);
        pages &= slab->PurgedPages;
        heap->PurgedPages -= BitOperations.PopCount(pages);
        heap->FreshBytes += (uint)BitOperations.PopCount(pages) * (uint)Chunk.OsPageBytes;
        slab->PurgedPages &= ~pages;
    }

    private static bool TryNewSlab(ThreadHeap* heap, Bin* bin, uint sizeClass)
    {
        Slab* slab = null;
        if (State.Classes[sizeClass].Chunks != 1 || !WarmPool.TryTake<Config>(heap, out ChunkSpan span))
        {
            Exit(&heap->Lock);
            bool found = Prefill.TryTake<Config>(heap, sizeClass, out span, out slab);
            PurgeQueue.Poll<Config>(false);
            if (!found) return false;
            Enter(&heap->Lock);
        }

        if (slab == null)
        {
            if (span.Dirty && !bin->Begun) span.Dirty = !TryClean(span);
            slab = Slab.At<Config>(span.FirstChunk);
            Slab.Init<Config>(slab, span.FirstChunk, sizeClass, heap->Id, !span.Dirty);
            PageMap.Set<Config>(span.FirstChunk, span.Chunks, heap->IdShifted | sizeClass);
            if (!span.Dirty) PageArena.CountUntouched<Config>((long)span.Chunks << Chunk.Log2);
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

    private static bool TryClean(ChunkSpan span)
    {
        Composition* composition = State.Composition;
        if (!composition->PurgeEnabled || composition->Prefault || composition->HugePages == HugePagePolicy.Always) return false;
        if (!SystemMemory.Purge(PageMap.Address<Config>(span.FirstChunk), (nuint)span.Chunks << Chunk.Log2)) return false;
        PageArena.Forget<Config>(span.FirstChunk, span.Chunks);
        return true;
    }

    // ---- flush --------------------------------------------------------------------------------------------------------

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Flush(ThreadHeap* heap, uint sizeClass, void* block)
    {
        heap->GuessedClass = heap->FlushedClass == sizeClass ? sizeClass : 0;
        heap->FlushedClass = sizeClass;
        Bin* bin = ThreadHeap.BinOf(heap, sizeClass);
        uint count = Count(heap, sizeClass);
        bool mayGrow = bin->LastMove == FrontMove.Flushed || count == 0;
        bin->LastMove = FrontMove.Flushed;
        if (!mayGrow || !FrontHot.TryGrow<Config>(heap, sizeClass))
        {
            if (mayGrow) UnifiedCacheRefill.MakeRoom<Config>(heap, sizeClass);
            uint given = count - (count / 4);
            void** oldest = Oldest(heap, sizeClass, given);
            Enter(&heap->Lock);
            GiveBack(heap, sizeClass, oldest, given);
            heap->Moves++;
            Exit(&heap->Lock);
            DropOldest(heap, sizeClass, given);
        }

        bool kept = TryPush(heap, sizeClass, block);
        if (!kept) PutAway(heap, sizeClass, block);
        Composition* composition = State.Composition;
        if (composition->Scavenge == 1 && composition->HostWakes && heap->Moves - heap->AskedMoves < 64) return;
        heap->AskedMoves = heap->Moves;
        if (heap == null || heap->Kind != HeapKind.FirstClass) Scavenger.Want<Config>();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void PutAway(ThreadHeap* heap, uint sizeClass, void* block)
    {
        Enter(&heap->Lock);
        GiveBack(heap, sizeClass, &block, 1);
        heap->Moves++;
        Exit(&heap->Lock);
    }

    private static void GiveBack(ThreadHeap* heap, uint sizeClass, void** from, uint count)
    {
        SizeClass* info = State.Classes + sizeClass;
        nuint mask = info->SlabMask, span = 64 * (nuint)info->SizeBytes, reach = 2 * span;
        ulong reciprocal = info->Reciprocal, shifted = reciprocal << Slab.FractionShift;
        uint entry = heap->IdShifted | sizeClass;
        void** end = from + count, last = end - 1;
        *ThreadHeap.Out(heap, sizeClass) -= count;
        Slab* current = ThreadHeap.BinOf(heap, sizeClass)->Current;
        if (current != null) current->Hint = 0;
        while (from < last)
        {
            void* block = *from;
            nuint offset = (nuint)block - (nuint)State.Base, chunk = (offset & ~mask) >> Chunk.Log2;
            Slab* slab = At(chunk);
            if ((nuint)from[1] - (nuint)block + span >= reach && Slab.IndexOf(reciprocal, shifted, offset & mask, out uint index) && State.PageMap[chunk] == entry)
            {
                ulong bit = 1UL << (int)(index & 63);
                ulong* word = slab->Bits + (index >> 6);
                ulong before = *word;
                if ((before & bit) == 0 && index < slab->Carved)
                {
                    *word = before | bit;
                    uint free = slab->FreeBlocks + 1;
                    slab->FreeBlocks = free;
                    if (slab->Place > SlabPlace.Partial || free == slab->Carved) Settle(heap, slab);
                    from++;
                    continue;
                }
            }

            from = PutRun(heap, entry, from, end);
        }

        while (from != end) from = PutRun(heap, entry, from, end);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void** PutRun(ThreadHeap* heap, uint entry, void** from, void** end)
    {
        SizeClass* info = State.Classes + (byte)entry;
        nuint size = info->SizeBytes, span = 64 * size, mask = info->SlabMask;
        nuint offset = (nuint)(*from) - (nuint)State.Base;
        if (!Slab.IndexOf(info, offset & mask, out uint index))
        {
            Fatal.Stop<Config>(FatalReason.InteriorPointer, *from);
            return end;
        }

        ulong bits = 1UL << (int)(index & 63);
        byte* first = (byte*)(*from) - ((index & 63) * size);
        nuint left = mask + 1 - ((offset & mask) - ((index & 63) * size));
        void** next = Combine(from + 1, end, first, left < span ? left : span, info->Reciprocal, &bits);
        nuint chunk = (offset & ~mask) >> Chunk.Log2;
        Slab* slab = At(chunk);
        if (State.PageMap[chunk] == entry) Merge(heap, slab, index >> 6, bits);
        else PutElsewhere(heap, (byte)entry, chunk, index >> 6, bits);
        return next;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void** Combine(void** from, void** end, byte* first, nuint span, ulong reciprocal, ulong* bits)
    {
        ulong set = *bits, shifted = reciprocal << Slab.FractionShift;
        for (; from != end; from++)
        {
            nuint offset = (nuint)(*from) - (nuint)first;
            if (offset >= span || !Slab.IndexOf(reciprocal, shifted, offset, out uint index)) break;
            ulong bit = 1UL << (int)index;
            if ((set & bit) != 0) break;
            set |= bit;
        }

        *bits = set;
        return from;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void PutElsewhere(ThreadHeap* heap, uint sizeClass, nuint chunk, uint word, ulong bits)
    {
        Slab* slab = At(chunk);
        uint entry = State.PageMap[chunk];
        if ((byte)entry != sizeClass || State.Space->Owners[entry >> 8].Composition != State.Composition->Id)
        {
            Fatal.Stop<Config>(FatalReason.DoubleFree, Slab.BlockAt<Config>(slab, sizeClass, word, bits));
        }

        RemoteFree.Send<Config>(slab, word, bits);
        *ThreadHeap.Out(heap, sizeClass) += (uint)BitOperations.PopCount(bits);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Merge(ThreadHeap* heap, Slab* slab, uint word, ulong bits)
    {
        ulong before = slab->Bits[word];
        uint last = (word << 6) + (uint)BitOperations.Log2(bits);
        if ((before & bits) != 0 || last >= slab->Carved)
        {
            MergeFault(slab, word, bits);
            return;
        }

        slab->Bits[word] = before | bits;
        uint free = slab->FreeBlocks + (uint)BitOperations.PopCount(bits);
        slab->FreeBlocks = free;
        if (word < slab->Hint) slab->Hint = (ushort)word;
        if (slab->Place > SlabPlace.Partial || free == slab->Carved) Settle(heap, slab);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void MergeFault(Slab* slab, uint word, ulong bits)
    {
        ulong twice = slab->Bits[word] & bits;
        if (twice != 0) Fatal.Stop<Config>(FatalReason.DoubleFree, Slab.BlockAt<Config>(slab, slab->Class, word, twice));
        else Fatal.Stop<Config>(FatalReason.NotAllocated, Slab.BlockAt<Config>(slab, slab->Class, word, bits));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Settle(ThreadHeap* heap, Slab* slab)
    {
        if (slab->Place is SlabPlace.Current or SlabPlace.Adrift) return;
        Bin* bin = ThreadHeap.BinOf(heap, slab->Class);
        if (slab->Place != SlabPlace.Partial)
        {
            bool worth = slab->FreeBlocks >= State.Classes[slab->Class].ListAt;
            if (slab->Place == SlabPlace.Full)
            {
                if (heap->Kind == HeapKind.FirstClass) Remove(&heap->FullSlabs, slab);
                Link(bin, slab, worth ? SlabPlace.Partial : SlabPlace.Sparse);
            }
            else if (worth) Relink(bin, slab, SlabPlace.Partial);
        }

        if (slab->FreeBlocks != slab->Carved) return;
        if (bin->Empty == null) bin->Empty = slab;
        else if (bin->Empty != slab) Retire(heap, bin, slab);
    }

    private static void Retire(ThreadHeap* heap, Bin* bin, Slab* slab)
    {
        Unlink(bin, slab);
        long purged = BitOperations.PopCount(slab->PurgedPages);
        heap->PurgedPages -= purged;
        SizeClass* info = State.Classes + slab->Class;
        ChunkSpan span;
        span.FirstChunk = slab->FirstChunk;
        span.Chunks = info->Chunks;
        PageMap.Set<Config>(span.FirstChunk, span.Chunks, 0);
        nuint bytes = (nuint)span.Chunks << Chunk.Log2, cut = slab->Zeroed ? (nuint)slab->Carved * info->SizeBytes : bytes;
        PageArena.CountUntouched<Config>(-((purged * (long)Chunk.OsPageBytes) + (long)(bytes - cut)));
        uint used = (uint)((cut + Chunk.Bytes - 1) >> Chunk.Log2);
        span.Dirty = used != 0;
        if (span.Chunks == 1)
        {
            if (!WarmPool.TryPut<Config>(heap, span)) SharedPool.Release<Config>(span.FirstChunk, span.Dirty);
            return;
        }

        if (used != 0) PageArena.Return<Config>(span.FirstChunk, used, true);
        if (used != span.Chunks) PageArena.Return<Config>(span.FirstChunk + used, span.Chunks - used, false);
    }

    // ---- lists and locks ----------------------------------------------------------------------------------------------

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Slab* At(nuint chunk) => (Slab*)(State.SlabHeaders + (chunk * Slab.Stride));

    private static void Link(Bin* bin, Slab* slab, SlabPlace place)
    {
        slab->Place = place;
        slab->Hint = 0;
        Push(Head(bin, place), slab);
    }

    private static void Push(Slab** head, Slab* slab)
    {
        slab->Previous = null;
        slab->Next = *head;
        if (*head != null) (*head)->Previous = slab;
        *head = slab;
    }

    private static void Remove(Slab** head, Slab* slab)
    {
        if (slab->Previous != null) slab->Previous->Next = slab->Next;
        else *head = slab->Next;
        if (slab->Next != null) slab->Next->Previous = slab->Previous;
    }

    private static void Relink(Bin* bin, Slab* slab, SlabPlace place)
    {
        Unlink(bin, slab);
        Link(bin, slab, place);
    }

    private static void Unlink(Bin* bin, Slab* slab)
    {
        if (bin->Empty == slab) bin->Empty = null;
        if (slab->Place == SlabPlace.Current)
        {
            bin->Current = null;
        }
        else if (slab->Place is SlabPlace.Partial or SlabPlace.Sparse)
        {
            Remove(Head(bin, slab->Place), slab);
        }

        slab->Place = SlabPlace.Adrift;
    }

    private static Slab** Head(Bin* bin, SlabPlace place) => place == SlabPlace.Partial ? &bin->Partial : &bin->Sparse;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Enter(int* word)
    {
        if (Interlocked.CompareExchange(ref *word, 1, 0) != 0) EnterSlow(word);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Exit(int* word) => Volatile.Write(ref *word, 0);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void EnterSlow(int* word)
    {
        uint attempt = 0;
        do
        {
            while (Volatile.Read(ref *word) != 0) SystemMemory.Wait(attempt++);
        }
        while (Interlocked.CompareExchange(ref *word, 1, 0) != 0);
    }

    private static class Current
    {
        [ThreadStatic] internal static ThreadHeap* Heap;
        [ThreadStatic] internal static uint Frees;
    }

    private static class State
    {
        internal static readonly SpaceState* Space = Config.Space;
        internal static readonly byte* Base = Config.Base;
        internal static readonly nuint ChunkCount = Config.ChunkCount;
        internal static readonly uint* PageMap = Config.PageMap;
        internal static readonly byte* SlabHeaders = Config.SlabHeaders;
        internal static readonly SizeClass* Classes = Config.Classes;
        internal static readonly Composition* Composition = Config.Composition;
        internal static readonly byte* Stacks = Config.Stacks;
    }
}
