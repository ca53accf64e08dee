namespace HakMem.Boxes;

/// <summary>
/// Box of layer Local: a small stash of empty one-chunk slabs for each heap, so that a class that runs dry and a class that empties
/// need not meet at the shared pool. State: <see cref="HeapState"/>, under the heap's lock.
/// </summary>
[Box(BoxLayer.Local)]
public static unsafe class WarmPool
{
    /// <summary>The most slabs that a stash can hold.</summary>
    public const uint MaxSlots = 16;

    /// <summary>What the warm pool keeps in each heap.</summary>
    public struct HeapState
    {
        /// <summary>The number of slabs.</summary>
        public uint Count;

        /// <summary>How often the heap took slabs from the shared pool since it was last drained.</summary>
        public uint Demand;

        /// <summary>The first chunk and, in the lowest bit, whether it may hold anything but zeros.</summary>
        public fixed ulong Slots[(int)MaxSlots];
    }

    /// <summary>Takes the slab that was put last, the warmest.</summary>
    public static bool TryTake<TConfig>(ThreadHeap* heap, out ChunkSpan span)
        where TConfig : struct, IAllocatorConfig
    {
        HeapState* state = (HeapState*)TConfig.WarmPoolOf(heap);
        span = default;
        if (state->Count == 0)
        {
            TConfig.OnWarmMiss(heap);
            return false;
        }

        ulong slot = state->Slots[--state->Count];
        span.FirstChunk = (uint)(slot >> 1);
        span.Chunks = 1;
        span.Dirty = (slot & 1) != 0;
        if (!span.Dirty) PageArena.CountUntouched<TConfig>(-(long)Chunk.Bytes);
        TConfig.OnWarmHit(heap);
        return true;
    }

    /// <summary>Keeps a slab of one chunk. False when the stash is full.</summary>
    public static bool TryPut<TConfig>(ThreadHeap* heap, ChunkSpan span)
        where TConfig : struct, IAllocatorConfig
    {
        HeapState* state = (HeapState*)TConfig.WarmPoolOf(heap);
        uint capacity = TConfig.WarmCapacity < MaxSlots ? TConfig.WarmCapacity : MaxSlots;
        TConfig.OnWarmPut(heap, state->Count < capacity);
        if (state->Count >= capacity) return false;
        if (!span.Dirty) PageArena.CountUntouched<TConfig>((long)Chunk.Bytes);
        state->Slots[state->Count++] = ((ulong)span.FirstChunk << 1) | (span.Dirty ? 1UL : 0);
        return true;
    }

    /// <summary>Gives everything to the shared pool.</summary>
    public static void Drain<TConfig>(ThreadHeap* heap)
        where TConfig : struct, IAllocatorConfig
    {
        HeapState* state = (HeapState*)TConfig.WarmPoolOf(heap);
        state->Demand = 0;
        while (state->Count != 0)
        {
            ulong slot = state->Slots[--state->Count];
            if ((slot & 1) == 0) PageArena.CountUntouched<TConfig>(-(long)Chunk.Bytes);
            TConfig.ReleaseSlab((uint)(slot >> 1), (slot & 1) != 0);
        }
    }

    /// <summary>How many slabs the heap keeps. Under the heap's lock.</summary>
    public static uint Count<TConfig>(ThreadHeap* heap)
        where TConfig : struct, IAllocatorConfig
        => ((HeapState*)TConfig.WarmPoolOf(heap))->Count;

    /// <summary>Counts a batch that is about to be taken from the shared pool. Returns how many were since the last drain: what is taken at once grows with it.</summary>
    public static uint CountDemand<TConfig>(ThreadHeap* heap)
        where TConfig : struct, IAllocatorConfig
        => ((HeapState*)TConfig.WarmPoolOf(heap))->Demand++;
}
