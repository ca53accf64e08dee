namespace HakMem.Boxes;

/// <summary>
/// Box of layer Diagnostics: counts what each heap does. Plain additions by the running thread or under the heap's lock; exact sums need
/// threads at rest. State: <see cref="HeapState"/>.
/// </summary>
[Box(BoxLayer.Diagnostics, Switch = "HakMemDebugCounters", Flavors = "debug")]
public static unsafe class DebugCounters
{
    /// <summary>The counters of a heap, or a sum of them.</summary>
    public struct HeapState
    {
        /// <summary>Allocations served by a front stack.</summary>
        public ulong FrontHits;

        /// <summary>Allocations that found the front stack empty.</summary>
        public ulong FrontMisses;

        /// <summary>Frees taken by a front stack.</summary>
        public ulong FrontPushes;

        /// <summary>Refills of a front stack.</summary>
        public ulong Refills;

        /// <summary>Blocks moved by these.</summary>
        public ulong RefilledBlocks;

        /// <summary>Flushes of a front stack.</summary>
        public ulong Flushes;

        /// <summary>Blocks moved by these.</summary>
        public ulong FlushedBlocks;

        /// <summary>Frees of blocks of other heaps.</summary>
        public ulong RemoteFrees;

        /// <summary>Collections of the inbox.</summary>
        public ulong Collects;

        /// <summary>Blocks that came by these.</summary>
        public ulong CollectedBlocks;

        /// <summary>Slabs taken from the warm pool.</summary>
        public ulong WarmHits;

        /// <summary>Times the warm pool was empty.</summary>
        public ulong WarmMisses;

        /// <summary>Batches taken from the shared pool.</summary>
        public ulong Prefills;

        /// <summary>Slabs that came by these.</summary>
        public ulong PrefilledSlabs;

        /// <summary>Slabs cut for a class.</summary>
        public ulong NewSlabs;

        /// <summary>Empty slabs given up.</summary>
        public ulong RetiredSlabs;

        /// <summary>Large blocks allocated.</summary>
        public ulong LargeAllocs;

        /// <summary>Large blocks freed.</summary>
        public ulong LargeFrees;
    }

    /// <summary>Adds the counters of one heap to a sum.</summary>
    public static void Accumulate(HeapState* into, HeapState* from)
    {
        ulong* sum = (ulong*)into;
        ulong* one = (ulong*)from;
        for (uint i = 0; i < (uint)sizeof(HeapState) / sizeof(ulong); i++) sum[i] += one[i];
    }

    /// <inheritdoc cref="IAllocatorConfig.OnFrontHit"/>
    public static void OnFrontHit(HeapState* state) => state->FrontHits++;

    /// <inheritdoc cref="IAllocatorConfig.OnFrontMiss"/>
    public static void OnFrontMiss(HeapState* state) => state->FrontMisses++;

    /// <inheritdoc cref="IAllocatorConfig.OnFrontPush"/>
    public static void OnFrontPush(HeapState* state) => state->FrontPushes++;

    /// <inheritdoc cref="IAllocatorConfig.OnRefill"/>
    public static void OnRefill(HeapState* state, uint blocks)
    {
        state->Refills++;
        state->RefilledBlocks += blocks;
    }

    /// <inheritdoc cref="IAllocatorConfig.OnFlush"/>
    public static void OnFlush(HeapState* state, uint blocks)
    {
        state->Flushes++;
        state->FlushedBlocks += blocks;
    }

    /// <inheritdoc cref="IAllocatorConfig.OnRemoteFree"/>
    public static void OnRemoteFree(HeapState* state) => state->RemoteFrees++;

    /// <inheritdoc cref="IAllocatorConfig.OnCollect"/>
    public static void OnCollect(HeapState* state, uint blocks)
    {
        state->Collects++;
        state->CollectedBlocks += blocks;
    }

    /// <inheritdoc cref="IAllocatorConfig.OnWarmHit"/>
    public static void OnWarmHit(HeapState* state) => state->WarmHits++;

    /// <inheritdoc cref="IAllocatorConfig.OnWarmMiss"/>
    public static void OnWarmMiss(HeapState* state) => state->WarmMisses++;

    /// <inheritdoc cref="IAllocatorConfig.OnPrefill"/>
    public static void OnPrefill(HeapState* state, uint slabs)
    {
        state->Prefills++;
        state->PrefilledSlabs += slabs;
    }

    /// <inheritdoc cref="IAllocatorConfig.OnNewSlab"/>
    public static void OnNewSlab(HeapState* state) => state->NewSlabs++;

    /// <inheritdoc cref="IAllocatorConfig.OnRetireSlab"/>
    public static void OnRetireSlab(HeapState* state) => state->RetiredSlabs++;

    /// <inheritdoc cref="IAllocatorConfig.OnAllocLarge"/>
    public static void OnAllocLarge(HeapState* state) => state->LargeAllocs++;

    /// <inheritdoc cref="IAllocatorConfig.OnFreeLarge"/>
    public static void OnFreeLarge(HeapState* state) => state->LargeFrees++;
}
