using System.Runtime.InteropServices;
using System.Threading;

namespace HakMem.Boxes;

/// <summary>
/// Box of layer Local: blocks above 2 MiB, those that grow by a copy from 256 KiB on, and any block when the reserved range cannot serve, each with a mapping of its own, found again
/// by a hash table by address that all compositions share, also when they shrink. Freed ones are kept for reuse, whole or in parts, bounded in bytes and aged, but for the first of its size; nothing of
/// this is on the path of small blocks. State: the table in <see cref="SpaceState"/> under its lock, <see cref="SharedState"/> under its own.
/// </summary>
[Box(BoxLayer.Local, Traits = BoxTraits.ConcurrencySafe)]
public static unsafe class BigCache
{
    private const uint MaxSlots = 32;
    private const uint LeastRest = 8;   // of a mapping that is cut an eighth of the block at least, or it is not worth a piece of its own
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
            if (alignment > Chunk.OsPageBytes || !TryGrowCached<TConfig>(state, bytes, out start, out used))
            {
                if (!TConfig.TryCharge(bytes, out nuint charged)) return null;
                start = Map<TConfig>(bytes, alignment);
                if (start != null) Interlocked.Add(ref state->LiveBytes, (long)bytes);
                TConfig.SettleCharge(charged);
                if (start == null) return null;
                used = 0;
            }

            mapped = bytes;
        }

        SpaceState* space = TConfig.Space;
        SpinLock.Enter<TConfig>(&space->BigLock);
        bool room = TryMakeRoom<TConfig>(space);
        if (room) Insert(space, start, mapped, TConfig.Composition->Id);
        SpinLock.Exit<TConfig>(&space->BigLock);
        if (!room)
        {
            UnmapLive<TConfig>(start, mapped);
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
            UnmapLive<TConfig>((byte*)block, bytes);
        }

        Drain<TConfig>(false);
    }

    /// <summary>
    /// Fits a big block to a new size, contents kept: the end of a shorter one goes back, a longer one takes what the cache has behind it, or else its mapping is moved. Null when it must be copied by the caller; it is as it was then, or longer.
    /// </summary>
    public static void* TryResize<TConfig>(void* block, nuint size)
        where TConfig : struct, IAllocatorConfig
    {
        if (size > MaxBytes) return null;
        nuint bytes = Chunk.WholePages(size);
        nuint before = UsableSize<TConfig>(block);
        if (bytes == before) return block;
        if (bytes < before)
        {
            Shrink<TConfig>((byte*)block, before, bytes);
            return block;
        }

        before += TakeBehind<TConfig>((byte*)block, before, bytes - before);
        return before >= bytes ? block : Remap<TConfig>((byte*)block, before, bytes);
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
                _ = TakeFront(state, i, taken.Bytes);
                break;
            }

            SpinLock.Exit<TConfig>(&state->Lock);
            if (taken.Start == null) return;
            UnmapLive<TConfig>(taken.Start, taken.Bytes);
        }
    }

    private static void Shrink<TConfig>(byte* block, nuint before, nuint bytes)
        where TConfig : struct, IAllocatorConfig
    {
        SpaceState* space = TConfig.Space;
        SpinLock.Enter<TConfig>(&space->BigLock);
        SetBytes(space, block, bytes);
        UnmapLive<TConfig>(block + bytes, before - bytes);   // under the lock, so that a fork does not come between
        SpinLock.Exit<TConfig>(&space->BigLock);
    }

    // The caller resizes the block, so nobody else does. Under the table's lock.
    private static void SetBytes(SpaceState* space, byte* block, nuint bytes)
    {
        BigBlock* entry = SpaceState.FindBig(space, block);
        if (entry == null) return;
        Count(space, entry, 0, (long)bytes - (long)entry->Bytes);
        entry->Bytes = bytes;
    }

    private static void* Remap<TConfig>(byte* block, nuint before, nuint bytes)
        where TConfig : struct, IAllocatorConfig
    {
        if (!TConfig.TryCharge(bytes - before, out nuint charged)) return null;

        // The table's lock is held across the move, so that nobody finds the address taken by a new mapping under the old entry.
        SpaceState* space = TConfig.Space;
        SpinLock.Enter<TConfig>(&space->BigLock);
        BigBlock* entry = SpaceState.FindBig(space, block);
        byte* moved = entry == null ? null : TConfig.OsRemap(block, before, bytes, true);
        if (moved != null)
        {
            Count(space, entry, 0, (long)bytes - (long)before);
            Interlocked.Add(ref TConfig.BigCacheState->LiveBytes, (long)bytes - (long)before);   // under the lock, so that a fork does not come between
        }

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

        SpinLock.Exit<TConfig>(&space->BigLock);
        TConfig.SettleCharge(charged);
        return moved;
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

    // Of what counts as live until it is gone, so that a limit never misses it.
    private static void UnmapLive<TConfig>(byte* start, nuint bytes)
        where TConfig : struct, IAllocatorConfig
    {
        Unmap<TConfig>(start, bytes);
        Interlocked.Add(ref TConfig.BigCacheState->LiveBytes, -(long)bytes);
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

    // The shortest that is long enough. What it takes is among the live bytes then.
    private static bool TryTakeCached<TConfig>(SharedState* state, nuint bytes, nuint alignment, out byte* start, out nuint mapped)
        where TConfig : struct, IAllocatorConfig
    {
        start = null;
        mapped = 0;
        if (state->Count == 0) return false;
        SpinLock.Enter<TConfig>(&state->Lock);
        Slot* slots = SharedState.Slots(state);
        uint best = MaxSlots;
        for (uint i = 0; i < state->Count; i++)
        {
            if (slots[i].Bytes < bytes || ((nuint)slots[i].Start & (alignment - 1)) != 0) continue;
            if (best == MaxSlots || slots[i].Bytes < slots[best].Bytes) best = i;
        }

        if (best != MaxSlots)
        {
            start = slots[best].Start;
            mapped = TakeFront(state, best, bytes);
            state->Hits++;
        }

        SpinLock.Exit<TConfig>(&state->Lock);
        return start != null;
    }

    // Makes a block longer by what is kept right behind it: by so many bytes or a few more, or fewer if there are no more. Returns by how many.
    private static nuint TakeBehind<TConfig>(byte* block, nuint before, nuint bytes)
        where TConfig : struct, IAllocatorConfig
    {
        SharedState* state = TConfig.BigCacheState;
        nuint taken = 0;
        if (state->Count == 0) return 0;
        SpinLock.Enter<TConfig>(&state->Lock);
        Slot* slots = SharedState.Slots(state);
        for (uint i = 0; i < state->Count && taken == 0; i++)
        {
            if (slots[i].Start == block + before) taken = TakeFront(state, i, bytes);
        }

        if (taken != 0)
        {
            SpaceState* space = TConfig.Space;
            state->Hits++;
            SpinLock.Enter<TConfig>(&space->BigLock);
            SetBytes(space, block, before + taken);
            SpinLock.Exit<TConfig>(&space->BigLock);
        }

        SpinLock.Exit<TConfig>(&state->Lock);
        return taken;
    }

    // The largest of the smaller mappings, made as long as wanted: where each block is a little larger than the one before, none of the freed ones would serve, and each would be touched anew. Among the live bytes then; used is its old length.
    private static bool TryGrowCached<TConfig>(SharedState* state, nuint bytes, out byte* start, out nuint used)
        where TConfig : struct, IAllocatorConfig
    {
        start = null;
        used = 0;
        if (state->Count == 0) return false;
        SpinLock.Enter<TConfig>(&state->Lock);
        Slot* slots = SharedState.Slots(state);
        uint best = MaxSlots;
        for (uint i = 0; i < state->Count; i++)
        {
            if (slots[i].Bytes >= bytes || slots[i].Bytes < bytes / 2) continue;
            if (best == MaxSlots || slots[i].Bytes > slots[best].Bytes) best = i;
        }

        byte* taken = best == MaxSlots ? null : slots[best].Start;
        if (taken != null)
        {
            used = TakeFront(state, best, slots[best].Bytes);
            state->Hits++;
        }

        SpinLock.Exit<TConfig>(&state->Lock);
        if (taken == null) return false;
        if (TConfig.TryCharge(bytes - used, out nuint charged)) start = TConfig.OsRemap(taken, used, bytes, true);
        if (start != null) Interlocked.Add(ref state->LiveBytes, (long)(bytes - used));
        else UnmapLive<TConfig>(taken, used);
        TConfig.SettleCharge(charged);
        return start != null;
    }

    // What it keeps is not among the live bytes any more.
    private static bool TryCache<TConfig>(SharedState* state, byte* start, nuint bytes)
        where TConfig : struct, IAllocatorConfig
    {
        if (bytes > TConfig.BigCacheBytes) return false;

        // Without the lock a guess: what a guard does to memory that is kept may be long, and touches all of it.
        bool likely = bytes <= state->KeepUpTo && state->Bytes + bytes <= TConfig.BigCacheBytes;
        if (likely) TConfig.OnKeepSpan(start, bytes);
        ulong time = TConfig.OsMilliseconds();
        SpinLock.Enter<TConfig>(&state->Lock);
        bool first = bytes > state->KeepUpTo;
        if (first) state->KeepUpTo = 2 * bytes;
        bool room = likely && !first && state->Bytes + bytes <= TConfig.BigCacheBytes && TryKeep(state, start, bytes, time);
        if (room) Interlocked.Add(ref state->LiveBytes, -(long)bytes);   // after that, so that a limit never misses it, and under the lock, so that a fork does not come between
        SpinLock.Exit<TConfig>(&state->Lock);
        return room;
    }

    // Puts a mapping into the cache, in one piece with its neighbours there. False when it has none and the cache is full. Under its lock.
    private static bool TryKeep(SharedState* state, byte* start, nuint bytes, ulong time)
    {
        Slot* slots = SharedState.Slots(state);
        Slot whole;
        whole.Start = start;
        whole.Bytes = bytes;
        whole.FreedAt = time;
        for (uint i = state->Count; i-- != 0;)
        {
            bool before = slots[i].Start + slots[i].Bytes == start;
            if (!before && slots[i].Start != start + bytes) continue;
            if (before) whole.Start = slots[i].Start;
            whole.Bytes += slots[i].Bytes;
            Take(state, i);
        }

        if (state->Count == MaxSlots) return false;
        slots[state->Count++] = whole;
        state->Bytes += whole.Bytes;
        return true;
    }

    // The front of a mapping, or where it is shorter or too little would be left of it all: how many bytes. Among the live bytes before it leaves the cache, so that a limit never misses it. Under its lock.
    private static nuint TakeFront(SharedState* state, uint index, nuint bytes)
    {
        Slot* slot = SharedState.Slots(state) + index;
        nuint rest = slot->Bytes > bytes ? slot->Bytes - bytes : 0;
        bool cut = rest > bytes / LeastRest;
        nuint taken = cut ? bytes : slot->Bytes;
        Interlocked.Add(ref state->LiveBytes, (long)taken);
        if (cut)
        {
            slot->Start += taken;
            slot->Bytes = rest;
            state->Bytes -= taken;
        }
        else
        {
            Take(state, index);
        }

        return taken;
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
