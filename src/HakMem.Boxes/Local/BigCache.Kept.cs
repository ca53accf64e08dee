using System.Threading;

namespace HakMem.Boxes;

/// <content>Freed mappings that are kept for the next blocks, in parts. Under the cache's lock.</content>
public static unsafe partial class BigCache
{
    private const nuint WholeChunksFrom = 512 << 10;   // cut to whole chunks: who touches large memory here and there mostly does so at round places, and finds pages there that others have touched
    private const uint LeastRest = 8;   // of a mapping that is cut an eighth of the block at least, or it is not worth a piece of its own

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
        nuint unit = bytes < WholeChunksFrom ? Chunk.OsPageBytes : Chunk.Bytes;
        nuint wanted = (bytes + unit - 1) & ~(unit - 1);
        nuint rest = slot->Bytes > wanted ? slot->Bytes - wanted : 0;
        bool cut = rest > bytes / LeastRest;
        nuint taken = cut ? wanted : slot->Bytes;
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
}
