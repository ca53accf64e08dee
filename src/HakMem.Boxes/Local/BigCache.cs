using System.Runtime.InteropServices;
using System.Threading;

namespace HakMem.Boxes;

/// <summary>
/// Box of layer Local: blocks above 2 MiB, those that grow by a copy from 256 KiB on, and any block when the reserved range cannot serve, each with a mapping of its own, found again
/// by a hash table by address that all compositions share, also when they shrink. Freed ones are kept for reuse, whole or in parts, bounded in bytes and aged, but for the first of its size; nothing of
/// this is on the path of small blocks. State: the table in <see cref="SpaceState"/> under its lock, <see cref="SharedState"/> under its own.
/// </summary>
[Box(BoxLayer.Local, Traits = BoxTraits.ConcurrencySafe)]
public static unsafe partial class BigCache
{
    private const uint MaxSlots = 32;
    private const uint SlotsPerLock = 1024, Rounds = 4;
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

        /// <summary>How often a block took a mapping, or a part of one, from the cache.</summary>
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
}
