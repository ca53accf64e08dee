using System.Threading;

namespace HakMem.Boxes;

/// <summary>
/// Box of layer Shared: knows every heap of a composition, gives a thread its heap, and takes the heaps of ended threads over (T7): only when
/// the OS has marked the thread's end and knows no such thread any more. A heap is taken over whole by the next new thread, stacks
/// and slabs and all; until then its partly used slabs may move to other heaps (T6). State: <see cref="SharedState"/> under its lock,
/// the first in the order; heaps are linked once and never unlinked, so the list is walked without it.
/// </summary>
[Box(BoxLayer.Shared, Traits = BoxTraits.ConcurrencySafe)]
public static unsafe class HeapRegistry
{
    private const uint Probes = 4, AttachProbes = 64, FreeProbes = 4, EmptyProbes = 16;
    private const uint EndingWaits = 4;

    /// <summary>What the registry keeps in each composition.</summary>
    public struct SharedState
    {
        /// <summary>Guards this state and the heaps' lives.</summary>
        public int Lock;

        /// <summary>The thread-specific key that marks the ends of threads, plus one.</summary>
        public uint EndKey;

        /// <summary>The number of heaps.</summary>
        public uint Heaps;

        /// <summary>The heaps without a thread.</summary>
        public uint FreeHeaps;

        /// <summary>How often a heap of an ended thread was taken over.</summary>
        public ulong Adoptions;

        /// <summary>How many slabs moved from a heap without a thread to another heap.</summary>
        public ulong Migrations;

        /// <summary>The heap made last.</summary>
        public ThreadHeap* First;

        /// <summary>The list of heaps without a thread: those of ended threads, the latest first, then those that were released, the latest last.</summary>
        public ThreadHeap* FirstFree;

        /// <summary>Its end.</summary>
        public ThreadHeap* LastFree;

        /// <summary>Where the next look through that list for a slab goes on; null is its start.</summary>
        public ThreadHeap* FreeCursor;

        /// <summary>Where the next look for an empty heap goes on, towards the start; null is the list's end.</summary>
        public ThreadHeap* EmptyCursor;

        /// <summary>The list of first-class heaps that were destroyed, or released and found empty, and wait for use.</summary>
        public ThreadHeap* FirstSpare;

        /// <summary>The heaps in it.</summary>
        public uint SpareHeaps;

        /// <summary>Where the next probe for ended threads begins.</summary>
        public ThreadHeap* Cursor;
    }

    /// <summary>The state of a composition, made by its first use. Null when the OS refuses.</summary>
    public static Composition* Open<TConfig>(SpaceState* space)
        where TConfig : struct, IAllocatorConfig
    {
        uint id = TConfig.NewOwner(space, 0);
        if (id == 0) return null;
        Composition* composition = (Composition*)TConfig.TakeMeta(space, TConfig.CompositionBytes);
        if (composition == null)
        {
            TConfig.ReturnOwner(space, id);
            return null;
        }

        composition->Id = id;
        composition->PurgeDelay = TConfig.PurgeDelay;
        composition->PurgeEnabled = TConfig.Purge != 0;
        composition->SoftLimit = composition->HardLimit = ulong.MaxValue;
        composition->HugePages = (HugePagePolicy)TConfig.HugePages;
        composition->Prefault = TConfig.Prefault != 0;
        composition->PreZero = TConfig.PreZero != 0;
        TConfig.HostConfigure(composition);
        return composition;
    }

    /// <summary>A heap for the calling thread: one whose thread ended, or a new one. Null when the OS refuses.</summary>
    public static ThreadHeap* Attach<TConfig>()
        where TConfig : struct, IAllocatorConfig
    {
        if (TConfig.Composition == null) return null;
        SharedState* registry = TConfig.RegistryState;
        uint thread = TConfig.OsThreadId();
        ThreadHeap* heap = TakeOver<TConfig>(registry, thread, out bool ending);

        // A thread in its last moments leaves a heap in a moment: cheaper to wait for than to make one more. When many threads end and begin at once, heaps would add up.
        for (uint wait = 0; heap == null && ending && wait < EndingWaits; wait++)
        {
            TConfig.OsWait(SpinLock.YieldAttempt);
            heap = TakeOver<TConfig>(registry, thread, out ending);
        }

        // What the thread before left empty is for all: a heap that passes from thread to thread starts small each time.
        if (heap != null) Empty<TConfig>(heap);
        else heap = Create<TConfig>(registry, thread);
        if (heap != null) TConfig.OsWatchThreadEnd(&registry->EndKey, &heap->EndMark);
        return heap;
    }

    /// <summary>A heap without a thread and without anything in it, to be a first-class heap: a destroyed one, one that was released and is empty by now, or a new one. Null when the OS refuses.</summary>
    public static ThreadHeap* TakeSpare<TConfig>()
        where TConfig : struct, IAllocatorConfig
    {
        if (TConfig.Composition == null) return null;
        SharedState* registry = TConfig.RegistryState;
        SpinLock.Enter<TConfig>(&registry->Lock);
        ThreadHeap* heap = registry->FirstSpare;
        if (heap != null)
        {
            registry->FirstSpare = heap->NextFree;
            registry->SpareHeaps--;
        }
        else
        {
            heap = TakeEmpty<TConfig>(registry);
        }

        if (heap != null) Activate(heap, 0);
        SpinLock.Exit<TConfig>(&registry->Lock);
        return heap != null ? heap : Create<TConfig>(registry, 0);
    }

    /// <summary>Keeps an empty first-class heap for use.</summary>
    public static void PutSpare<TConfig>(ThreadHeap* heap)
        where TConfig : struct, IAllocatorConfig
    {
        SharedState* registry = TConfig.RegistryState;
        SpinLock.Enter<TConfig>(&registry->Lock);
        Keep(registry, heap);
        SpinLock.Exit<TConfig>(&registry->Lock);
    }

    /// <summary>
    /// Takes a heap that nobody runs on any more, blocks and all, as if its thread had ended. With <paramref name="reusable"/> it may be first-class again once it is empty. No lock may be held.
    /// </summary>
    public static void Abandon<TConfig>(ThreadHeap* heap, bool reusable)
        where TConfig : struct, IAllocatorConfig
    {
        SharedState* registry = TConfig.RegistryState;
        SpinLock.Enter<TConfig>(&registry->Lock);
        heap->Reusable = reusable;
        Retire<TConfig>(registry, heap);
        SpinLock.Exit<TConfig>(&registry->Lock);
    }

    /// <summary>The heap made last; the others follow by <see cref="ThreadHeap.NextInComposition"/>.</summary>
    public static ThreadHeap* First<TConfig>()
        where TConfig : struct, IAllocatorConfig
        => TConfig.Composition == null ? null : (ThreadHeap*)Volatile.Read(ref *(nint*)&TConfig.RegistryState->First);

    /// <summary>
    /// T6: takes a slab with free blocks of a class from a heap without a thread: under that heap's lock its owner and page-map entries
    /// change; the caller links it under the lock of its own heap. Whoever still meets the slab under the old owner sends to the new one. No lock may be held.
    /// </summary>
    public static bool TryAdoptSlab<TConfig>(ThreadHeap* heap, uint sizeClass, out Slab* slab)
        where TConfig : struct, IAllocatorConfig
    {
        slab = null;
        SharedState* registry = TConfig.RegistryState;
        if (registry->Heaps <= 1 || heap->Kind == HeapKind.FirstClass) return false;   // what others left must not die with such a heap
        SpinLock.Enter<TConfig>(&registry->Lock);
        ThreadHeap* ended = ProbeEnded<TConfig>(registry, Probes, 0, out _);
        if (ended != null) Retire<TConfig>(registry, ended);

        // A few of those that ended last, then a few more, further on each time: what the first of many heaps have not, others may.
        ThreadHeap* free = registry->FirstFree;
        for (uint probes = FreeProbes; free != null && probes != 0 && slab == null; free = free->NextFree, probes--) slab = TakeSlab<TConfig>(registry, free, heap, sizeClass);
        if (slab == null && free != null)
        {
            if (registry->FreeCursor != null) free = registry->FreeCursor;
            for (uint probes = FreeProbes; free != null && probes != 0; free = free->NextFree, probes--)
            {
                slab = TakeSlab<TConfig>(registry, free, heap, sizeClass);
                if (slab != null) break;   // it may have more
            }

            registry->FreeCursor = free;
        }

        SpinLock.Exit<TConfig>(&registry->Lock);
        TConfig.OnSharedStep();   // the slab is adrift: owned, and in no list yet
        return slab != null;
    }

    // A slab of a heap without a thread, for another heap; null when it has none with free blocks of the class. It waits for a pass that is in the heap: where no fresh memory is left, these blocks are the only ones. Under the registry's lock.
    private static Slab* TakeSlab<TConfig>(SharedState* registry, ThreadHeap* free, ThreadHeap* heap, uint sizeClass)
        where TConfig : struct, IAllocatorConfig
    {
        SpinLock.Enter<TConfig>(&free->Lock);
        TConfig.CollectRemote(free);
        bool taken = TConfig.TryUnlinkSlab(free, sizeClass, out Slab* found);
        if (taken)
        {
            TConfig.OnSharedStep();
            Volatile.Write(ref found->Owner, heap->Id);
            TConfig.OnSharedStep();
            PageMap.Set<TConfig>(found->FirstChunk, TConfig.Classes[sizeClass].Chunks, heap->IdShifted | sizeClass);
            registry->Migrations++;
        }

        SpinLock.Exit<TConfig>(&free->Lock);
        return taken ? found : null;
    }

    /// <summary>
    /// Gives back what can be given: empties the calling thread's caches, takes over the heaps of all ended threads, collects every heap, gives
    /// up empty slabs and purges. The stacks and tables of other running threads are theirs and stay. The heap may be null.
    /// </summary>
    public static void Trim<TConfig>(ThreadHeap* heap)
        where TConfig : struct, IAllocatorConfig
    {
        if (TConfig.Composition == null) return;
        if (heap != null) Empty<TConfig>(heap);

        // Twice: a heap may pass slabs on to one that was visited before it.
        _ = TConfig.ScavengePass(true);
        _ = TConfig.ScavengePass(true);
        TConfig.ReleaseUnusedSuperSlabs();
    }

    /// <summary>
    /// Takes over the heaps of all ended threads: their caches are emptied, their empty slabs given up. Heaps that were released and are empty by now become spare ones, so that who makes heaps need not look for them. No lock may be held.
    /// </summary>
    public static void ReleaseEnded<TConfig>()
        where TConfig : struct, IAllocatorConfig
    {
        SharedState* registry = TConfig.RegistryState;
        for (ThreadHeap* heap = First<TConfig>(); heap != null; heap = heap->NextInComposition)
        {
            if (Volatile.Read(ref heap->EndMark) == 0 && !heap->Reusable) continue;   // a guess without the lock
            SpinLock.Enter<TConfig>(&registry->Lock);
            if (HasEnded<TConfig>(heap, 0))
            {
                Retire<TConfig>(registry, heap);
            }
            else if (heap->Reusable && IsEmpty<TConfig>(heap))
            {
                Unlink(registry, heap);
                Keep(registry, heap);
            }

            SpinLock.Exit<TConfig>(&registry->Lock);
        }
    }

    /// <summary>Whether the composition is there, for who has no heap of it. What is read of it afterwards is as it was made: acquire, pairs with the fence before it is made known.</summary>
    public static bool IsOpen<TConfig>()
        where TConfig : struct, IAllocatorConfig
        => TConfig.Composition != null && Volatile.Read(ref TConfig.Composition->Id) != 0;

    /// <summary>
    /// Adds up the composition. Exact when no other thread allocates or frees; otherwise every number was true at some time during the call.
    /// Under the registry's lock: a scavenger that takes over an ended thread's heap meanwhile, and sends what that was about to, would have blocks counted as in use that are free.
    /// </summary>
    public static void ReadStatistics<TConfig>(ThreadHeap* heap, AllocatorStatistics* statistics)
        where TConfig : struct, IAllocatorConfig
    {
        *statistics = default;
        if (!IsOpen<TConfig>()) return;
        SpaceState* space = TConfig.Space;
        SharedState* registry = TConfig.RegistryState;
        ulong* out_ = stackalloc ulong[(int)SizeClasses.Count];
        ulong* cached = stackalloc ulong[(int)SizeClasses.Count];
        for (uint i = 0; i < SizeClasses.Count; i++) out_[i] = cached[i] = 0;
        SpinLock.Enter<TConfig>(&registry->Lock);
        for (int pass = 0; pass < 2; pass++)
        {
            for (ThreadHeap* other = First<TConfig>(); other != null; other = other->NextInComposition)
            {
                SpinLock.Enter<TConfig>(&other->Lock);
                TConfig.CollectRemote(other);
                if (pass == 1) Count<TConfig>(other, out_, cached, statistics);
                SpinLock.Exit<TConfig>(&other->Lock);
            }
        }

        statistics->Heaps = registry->Heaps;
        statistics->FreeHeaps = registry->FreeHeaps + registry->SpareHeaps;
        statistics->Adoptions = registry->Adoptions;
        statistics->Migrations = registry->Migrations;
        SpinLock.Exit<TConfig>(&registry->Lock);

        for (uint sizeClass = 1; sizeClass < SizeClasses.Count; sizeClass++)
        {
            ulong blocks = out_[sizeClass] > cached[sizeClass] ? out_[sizeClass] - cached[sizeClass] : 0;
            statistics->ClassBlocks[sizeClass] = blocks;
            statistics->InUseBlocks += blocks;
            statistics->InUseBytes += blocks * TConfig.Classes[sizeClass].SizeBytes;
            statistics->CachedBytes += cached[sizeClass] * TConfig.Classes[sizeClass].SizeBytes;
        }

        // The counts of the heaps are in already. A block that came and went while they were read may be missing on one side.
        LargePool.SharedState* large = TConfig.LargePoolState;
        long largeBlocks = (long)statistics->LargeBlocks + Volatile.Read(ref large->Blocks), largeChunks = (long)statistics->LargeBytes + Volatile.Read(ref large->Chunks);
        BigCache.SharedState* big = TConfig.BigCacheState;
        PageArena.SharedState* arena = TConfig.PageArenaState;
        statistics->LargeBlocks = largeBlocks > 0 ? (ulong)largeBlocks : 0;
        statistics->LargeBytes = largeChunks > 0 ? (ulong)largeChunks << Chunk.Log2 : 0;
        statistics->BigBlocks = (ulong)Volatile.Read(ref big->Blocks);
        statistics->BigBytes = (ulong)Volatile.Read(ref big->LiveBytes);
        statistics->InUseBlocks += statistics->LargeBlocks + statistics->BigBlocks;
        statistics->InUseBytes += statistics->LargeBytes + statistics->BigBytes;
        statistics->CachedBytes += big->Bytes;
        statistics->ReservedBytes = ((ulong)space->ChunkCount << Chunk.Log2) + space->TableBytes + statistics->BigBytes + big->Bytes;
        statistics->CommittedBytes += MemoryLimit.Committed<TConfig>();
        if ((long)statistics->CommittedBytes < 0) statistics->CommittedBytes = 0;   // pages that a heap had given back when it was read, of slabs that were given up since
        statistics->PurgedBytes = TConfig.PurgeQueueState->PurgedChunks << Chunk.Log2;
    }

    private static void Count<TConfig>(ThreadHeap* heap, ulong* blocksOut, ulong* cached, AllocatorStatistics* statistics)
        where TConfig : struct, IAllocatorConfig
    {
        for (uint sizeClass = 1; sizeClass < SizeClasses.Count; sizeClass++)
        {
            blocksOut[sizeClass] += *ThreadHeap.Out(heap, sizeClass);
            cached[sizeClass] += TConfig.CountFront(heap, sizeClass);
        }

        TConfig.CountPendingRemote(heap, cached);
        statistics->CommittedBytes -= (ulong)heap->PurgedPages * Chunk.OsPageBytes;
        LargePool.HeapState* large = TConfig.LargePoolOf(heap);
        statistics->CachedBytes += ((ulong)large->Chunks + TConfig.CountWarm(heap)) << Chunk.Log2;
        statistics->LargeBlocks += (ulong)large->LiveBlocks;
        statistics->LargeBytes += (ulong)large->LiveChunks;   // in chunks until all are added up
    }

    // A heap without a thread, or of an ended one, for this thread. Null when there is none; then ending tells that a thread is about to be gone.
    private static ThreadHeap* TakeOver<TConfig>(SharedState* registry, uint thread, out bool ending)
        where TConfig : struct, IAllocatorConfig
    {
        ending = false;
        SpinLock.Enter<TConfig>(&registry->Lock);
        ThreadHeap* heap = registry->FirstFree, ended = null;

        // One that was released only when no thread has left one: else each thread that comes would take one away from those who make heaps, and leave one of its own.
        if (registry->Heaps != 0 && (heap == null || heap->Reusable)) ended = ProbeEnded<TConfig>(registry, registry->Heaps < AttachProbes ? registry->Heaps : AttachProbes, thread, out ending);
        if (ended != null)
        {
            heap = ended;
            registry->Adoptions++;
        }
        else if (heap != null)
        {
            Unlink(registry, heap);
        }

        TConfig.OnSharedStep();
        if (heap != null) Activate(heap, thread);
        SpinLock.Exit<TConfig>(&registry->Lock);
        return heap;
    }

    // A released heap that nothing is in any more; it looks at a few, further on each time. Under the registry's lock.
    private static ThreadHeap* TakeEmpty<TConfig>(SharedState* registry)
        where TConfig : struct, IAllocatorConfig
    {
        ThreadHeap* heap = registry->EmptyCursor != null ? registry->EmptyCursor : registry->LastFree;
        for (uint probes = EmptyProbes; heap != null && heap->Reusable && probes != 0; heap = heap->PreviousFree, probes--)
        {
            if (!IsEmpty<TConfig>(heap)) continue;
            registry->EmptyCursor = heap->PreviousFree;
            Unlink(registry, heap);
            return heap;
        }

        registry->EmptyCursor = heap != null && heap->Reusable ? heap : null;
        return null;
    }

    // Whether no block of a free heap is out, and no large or big one bears its id; what it kept goes back then.
    private static bool IsEmpty<TConfig>(ThreadHeap* heap)
        where TConfig : struct, IAllocatorConfig
    {
        Empty<TConfig>(heap);
        SpinLock.Enter<TConfig>(&heap->Lock);
        ulong blocks = heap->OwnLarge;
        for (uint sizeClass = 1; sizeClass < SizeClasses.Count; sizeClass++) blocks += *ThreadHeap.Out(heap, sizeClass);
        SpinLock.Exit<TConfig>(&heap->Lock);
        return blocks == 0 && Volatile.Read(ref heap->BigBlocks) == 0;   // of a heap that was released it only falls
    }

    private static void Keep(SharedState* registry, ThreadHeap* heap)
    {
        heap->Reusable = false;
        heap->Life = HeapLife.Spare;
        heap->NextFree = registry->FirstSpare;
        registry->FirstSpare = heap;
        registry->SpareHeaps++;
    }

    private static void Unlink(SharedState* registry, ThreadHeap* heap)
    {
        if (heap->PreviousFree != null) heap->PreviousFree->NextFree = heap->NextFree;
        else registry->FirstFree = heap->NextFree;
        if (heap->NextFree != null) heap->NextFree->PreviousFree = heap->PreviousFree;
        else registry->LastFree = heap->PreviousFree;
        if (registry->FreeCursor == heap) registry->FreeCursor = heap->NextFree;
        if (registry->EmptyCursor == heap) registry->EmptyCursor = heap->PreviousFree;
        registry->FreeHeaps--;
    }

    private static ThreadHeap* Create<TConfig>(SharedState* registry, uint thread)
        where TConfig : struct, IAllocatorConfig
    {
        SpaceState* space = TConfig.Space;
        uint id = TConfig.NewOwner(space, TConfig.Composition->Id);
        if (id == 0) return null;
        ThreadHeap* heap = (ThreadHeap*)TConfig.TakeMeta(space, TConfig.HeapBytes);
        if (heap == null)
        {
            TConfig.ReturnOwner(space, id);
            return null;
        }

        space->Owners[id].Heap = heap;
        heap->Id = id;
        heap->IdShifted = id << 8;
        SizeClasses.FillTable(ThreadHeap.ClassTable(heap));
        TConfig.AttachFront(heap);
        Activate(heap, thread);
        SpinLock.Enter<TConfig>(&registry->Lock);
        heap->NextInComposition = registry->First;
        Volatile.Write(ref *(nint*)&registry->First, (nint)heap);   // publishes the heap with its link
        registry->Heaps++;
        SpinLock.Exit<TConfig>(&registry->Lock);
        return heap;
    }

    private static void Activate(ThreadHeap* heap, uint thread)
    {
        ulong* mark = (ulong*)&heap->EndMark;
        mark[0] = mark[1] = mark[2] = mark[3] = 0;
        heap->Thread = thread;
        heap->Life = HeapLife.Active;
        heap->Reusable = false;
    }

    // Looks at a few heaps, further on each time. Ending tells that the thread of one has marked its end and is not gone yet. Under the registry's lock.
    private static ThreadHeap* ProbeEnded<TConfig>(SharedState* registry, uint probes, uint thread, out bool ending)
        where TConfig : struct, IAllocatorConfig
    {
        ending = false;
        for (; probes != 0; probes--)
        {
            ThreadHeap* heap = registry->Cursor != null ? registry->Cursor : registry->First;
            if (heap == null) return null;
            registry->Cursor = heap->NextInComposition;
            if (HasEnded<TConfig>(heap, thread)) return heap;
            ending |= heap->Life == HeapLife.Active && Volatile.Read(ref heap->EndMark) != 0;
        }

        return null;
    }

    // The id is the calling thread's where that has no heap, else 0: a marked heap of this id was its own in an earlier life, or that of a thread that is gone, since two that live have not one id.
    // When another living thread has the id again, and the word does not tell them apart, the heap waits for that one's end, or for one who attaches with it.
    private static bool HasEnded<TConfig>(ThreadHeap* heap, uint thread)
        where TConfig : struct, IAllocatorConfig
        => heap->Life == HeapLife.Active && Volatile.Read(ref heap->EndMark) != 0 && (heap->Thread == thread || TConfig.OsThreadIsGone(heap->Thread, &heap->EndMark));

    // The thread of the heap is gone: what was its alone is ours now. Under the registry's lock.
    private static void Retire<TConfig>(SharedState* registry, ThreadHeap* heap)
        where TConfig : struct, IAllocatorConfig
    {
        Empty<TConfig>(heap);
        TConfig.OnSharedStep();
        heap->Life = HeapLife.Free;
        heap->PreviousFree = heap->Reusable ? registry->LastFree : null;
        heap->NextFree = heap->Reusable ? null : registry->FirstFree;
        if (heap->PreviousFree != null) heap->PreviousFree->NextFree = heap;
        else registry->FirstFree = heap;
        if (heap->NextFree != null) heap->NextFree->PreviousFree = heap;
        else registry->LastFree = heap;
        registry->FreeHeaps++;
        registry->Adoptions++;
    }

    private static void Empty<TConfig>(ThreadHeap* heap)
        where TConfig : struct, IAllocatorConfig
    {
        SpinLock.Enter<TConfig>(&heap->Lock);
        TConfig.SendAllRemote(heap);
        TConfig.FlushAllFronts(heap);
        TConfig.CollectRemote(heap);
        TConfig.RetireEmptySlabs(heap);
        TConfig.DrainWarm(heap);
        TConfig.DrainLarge(heap);
        SpinLock.Exit<TConfig>(&heap->Lock);
    }
}
