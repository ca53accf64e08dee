using System.Runtime.InteropServices;
using System.Threading;

namespace HakMem.Boxes;

/// <summary>
/// Box of layer Local: blocks above 2 MiB, those that grow by a copy from 256 KiB on, and any block when the reserved range cannot serve, each with a mapping of its own, found again
/// by a hash table by address that all compositions share. Freed ones are kept for reuse, bounded in bytes and aged, but for the first of its size; nothing of
/// this is on the path of small blocks. State: the table in <see cref="SpaceState"/> under its lock, <see cref="SharedState"/> under its own.
/// </summary>
[Box(BoxLayer.Local, Traits = BoxTraits.ConcurrencySafe)]
public static unsafe class BigCache
{
    private const uint MaxSlots = 32;
    private const uint SlotsPerLock = 1024, Rounds = 4;
    private const int FirstLog2 = 7;
    private static nuint MaxBytes => (nuint)1 << 47;

    /// <summary>What the big cache keeps in each composition.</summary>
    public struct SharedState
    {
        /// <summary>Guards the cache.</summary>
        public int Lock;

        /// <summary>The number of cached mappings.</summary>
        public uint Count;

        /// <summary>The bytes of all cached mappings.</summary>
        public nuint Bytes;

        /// <summary>Big blocks with users; by atomics.</summary>
        public long Blocks;

        /// <summary>The bytes of these; by atomics.</summary>
        public long LiveBytes;

        /// <summary>Mappings taken from the cache for a block.</summary>
        public ulong Hits;

        /// <summary>
        /// The bytes up to which freed mappings are kept. A larger one goes back and makes it twice its own size, so that a program that needs its largest block once does not leave it behind.
        /// </summary>
        public nuint KeepUpTo;

        private fixed ulong _slots[(int)MaxSlots * 3];

        internal static Slot* Slots(SharedState* state) => (Slot*)state->_slots;
    }

    internal struct Slot
    {
        public byte* Start;
        public nuint Bytes;
        public ulong FreedAt;
    }

    /// <summary>A block with a mapping of its own, aligned to <paramref name="alignment"/>, a power of two, and to the OS page. Null when the OS refuses.</summary>
    public static void* Alloc<TConfig>(nuint size, nuint alignment, bool zeroed)
        where TConfig : struct, IAllocatorConfig
    {
        if (size > MaxBytes || alignment > MaxBytes || TConfig.Composition == null) return null;
        nuint bytes = Chunk.WholePages(size == 0 ? 1 : size);
        SharedState* state = TConfig.BigCacheState;
        nuint used = size;   // of the block, what somebody had before
        if (!TryTakeCached<TConfig>(state, bytes, alignment, out byte* start, out nuint mapped))
        {
            nuint charged;
            if (alignment > Chunk.OsPageBytes || !TryGrowCached<TConfig>(state, bytes, out start, out used, out charged))
            {
                if (!TConfig.TryCharge(bytes, out charged)) return null;
                start = Map<TConfig>(bytes, alignment);
                used = 0;
            }

            mapped = start != null ? bytes : 0;
            Interlocked.Add(ref state->LiveBytes, (long)mapped);
            TConfig.SettleCharge(charged);
            if (start == null) return null;
        }

        SpaceState* space = TConfig.Space;
        SpinLock.Enter<TConfig>(&space->BigLock);
        bool room = TryMakeRoom<TConfig>(space);
        if (room) Insert(space, start, mapped, TConfig.Composition->Id);
        SpinLock.Exit<TConfig>(&space->BigLock);
        if (!room)
        {
            Unmap<TConfig>(start, mapped);
            Interlocked.Add(ref state->LiveBytes, -(long)mapped);
            return null;
        }

        Interlocked.Increment(ref state->Blocks);
        if (zeroed && used != 0) NativeMemory.Clear(start, used);
        return start;
    }

    /// <summary>Takes a big block back; ends the process when the address is none, or another composition's.</summary>
    public static void Free<TConfig>(void* block)
        where TConfig : struct, IAllocatorConfig
    {
        SpaceState* space = TConfig.Space;
        if (space == null) Fatal.Stop<TConfig>(FatalReason.NotAllocated, block);
        SpinLock.Enter<TConfig>(&space->BigLock);
        BigBlock* entry = SpaceState.FindBig(space, (byte*)block);
        FatalReason wrong = Check<TConfig>(space, entry, (byte*)block);
        nuint bytes = 0;
        if (entry != null && wrong == FatalReason.None)
        {
            bytes = entry->Bytes;
            Count(space, entry, -1, -(long)bytes);
            Remove(space, entry);
        }

        SpinLock.Exit<TConfig>(&space->BigLock);
        if (wrong != FatalReason.None) Fatal.Stop<TConfig>(wrong, block);
        SharedState* state = TConfig.BigCacheState;
        Interlocked.Decrement(ref state->Blocks);
        if (TryCache<TConfig>(state, (byte*)block, bytes))
        {
            TConfig.WantScavenge();
        }
        else
        {
            Interlocked.Add(ref state->LiveBytes, -(long)bytes);
            Unmap<TConfig>((byte*)block, bytes);
        }

        Drain<TConfig>(false);
    }

    /// <summary>Fits a big block to a new size, by moving its mapping if need be, contents kept. Null when it must be copied by the caller; it is unchanged then.</summary>
    public static void* TryResize<TConfig>(void* block, nuint size)
        where TConfig : struct, IAllocatorConfig
    {
        if (size > MaxBytes) return null;
        nuint bytes = Chunk.WholePages(size);
        SpaceState* space = TConfig.Space;
        nuint before = UsableSize<TConfig>(block);
        nuint charged = 0;
        if (bytes > before && !TConfig.TryCharge(bytes - before, out charged)) return null;

        // The table's lock is held across the move, so that nobody finds the address taken by a new mapping under the old entry.
        SpinLock.Enter<TConfig>(&space->BigLock);
        BigBlock* entry = SpaceState.FindBig(space, (byte*)block);
        byte* moved = null;
        nuint old = 0;
        if (entry != null)
        {
            old = entry->Bytes;
            moved = old == bytes ? (byte*)block : TConfig.OsRemap((byte*)block, old, bytes, true);
            if (moved != null) Count(space, entry, 0, (long)bytes - (long)old);
            if (moved == block)
            {
                entry->Bytes = bytes;
            }
            else if (moved != null)
            {
                uint owner = entry->Owner;
                Remove(space, entry);
                Insert(space, moved, bytes, owner);
            }
        }

        SpinLock.Exit<TConfig>(&space->BigLock);
        if (moved != null) Interlocked.Add(ref TConfig.BigCacheState->LiveBytes, (long)bytes - (long)old);
        TConfig.SettleCharge(charged);
        return moved;
    }

    /// <summary>The bytes of a big block; ends the process when the address is none, or another composition's.</summary>
    public static nuint UsableSize<TConfig>(void* block)
        where TConfig : struct, IAllocatorConfig
    {
        SpaceState* space = TConfig.Space;
        if (space == null) Fatal.Stop<TConfig>(FatalReason.NotAllocated, block);
        SpinLock.Enter<TConfig>(&space->BigLock);
        BigBlock* entry = SpaceState.FindBig(space, (byte*)block);
        FatalReason wrong = Check<TConfig>(space, entry, (byte*)block);
        nuint bytes = entry == null ? 0 : entry->Bytes;
        SpinLock.Exit<TConfig>(&space->BigLock);
        if (wrong != FatalReason.None) Fatal.Stop<TConfig>(wrong, block);
        return bytes;
    }

    /// <summary>Makes a big block of the composition one of a first-class heap: it dies with the heap.</summary>
    public static void Assign<TConfig>(void* block, ThreadHeap* heap)
        where TConfig : struct, IAllocatorConfig
    {
        SpaceState* space = TConfig.Space;
        SpinLock.Enter<TConfig>(&space->BigLock);
        BigBlock* entry = SpaceState.FindBig(space, (byte*)block);
        if (entry != null)
        {
            entry->Owner = heap->Id;
            Count(space, entry, 1, (long)entry->Bytes);
        }

        SpinLock.Exit<TConfig>(&space->BigLock);
    }

    /// <summary>
    /// Frees every big block of a first-class heap: around the table, a stretch of it under the lock at a time, again if others' frees moved some of them behind the place. Nobody may use the heap or its blocks any more. No lock may be held.
    /// </summary>
    public static void FreeAll<TConfig>(ThreadHeap* heap)
        where TConfig : struct, IAllocatorConfig
    {
        SpaceState* space = TConfig.Space;
        nuint slot = 0, passed = 0;
        int log2 = 0;
        while (heap->BigBlocks != 0)
        {
            byte* block = null;
            SpinLock.Enter<TConfig>(&space->BigLock);
            nuint mask = ((nuint)1 << space->BigLog2) - 1;
            if (log2 != space->BigLog2) passed = 0;   // a table made anew has everything elsewhere
            log2 = space->BigLog2;
            for (uint i = 0; i < SlotsPerLock && block == null && passed <= Rounds * mask; i++)
            {
                BigBlock* entry = space->BigBlocks + (slot & mask);
                if (entry->Start != null && entry->Owner == heap->Id)
                {
                    block = entry->Start;   // the next look is at this slot again: freeing moves later entries up
                    passed = 0;
                    continue;
                }

                slot++;
                passed++;
            }

            SpinLock.Exit<TConfig>(&space->BigLock);
            if (block != null) Free<TConfig>(block);
            else if (passed > Rounds * mask) return;
        }
    }

    /// <summary>Unmaps cached mappings that have waited for the purge delay, or all. No lock may be held.</summary>
    public static void Drain<TConfig>(bool all)
        where TConfig : struct, IAllocatorConfig
    {
        SharedState* state = TConfig.BigCacheState;
        if (state->Count == 0) return;   // a guess without the lock; missing one is made good at the next call
        Composition* composition = TConfig.Composition;
        if (!all && !composition->PurgeEnabled) return;
        ulong time = TConfig.OsMilliseconds();
        while (true)
        {
            Slot taken = default;
            SpinLock.Enter<TConfig>(&state->Lock);
            Slot* slots = SharedState.Slots(state);
            for (uint i = 0; i < state->Count; i++)
            {
                if (!all && (long)(time - slots[i].FreedAt) < composition->PurgeDelay) continue;
                taken = slots[i];
                Take(state, i);
                break;
            }

            SpinLock.Exit<TConfig>(&state->Lock);
            if (taken.Start == null) return;
            Unmap<TConfig>(taken.Start, taken.Bytes);
        }
    }

    // Counts for the first-class heap that owns a block, if one does. Under the table's lock.
    private static void Count(SpaceState* space, BigBlock* entry, long blocks, long bytes)
    {
        ThreadHeap* heap = space->Owners[entry->Owner].Heap;
        if (heap == null) return;
        heap->BigBlocks += blocks;
        heap->BigBytes += bytes;
    }

    private static FatalReason Check<TConfig>(SpaceState* space, BigBlock* entry, byte* block)
        where TConfig : struct, IAllocatorConfig
    {
        if (entry != null) return space->Owners[entry->Owner].Composition == TConfig.Composition->Id ? FatalReason.None : FatalReason.OtherAllocator;
        return SpaceState.FindBigAround(space, block) != null ? FatalReason.InteriorPointer : FatalReason.NotAllocated;
    }

    // The OS refuses when the process has too many mappings: then the memory goes back all the same, and only the addresses are lost.
    private static void Unmap<TConfig>(byte* start, nuint bytes)
        where TConfig : struct, IAllocatorConfig
    {
        if (!TConfig.OsUnmap(start, bytes)) _ = TConfig.OsPurge(start, bytes);
    }

    private static byte* Map<TConfig>(nuint bytes, nuint alignment)
        where TConfig : struct, IAllocatorConfig
    {
        if (alignment <= Chunk.OsPageBytes) return TConfig.OsMap(bytes);
        byte* mapped = TConfig.OsMap(bytes + alignment);
        if (mapped == null) return null;
        byte* start = (byte*)(((nuint)mapped + alignment - 1) & ~(alignment - 1));
        nuint before = (nuint)(start - mapped), after = alignment - before;   // never touched: where the OS refuses, only addresses are lost
        if (before != 0) _ = TConfig.OsUnmap(mapped, before);
        if (after != 0) _ = TConfig.OsUnmap(start + bytes, after);
        return start;
    }

    // ---- the cache ----------------------------------------------------------------------------------------------------

    // What it takes is among the live bytes then.
    private static bool TryTakeCached<TConfig>(SharedState* state, nuint bytes, nuint alignment, out byte* start, out nuint mapped)
        where TConfig : struct, IAllocatorConfig
    {
        start = null;
        mapped = 0;
        if (state->Count == 0) return false;
        SpinLock.Enter<TConfig>(&state->Lock);
        Slot* slots = SharedState.Slots(state);
        uint best = MaxSlots;

        // What is smaller than a SuperSlab is here because it grows, or because the reserved range is used up: it takes a mapping up to four times as large, and of that twice its size.
        bool grows = bytes < Chunk.SuperSlabBytes;
        nuint most = grows ? bytes * 4 : bytes + (bytes / 2);
        for (uint i = 0; i < state->Count; i++)
        {
            if (slots[i].Bytes < bytes || slots[i].Bytes > most || ((nuint)slots[i].Start & (alignment - 1)) != 0) continue;
            if (best == MaxSlots || slots[i].Bytes < slots[best].Bytes) best = i;
        }

        if (best != MaxSlots)
        {
            start = slots[best].Start;
            mapped = slots[best].Bytes;
            Interlocked.Add(ref state->LiveBytes, (long)mapped);   // before that, so that a limit never misses it
            Take(state, best);
            state->Hits++;
        }

        SpinLock.Exit<TConfig>(&state->Lock);
        nuint enough = bytes * 2;
        if (grows && mapped > enough && TConfig.OsUnmap(start + enough, mapped - enough))
        {
            Interlocked.Add(ref state->LiveBytes, (long)enough - (long)mapped);
            mapped = enough;
        }

        return start != null;
    }

    // The largest of the smaller mappings, made as long as wanted: where each block is a little larger than the one before, none of the freed ones would serve, and each would be touched anew.
    private static bool TryGrowCached<TConfig>(SharedState* state, nuint bytes, out byte* start, out nuint used, out nuint charged)
        where TConfig : struct, IAllocatorConfig
    {
        start = null;
        used = charged = 0;
        if (state->Count == 0) return false;
        SpinLock.Enter<TConfig>(&state->Lock);
        Slot* slots = SharedState.Slots(state);
        uint best = MaxSlots;
        for (uint i = 0; i < state->Count; i++)
        {
            if (slots[i].Bytes >= bytes || slots[i].Bytes < bytes / 2) continue;
            if (best == MaxSlots || slots[i].Bytes > slots[best].Bytes) best = i;
        }

        Slot taken = default;
        if (best != MaxSlots)
        {
            taken = slots[best];
            Take(state, best);
            state->Hits++;
        }

        SpinLock.Exit<TConfig>(&state->Lock);
        if (taken.Start == null) return false;
        if (TConfig.TryCharge(bytes, out charged)) start = TConfig.OsRemap(taken.Start, taken.Bytes, bytes, true);
        if (start == null)
        {
            TConfig.SettleCharge(charged);
            Unmap<TConfig>(taken.Start, taken.Bytes);
            return false;
        }

        used = taken.Bytes;
        return true;
    }

    // What it keeps is not among the live bytes any more.
    private static bool TryCache<TConfig>(SharedState* state, byte* start, nuint bytes)
        where TConfig : struct, IAllocatorConfig
    {
        if (bytes > TConfig.BigCacheBytes) return false;

        // Without the lock a guess: what a guard does to memory that is kept may be long, and touches all of it.
        bool likely = bytes <= state->KeepUpTo && state->Count < MaxSlots && state->Bytes + bytes <= TConfig.BigCacheBytes;
        if (likely) TConfig.OnKeepSpan(start, bytes);
        ulong time = TConfig.OsMilliseconds();
        SpinLock.Enter<TConfig>(&state->Lock);
        bool first = bytes > state->KeepUpTo;
        if (first) state->KeepUpTo = 2 * bytes;
        bool room = likely && !first && state->Count < MaxSlots && state->Bytes + bytes <= TConfig.BigCacheBytes;
        if (room)
        {
            Slot* slot = SharedState.Slots(state) + state->Count++;
            slot->Start = start;
            slot->Bytes = bytes;
            slot->FreedAt = time;
            state->Bytes += bytes;
            Interlocked.Add(ref state->LiveBytes, -(long)bytes);   // after that, so that a limit never misses it, and under the lock, so that a fork does not come between
        }

        SpinLock.Exit<TConfig>(&state->Lock);
        return room;
    }

    private static void Take(SharedState* state, uint index)
    {
        Slot* slots = SharedState.Slots(state);
        state->Bytes -= slots[index].Bytes;
        slots[index] = slots[--state->Count];
    }

    // ---- the table, under its lock ------------------------------------------------------------------------------------

    private static bool TryMakeRoom<TConfig>(SpaceState* space)
        where TConfig : struct, IAllocatorConfig
    {
        nuint oldSlots = space->BigLog2 == 0 ? 0 : (nuint)1 << space->BigLog2;
        if (space->BigCount < oldSlots / 2) return true;
        int log2 = oldSlots == 0 ? FirstLog2 : space->BigLog2 + 1;
        BigBlock* bigger = (BigBlock*)TConfig.OsMap(((nuint)1 << log2) * (nuint)sizeof(BigBlock));
        if (bigger == null) return space->BigCount < oldSlots - (oldSlots / 8);   // a fuller table is slower, but the block is there
        BigBlock* old = space->BigBlocks;
        space->BigBlocks = bigger;
        space->BigLog2 = log2;
        space->BigCount = 0;
        for (nuint i = 0; i < oldSlots; i++)
        {
            if (old[i].Start != null) Insert(space, old[i].Start, old[i].Bytes, old[i].Owner);
        }

        if (oldSlots != 0) Unmap<TConfig>((byte*)old, oldSlots * (nuint)sizeof(BigBlock));
        return true;
    }

    private static void Insert(SpaceState* space, byte* start, nuint bytes, uint owner)
    {
        nuint mask = ((nuint)1 << space->BigLog2) - 1;
        nuint slot = SpaceState.BigSlotOf(space, start);
        while (space->BigBlocks[slot].Start != null) slot = (slot + 1) & mask;
        space->BigBlocks[slot].Start = start;
        space->BigBlocks[slot].Bytes = bytes;
        space->BigBlocks[slot].Owner = owner;
        space->BigCount++;
    }

    // Linear probing without tombstones: later entries of the same run move up into the hole.
    private static void Remove(SpaceState* space, BigBlock* entry)
    {
        nuint mask = ((nuint)1 << space->BigLog2) - 1;
        nuint hole = (nuint)(entry - space->BigBlocks);
        for (nuint slot = (hole + 1) & mask; space->BigBlocks[slot].Start != null; slot = (slot + 1) & mask)
        {
            nuint wanted = SpaceState.BigSlotOf(space, space->BigBlocks[slot].Start);
            if (((slot - wanted) & mask) < ((slot - hole) & mask)) continue;
            space->BigBlocks[hole] = space->BigBlocks[slot];
            hole = slot;
        }

        space->BigBlocks[hole].Start = null;
        space->BigCount--;
    }
}
