namespace HakMem.Boxes;

/// <summary>
/// Box of layer Diagnostics: counts the blocks that were handed out for the first time and the OS pages that they are the first to reach into:
/// the page faults that the program will take. State: <see cref="HeapState"/>, under the heap's lock.
/// </summary>
[Box(BoxLayer.Diagnostics, Switch = "HakMemPageFaultTelemetry", Flavors = "debug")]
public static unsafe class PageFaultTelemetry
{
    /// <summary>What a heap saw, or a sum of it.</summary>
    public struct HeapState
    {
        /// <summary>Blocks handed out for the first time since their slab was cut.</summary>
        public ulong FreshBlocks;

        /// <summary>OS pages that these reach into first, of slabs whose memory was never touched or was purged.</summary>
        public ulong FreshPages;
    }

    /// <summary>Adds the counts of one heap to a sum.</summary>
    public static void Accumulate(HeapState* into, HeapState* from)
    {
        into->FreshBlocks += from->FreshBlocks;
        into->FreshPages += from->FreshPages;
    }

    /// <inheritdoc cref="IAllocatorConfig.OnRefillBlock"/>
    public static void OnRefillBlock<TConfig>(HeapState* state, Slab* slab, void* block, bool fresh)
        where TConfig : struct, IAllocatorConfig
    {
        if (!fresh) return;
        state->FreshBlocks++;
        if (!slab->Zeroed) return;
        nuint first = (nuint)block - 1, last = first + TConfig.Classes[slab->Class].SizeBytes;
        state->FreshPages += (last / Chunk.OsPageBytes) - (first / Chunk.OsPageBytes);
    }
}
