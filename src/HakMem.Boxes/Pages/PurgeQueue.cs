using System.Numerics;
using System.Runtime.InteropServices;
using System.Threading;

namespace HakMem.Boxes;

/// <summary>
/// Box of layer Pages: SuperSlabs with dirty free chunks wait here, first come first served, until one of these has been free for the purge delay; then each run of
/// neighbours that have goes back to the OS in one call, without any lock held and hidden from every taker meanwhile. A chunk that is used again in time begins anew. Where the composition wants
/// it, a chunk is cleared instead the first time, to serve who wants zeros, and goes back when it waited once more. Where it wants huge pages, 2 MiB go back whole, once all of their chunks have waited. Any thread's slow path may do it. State: <see cref="SharedState"/> and the queue links, under the arena's lock.
/// </summary>
[Box(BoxLayer.Pages, Traits = BoxTraits.ConcurrencySafe)]
public static unsafe class PurgeQueue
{
    private const uint GiveBackProbes = 8;

    /// <summary>What the purge queue keeps in each composition.</summary>
    public struct SharedState
    {
        /// <summary>The SuperSlab that waits longest.</summary>
        public SuperSlab* Head;

        /// <summary>The SuperSlab that came last.</summary>
        public SuperSlab* Tail;

        /// <summary>The deadline of <see cref="Head"/>; 0 when the queue is empty. Read without the lock.</summary>
        public ulong Deadline;

        /// <summary>Chunks purged so far.</summary>
        public ulong PurgedChunks;
    }

    /// <summary>Puts a SuperSlab with dirty free chunks into the queue, if it is not there yet. Under the arena's lock.</summary>
    public static void Add<TConfig>(SuperSlab* superSlab)
        where TConfig : struct, IAllocatorConfig
    {
        if (!superSlab->Queued) Append(TConfig.PurgeQueueState, superSlab, TConfig.OsMilliseconds() + TConfig.Composition->PurgeDelay);
    }

    private static void Append(SharedState* queue, SuperSlab* superSlab, ulong deadline)
    {
        superSlab->Queued = true;
        superSlab->Deadline = deadline;
        superSlab->QueueNext = null;
        if (queue->Head == null)
        {
            queue->Head = superSlab;
            Volatile.Write(ref queue->Deadline, superSlab->Deadline + 1);
        }
        else
        {
            queue->Tail->QueueNext = superSlab;
        }

        queue->Tail = superSlab;
    }

    /// <summary>Purges what is due, or with <paramref name="now"/> everything, prefaulted chunks that were never used too: those do not go back by time, or they would have been prefaulted for nothing. No lock may be held. A refusal of the OS leaves the chunks dirty and loses nothing.</summary>
    public static void Poll<TConfig>(bool now)
        where TConfig : struct, IAllocatorConfig
    {
        SharedState* queue = TConfig.PurgeQueueState;
        if (now) TConfig.QueueUnusedChunks();
        ulong deadline = Volatile.Read(ref queue->Deadline);
        if (deadline == 0) return;
        ulong time = TConfig.OsMilliseconds();
        if (!now && (time < deadline || !TConfig.Composition->PurgeEnabled)) return;

        PageArena.SharedState* arena = TConfig.PageArenaState;
        while (TryPop<TConfig>(arena, queue, time, now, out SuperSlab* superSlab, out uint mask, out uint cleared))
        {
            if (mask == 0) continue;   // taken again meanwhile: nothing is hidden, so there is nothing to show
            uint refused = 0;
            for (uint left = mask & ~cleared; left != 0;)
            {
                uint run = FirstRun(left, out uint first, out uint count);
                if (!TConfig.OsPurge(PageMap.Address<TConfig>(superSlab->FirstChunk + first), (nuint)count << Chunk.Log2)) refused |= run;
                left &= ~run;
            }

            for (uint left = cleared; left != 0;)
            {
                uint run = FirstRun(left, out uint first, out uint count);
                NativeMemory.Clear(PageMap.Address<TConfig>(superSlab->FirstChunk + first), (nuint)count << Chunk.Log2);
                left &= ~run;
            }

            SpinLock.Enter<TConfig>(&arena->Lock);
            TConfig.ShowChunks(superSlab, mask, refused, cleared);
            SuperSlab.Stamp(superSlab, refused | cleared, time);
            queue->PurgedChunks += (uint)BitOperations.PopCount(mask & ~(refused | cleared));
            if ((refused | cleared) != 0) TConfig.QueuePurge(superSlab);
            SpinLock.Exit<TConfig>(&arena->Lock);
            if (refused != 0) break;   // it would be refused again at once
        }

        TConfig.ReleaseUnusedSuperSlabs();
        TConfig.DrainBig(false);
    }

    /// <summary>Purges up to so many dirty chunks, of those that wait longest, whether they are due or not. No lock may be held. A refusal of the OS leaves them dirty.</summary>
    public static void GiveBack<TConfig>(uint chunks)
        where TConfig : struct, IAllocatorConfig
    {
        SharedState* queue = TConfig.PurgeQueueState;
        PageArena.SharedState* arena = TConfig.PageArenaState;
        while (chunks != 0)
        {
            SpinLock.Enter<TConfig>(&arena->Lock);
            SuperSlab* superSlab = queue->Head;
            for (uint probes = GiveBackProbes; superSlab != null && superSlab->Dirty == 0; probes--) superSlab = probes != 0 ? superSlab->QueueNext : null;
            uint mask = 0, first = 0, count = 0;
            if (superSlab != null)
            {
                _ = FirstRun(superSlab->Dirty, out first, out count);
                if (count > chunks) count = chunks;
                mask = Bits.Run(first, count);
                TConfig.HideChunks(superSlab, mask);
            }

            SpinLock.Exit<TConfig>(&arena->Lock);
            if (mask == 0) return;
            bool purged = TConfig.OsPurge(PageMap.Address<TConfig>(superSlab->FirstChunk + first), (nuint)count << Chunk.Log2);
            SpinLock.Enter<TConfig>(&arena->Lock);
            TConfig.ShowChunks(superSlab, mask, purged ? 0 : mask, 0);
            if (purged) queue->PurgedChunks += count;
            else TConfig.QueuePurge(superSlab);
            SpinLock.Exit<TConfig>(&arena->Lock);
            if (!purged) return;
            chunks -= count;
        }
    }

    // The lowest run of neighbours: its mask, its first chunk and how many there are.
    private static uint FirstRun(uint mask, out uint first, out uint count)
    {
        first = (uint)BitOperations.TrailingZeroCount(mask);
        count = (uint)BitOperations.TrailingZeroCount(~((ulong)mask >> (int)first));
        return Bits.Run(first, count);
    }

    private static bool TryPop<TConfig>(PageArena.SharedState* arena, SharedState* queue, ulong time, bool now, out SuperSlab* superSlab, out uint mask, out uint cleared)
        where TConfig : struct, IAllocatorConfig
    {
        SpinLock.Enter<TConfig>(&arena->Lock);
        superSlab = queue->Head;
        mask = cleared = 0;
        bool due = superSlab != null && (now || superSlab->Deadline <= time);
        if (due)
        {
            queue->Head = superSlab->QueueNext;
            Volatile.Write(ref queue->Deadline, queue->Head == null ? 0 : queue->Head->Deadline + 1);
            superSlab->Queued = false;
            mask = Due<TConfig>(superSlab, time, now, out cleared, out ulong next);
            if (mask != 0) TConfig.HideChunks(superSlab, mask);
            if (next != 0) Append(queue, superSlab, next);   // later than now, or this would not end
        }

        SpinLock.Exit<TConfig>(&arena->Lock);
        return due;
    }

    // The chunks whose time has come, those of them that are to be cleared, and when to look again; 0 for not before another chunk is freed.
    private static uint Due<TConfig>(SuperSlab* superSlab, ulong time, bool now, out uint cleared, out ulong next)
        where TConfig : struct, IAllocatorConfig
    {
        Composition* composition = TConfig.Composition;
        uint waiting = superSlab->Dirty | superSlab->Zeroed, due = waiting, delay = composition->PurgeDelay;
        cleared = 0;
        next = 0;

        // A huge page goes back whole or not at all: what stays is queued again with the next chunk that is freed.
        bool huge = composition->HugePages == HugePagePolicy.Always;
        if (waiting == 0 || (huge && superSlab->Free != uint.MaxValue)) return 0;
        for (uint left = now ? 0 : waiting; left != 0; left &= left - 1)
        {
            int chunk = BitOperations.TrailingZeroCount(left);
            uint age = SuperSlab.Age(superSlab, chunk, time);
            if (age >= delay) continue;
            due &= ~(1u << chunk);
            ulong at = time + (delay - age);
            if (next == 0 || at < next) next = at;
        }

        if (composition->PreZero && !now) cleared = due & superSlab->Dirty;
        if (!huge) return due;
        return cleared != 0 ? cleared : due == waiting ? uint.MaxValue : 0;
    }
}
