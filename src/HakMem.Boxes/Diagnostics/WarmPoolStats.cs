namespace HakMem.Boxes;

/// <summary>
/// Box of layer Diagnostics: how often the heaps' stashes of empty slabs could serve, and how they were filled. Plain additions under the heap's
/// lock or by the running thread. State: <see cref="HeapState"/>.
/// </summary>
[Box(BoxLayer.Diagnostics, Switch = "HakMemWarmPoolStats", Flavors = "profile,debug")]
public static unsafe class WarmPoolStats
{
    /// <summary>What a heap counted, or a sum of it.</summary>
    public struct HeapState
    {
        /// <summary>Slabs taken from the stash.</summary>
        public ulong Hits;

        /// <summary>Times the stash was empty.</summary>
        public ulong Misses;

        /// <summary>Batches of two slabs and more taken from the shared pool.</summary>
        public ulong Prefills;

        /// <summary>Slabs that came by these, the one for immediate use counted.</summary>
        public ulong PrefilledSlabs;

        /// <summary>Empty slabs that the stash kept.</summary>
        public ulong Kept;

        /// <summary>Empty slabs for which it had no room.</summary>
        public ulong Refused;
    }

    /// <summary>The share of hits in all attempts, in thousandths; 0 when there was none.</summary>
    public static uint HitPermille(HeapState* state)
    {
        ulong attempts = state->Hits + state->Misses;
        return attempts == 0 ? 0 : (uint)(((state->Hits * 1000) + (attempts / 2)) / attempts);
    }

    /// <summary>Adds the counts of one heap to a sum.</summary>
    public static void Accumulate(HeapState* into, HeapState* from)
    {
        ulong* sum = (ulong*)into;
        ulong* one = (ulong*)from;
        for (uint i = 0; i < (uint)sizeof(HeapState) / sizeof(ulong); i++) sum[i] += one[i];
    }

    /// <inheritdoc cref="IAllocatorConfig.OnWarmHit"/>
    public static void OnWarmHit(HeapState* state) => state->Hits++;

    /// <inheritdoc cref="IAllocatorConfig.OnWarmMiss"/>
    public static void OnWarmMiss(HeapState* state) => state->Misses++;

    /// <inheritdoc cref="IAllocatorConfig.OnWarmPut"/>
    public static void OnWarmPut(HeapState* state, bool kept)
    {
        if (kept) state->Kept++;
        else state->Refused++;
    }

    /// <inheritdoc cref="IAllocatorConfig.OnPrefill"/>
    public static void OnPrefill(HeapState* state, uint slabs)
    {
        state->Prefills++;
        state->PrefilledSlabs += slabs;
    }
}
