namespace HakMem.Boxes;

/// <summary>
/// Box of layer Local: takes a batch of slabs from the shared pool at once, one for now and the rest for the warm pool, so that the
/// pool's lock is taken once for <see cref="IAllocatorConfig.PrefillBudget"/> slabs. No state. Called without locks by the running thread.
/// </summary>
[Box(BoxLayer.Local)]
public static unsafe class Prefill
{
    private const uint MaxBatch = 16;

    /// <summary>
    /// Finds memory for one slab of a class: a span to cut, or a partly used slab of a heap without a thread, then in <paramref name="partial"/>,
    /// out of every list and owned by this heap. False when the OS refuses.
    /// </summary>
    public static bool TryTake<TConfig>(ThreadHeap* heap, uint sizeClass, out ChunkSpan span, out Slab* partial)
        where TConfig : struct, IAllocatorConfig
    {
        ChunkSpan* batch = stackalloc ChunkSpan[(int)MaxBatch];
        uint want = 1;
        if (TConfig.Classes[sizeClass].Chunks == 1)
        {
            // One slab first, then twice as many each time: a heap that wants little takes little.
            uint budget = TConfig.PrefillBudget < MaxBatch ? TConfig.PrefillBudget : MaxBatch;
            uint demand = TConfig.CountDemand(heap);
            want = demand < 5 && 1u << (int)demand < budget ? 1u << (int)demand : budget;
        }

        uint got = TConfig.AcquireSlabs(heap, sizeClass, want, batch, out partial);
        span = batch[0];
        if (got > 1)
        {
            TConfig.OnPrefill(heap, got);
            SpinLock.Enter<TConfig>(&heap->Lock);
            for (uint i = got - 1; i != 0; i--)
            {
                if (!TConfig.TryPutWarm(heap, batch[i])) TConfig.ReleaseSlab(batch[i].FirstChunk, batch[i].Dirty);
            }

            SpinLock.Exit<TConfig>(&heap->Lock);
        }

        return got != 0 || partial != null;
    }
}
