using System.Threading;

namespace HakMem.Boxes;

/// <summary>
/// Box of layer Diagnostics: counts which stage served each refill, which way each free went, and where slow paths ended early. Plain additions by
/// the running thread or under the heap's lock; exact sums need threads at rest. An allocation that hits is not counted: hits follow from what went
/// into the stacks and what is left there. State: <see cref="HeapState"/>, <see cref="SharedState"/>.
/// </summary>
[Box(BoxLayer.Diagnostics, Switch = "HakMemDebugCounters", Flavors = "profile,debug")]
public static unsafe class DebugCounters
{
    private const uint StageCount = (uint)RefillStage.Arena + 1, ExitCount = (uint)SlowExit.FlushedElsewhere + 1;

    /// <summary>The counters of a heap, or a sum of them.</summary>
    public struct HeapState
    {
        /// <summary>Blocks that went from the front stacks to users: hits and misses. In sums only, where it follows from the others.</summary>
        public ulong FrontAllocs;

        /// <summary>Allocations served by a front stack at once. In sums only.</summary>
        public ulong FrontHits;

        /// <summary>SuperSlabs taken from the address space, because the arena had no span that fits. In sums only.</summary>
        public ulong SuperSlabs;

        /// <summary>Allocations that found the front stack empty.</summary>
        public ulong FrontMisses;

        /// <summary>Frees taken by a front stack at once.</summary>
        public ulong FrontFrees;

        /// <summary>Frees that found the front stack full, and went there after a flush or after it had grown.</summary>
        public ulong FlushingFrees;

        /// <summary>Refills of a front stack.</summary>
        public ulong Refills;

        /// <summary>Blocks moved by these.</summary>
        public ulong RefilledBlocks;

        /// <summary>Blocks cut for users who want zeros, past the front.</summary>
        public ulong CarvedZeroed;

        /// <summary>Flushes of a front stack.</summary>
        public ulong Flushes;

        /// <summary>Blocks moved by these.</summary>
        public ulong FlushedBlocks;

        /// <summary>Blocks in stacks that were given up with their first-class heap.</summary>
        public ulong DiscardedBlocks;

        /// <summary>Frees of blocks of other heaps.</summary>
        public ulong RemoteFrees;

        /// <summary>Collections of the inbox.</summary>
        public ulong Collects;

        /// <summary>Blocks that came by these.</summary>
        public ulong CollectedBlocks;

        /// <summary>Slabs cut for a class.</summary>
        public ulong NewSlabs;

        /// <summary>Empty slabs given up.</summary>
        public ulong RetiredSlabs;

        /// <summary>Large blocks allocated.</summary>
        public ulong LargeAllocs;

        /// <summary>Large blocks freed.</summary>
        public ulong LargeFrees;

        internal fixed ulong Stages[(int)StageCount];
        internal fixed ulong Exits[(int)ExitCount];
    }

    /// <summary>The counters of the composition.</summary>
    public struct SharedState
    {
        /// <summary>SuperSlabs taken from the address space.</summary>
        public long SuperSlabs;
    }

    /// <summary>How many slabs refills took from a stage. The partial list's are those of the bin itself: what later stages found is counted there.</summary>
    public static ulong SlabsFrom(HeapState* state, RefillStage stage)
    {
        ulong slabs = state->Stages[(uint)stage];
        if (stage == RefillStage.Arena) return slabs - state->Exits[(uint)SlowExit.FailedRefill];
        if (stage != RefillStage.PartialList) return slabs;
        for (RefillStage later = RefillStage.WarmPool; later <= RefillStage.Arena; later++) slabs -= SlabsFrom(state, later);
        return slabs;
    }

    /// <summary>How often a slow path ended early somewhere.</summary>
    public static ulong ExitsBy(HeapState* state, SlowExit exit) => state->Exits[(uint)exit];

    /// <summary>Adds the counters of one heap to a sum.</summary>
    public static void Accumulate<TConfig>(HeapState* into, HeapState* from, ThreadHeap* heap)
        where TConfig : struct, IAllocatorConfig
    {
        ulong* sum = (ulong*)into;
        ulong* one = (ulong*)from;
        for (uint i = 0; i < (uint)sizeof(HeapState) / sizeof(ulong); i++) sum[i] += one[i];

        // A block that came into a stack and is neither there nor went back is with a user.
        long left = (long)(from->RefilledBlocks + from->FrontFrees + from->FlushingFrees - from->FlushedBlocks - from->DiscardedBlocks);
        for (uint sizeClass = 1; sizeClass < SizeClasses.Count; sizeClass++) left -= TConfig.CountFront(heap, sizeClass);
        if (left < 0) left = 0;   // its thread may be moving a stack
        ulong missed = from->FrontMisses - from->Exits[(uint)SlowExit.FailedRefill];
        into->FrontAllocs += (ulong)left;
        into->FrontHits += (ulong)left > missed ? (ulong)left - missed : 0;
    }

    /// <summary>Adds the composition's counters to a sum.</summary>
    public static void AccumulateShared(HeapState* into, SharedState* from) => into->SuperSlabs += (ulong)from->SuperSlabs;

    /// <inheritdoc cref="IAllocatorConfig.OnFrontMiss"/>
    public static void OnFrontMiss(HeapState* state) => state->FrontMisses++;

    /// <inheritdoc cref="IAllocatorConfig.OnFrontPush"/>
    public static void OnFrontPush(HeapState* state) => state->FrontFrees++;

    /// <inheritdoc cref="IAllocatorConfig.OnFlushPush"/>
    public static void OnFlushPush(HeapState* state) => state->FlushingFrees++;

    /// <inheritdoc cref="IAllocatorConfig.OnRefill"/>
    public static void OnRefill(HeapState* state, uint blocks)
    {
        state->Refills++;
        state->RefilledBlocks += blocks;
    }

    /// <inheritdoc cref="IAllocatorConfig.OnCarveZeroed"/>
    public static void OnCarveZeroed(HeapState* state) => state->CarvedZeroed++;

    /// <inheritdoc cref="IAllocatorConfig.OnFill"/>
    public static void OnFill(HeapState* state, Bin* bin)
    {
        if (bin->Current != null) state->Stages[(uint)RefillStage.CurrentSlab]++;
    }

    /// <inheritdoc cref="IAllocatorConfig.OnFillFrom"/>
    public static void OnFillFrom(HeapState* state, Slab* slab, bool collected)
    {
        RefillStage stage = slab->Place == SlabPlace.Sparse ? RefillStage.SparseList : collected ? RefillStage.Inbox : RefillStage.PartialList;
        state->Stages[(uint)stage]++;
    }

    /// <inheritdoc cref="IAllocatorConfig.OnRefillStage"/>
    public static void OnRefillStage(HeapState* state, RefillStage stage) => state->Stages[(uint)stage]++;

    /// <inheritdoc cref="IAllocatorConfig.OnSlowExit"/>
    public static void OnSlowExit(HeapState* state, SlowExit exit) => state->Exits[(uint)exit]++;

    /// <inheritdoc cref="IAllocatorConfig.OnFlush"/>
    public static void OnFlush(HeapState* state, uint blocks)
    {
        state->Flushes++;
        state->FlushedBlocks += blocks;
    }

    /// <inheritdoc cref="IAllocatorConfig.OnDiscard"/>
    public static void OnDiscard<TConfig>(HeapState* state, ThreadHeap* heap, uint sizeClass)
        where TConfig : struct, IAllocatorConfig
        => state->DiscardedBlocks += TConfig.CountFront(heap, sizeClass);

    /// <inheritdoc cref="IAllocatorConfig.OnRemoteFree"/>
    public static void OnRemoteFree(HeapState* state) => state->RemoteFrees++;

    /// <inheritdoc cref="IAllocatorConfig.OnCollect"/>
    public static void OnCollect(HeapState* state, uint blocks)
    {
        state->Collects++;
        state->CollectedBlocks += blocks;
    }

    /// <inheritdoc cref="IAllocatorConfig.OnNewSlab"/>
    public static void OnNewSlab(HeapState* state) => state->NewSlabs++;

    /// <inheritdoc cref="IAllocatorConfig.OnRetireSlab"/>
    public static void OnRetireSlab(HeapState* state) => state->RetiredSlabs++;

    /// <inheritdoc cref="IAllocatorConfig.OnNewSuperSlab"/>
    public static void OnNewSuperSlab(SharedState* state) => Interlocked.Increment(ref state->SuperSlabs);

    /// <inheritdoc cref="IAllocatorConfig.OnAllocLarge"/>
    public static void OnAllocLarge(HeapState* state) => state->LargeAllocs++;

    /// <inheritdoc cref="IAllocatorConfig.OnFreeLarge"/>
    public static void OnFreeLarge(HeapState* state) => state->LargeFrees++;
}
