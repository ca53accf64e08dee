using System.Threading;

namespace HakMem.Boxes;

/// <summary>
/// Box of layer Shared: where empty slabs pass from heap to heap. Stages of <see cref="Acquire{TConfig}"/>: the lock-free stack of empty one-chunk
/// slabs, partly used slabs of heaps without a thread, spans from the arena in a batch under one lock. State: <see cref="SharedState"/>.
/// </summary>
[Box(BoxLayer.Shared, Traits = BoxTraits.ConcurrencySafe)]
public static unsafe class SharedPool
{
    private const int MaxStacked = 32;

    /// <summary>What the shared pool keeps in each composition.</summary>
    public struct SharedState
    {
        /// <summary>The top of the stack: the chunk plus one below, a count of changes above, so that a top seen before is never taken for the same.</summary>
        public ulong Top;

        /// <summary>How many slabs are in the stack, or about to be.</summary>
        public int Stacked;
    }

    /// <summary>
    /// Memory for up to <paramref name="want"/> slabs of a class, all from one stage. Returns how many spans it wrote, or 0 with a partly used
    /// slab that now belongs to the heap and is in no list, or 0 and null when the OS refuses. No lock may be held.
    /// </summary>
    public static uint Acquire<TConfig>(ThreadHeap* heap, uint sizeClass, uint want, ChunkSpan* spans, out Slab* partial)
        where TConfig : struct, IAllocatorConfig
    {
        uint chunks = TConfig.Classes[sizeClass].Chunks;
        partial = null;
        if (chunks == 1 && TryPop<TConfig>(TConfig.SharedPoolState, spans))
        {
            TConfig.OnRefillStage(heap, RefillStage.SharedStack);
            return 1;
        }

        // A first-class heap must hold no block of anybody else: it dies with all of them.
        if (heap->Kind == HeapKind.Thread && TConfig.TryAdoptSlab(heap, sizeClass, out partial))
        {
            TConfig.OnRefillStage(heap, RefillStage.Adoption);
            return 0;
        }

        TConfig.OnRefillStage(heap, RefillStage.Arena);
        return TConfig.TryTakeSpans(chunks, chunks > 1, want, spans);
    }

    /// <summary>Takes an empty slab of one chunk that is out of the page map: into the stack, or when that is full or nothing of the slab was used, into the arena.</summary>
    public static void Release<TConfig>(uint chunk, bool dirty)
        where TConfig : struct, IAllocatorConfig
    {
        SharedState* pool = TConfig.SharedPoolState;
        if (dirty && Volatile.Read(ref pool->Stacked) < MaxStacked)
        {
            Interlocked.Increment(ref pool->Stacked);
            Push<TConfig>(pool, chunk);
            return;
        }

        TConfig.ReturnSpan(chunk, 1, dirty);
    }

    /// <summary>Gives the stack's slabs to the arena.</summary>
    public static void Drain<TConfig>()
        where TConfig : struct, IAllocatorConfig
    {
        ChunkSpan span;
        while (TryPop<TConfig>(TConfig.SharedPoolState, &span)) TConfig.ReturnSpan(span.FirstChunk, 1, true);
    }

    // The slab is the caller's alone until the exchange publishes it; its link is written before (release by the exchange).
    private static void Push<TConfig>(SharedState* pool, uint chunk)
        where TConfig : struct, IAllocatorConfig
    {
        Slab* slab = Slab.At<TConfig>(chunk);
        ulong top = Volatile.Read(ref pool->Top);
        while (true)
        {
            slab->Next = (Slab*)(nuint)(uint)top;
            TConfig.OnSharedStep();
            ulong seen = Interlocked.CompareExchange(ref pool->Top, (((top >> 32) + 1) << 32) | (chunk + 1), top);
            if (seen == top) return;
            top = seen;
        }
    }

    // The link may be read after another thread took the slab: headers are never unmapped, and the count of changes makes the exchange fail.
    private static bool TryPop<TConfig>(SharedState* pool, ChunkSpan* span)
        where TConfig : struct, IAllocatorConfig
    {
        ulong top = Volatile.Read(ref pool->Top);
        while ((uint)top != 0)
        {
            uint chunk = (uint)top - 1;
            ulong next = (uint)(nuint)Slab.At<TConfig>(chunk)->Next;
            TConfig.OnSharedStep();
            ulong seen = Interlocked.CompareExchange(ref pool->Top, (((top >> 32) + 1) << 32) | next, top);
            if (seen == top)
            {
                Interlocked.Decrement(ref pool->Stacked);
                span->FirstChunk = chunk;
                span->Chunks = 1;
                span->Dirty = true;
                return true;
            }

            top = seen;
        }

        return false;
    }
}
