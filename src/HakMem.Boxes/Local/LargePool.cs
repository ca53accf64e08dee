using System.Numerics;
using System.Runtime.InteropServices;
using System.Threading;

namespace HakMem.Boxes;

/// <summary>
/// Box of layer Local: tier L2.5, blocks above 32 KiB to 2 MiB as spans of whole chunks, with a small cache of spans for each heap. Large
/// blocks belong to the composition, not to a heap: any thread frees them into its own cache or the arena. State: <see cref="HeapState"/>
/// under the heap's lock, <see cref="SharedState"/> by atomics; the span's length is in the header of its first chunk.
/// </summary>
[Box(BoxLayer.Local, Traits = BoxTraits.ConcurrencySafe)]
public static unsafe class LargePool
{
    private const uint MaxSlots = 8, MaxCachedChunks = 16, OutgrownGivenBack = 16;

    /// <summary>What the large pool keeps in each heap.</summary>
    public struct HeapState
    {
        /// <summary>The number of cached spans.</summary>
        public uint Count;

        /// <summary>The chunks of all cached spans.</summary>
        public uint Chunks;

        /// <summary>How many blocks were copied to grow, counted up to those whose memory goes back at once. By the running thread.</summary>
        public uint Outgrown;

        /// <summary>Large blocks that were handed out from this cache, less those that were freed on this heap: of all heaps and <see cref="SharedState"/> together, those with users.</summary>
        public long LiveBlocks;

        /// <summary>The chunks of these.</summary>
        public long LiveChunks;

        /// <summary>First chunk and length of each.</summary>
        internal fixed ulong Slots[(int)MaxSlots];
    }

    /// <summary>What the large pool keeps in each composition: what was counted without the lock of a heap. By atomics.</summary>
    public struct SharedState
    {
        /// <summary>Large blocks with users, less those in the counts of heaps.</summary>
        public long Blocks;

        /// <summary>The chunks of these.</summary>
        public long Chunks;
    }

    /// <summary>
    /// A block of whole chunks, aligned to <paramref name="alignment"/>, a power of two up to 2 MiB, and to 64 KiB. Null when no span is to be had.
    /// The heap may be null: then no cache is used.
    /// </summary>
    public static void* Alloc<TConfig>(ThreadHeap* heap, nuint size, nuint alignment, bool zeroed)
        where TConfig : struct, IAllocatorConfig
    {
        uint chunks = size == 0 ? 1 : (uint)((size + Chunk.Bytes - 1) >> Chunk.Log2);
        bool aligned = alignment > Chunk.Bytes;
        if (aligned)
        {
            chunks = BitOperations.RoundUpToPowerOf2(chunks);
            if (chunks < alignment >> Chunk.Log2) chunks = (uint)(alignment >> Chunk.Log2);
        }

        ChunkSpan span;
        if (aligned || heap == null || !TryTakeCached<TConfig>(heap, chunks, out span))
        {
            uint got = TConfig.TryTakeSpans(chunks, aligned, 1, &span);
            TConfig.PollPurge(false);
            if (got == 0) return null;
            CountShared<TConfig>(1, chunks);
        }

        Slab* header = Slab.At<TConfig>(span.FirstChunk);
        header->FirstChunk = span.FirstChunk;
        header->Blocks = chunks;
        header->Untouched = Rest<TConfig>(heap, span, chunks, size);
        if (heap != null && !span.Dirty) TConfig.ExchangeFresh(heap);
        bool owned = heap != null && heap->Kind == HeapKind.FirstClass;
        uint owner = owned ? heap->IdShifted : TConfig.Composition->Id << 8;
        if (owned) Link<TConfig>(heap, header);
        if (chunks > 1) PageMap.Set<TConfig>(span.FirstChunk + 1, chunks - 1, owner | SizeClasses.LargeInterior);
        PageMap.Set<TConfig>(span.FirstChunk, 1, owner | SizeClasses.LargeHead);
        byte* block = PageMap.Address<TConfig>(span.FirstChunk);
        if (zeroed && span.Dirty) NativeMemory.Clear(block, size);
        if (heap != null) TConfig.OnAllocLarge(heap, size);
        return block;
    }

    /// <summary>Takes a large block back. The caller has seen that it starts at this chunk. The heap may be null.</summary>
    public static void Free<TConfig>(ThreadHeap* heap, void* block, uint chunk)
        where TConfig : struct, IAllocatorConfig
    {
        uint chunks = Detach<TConfig>(heap, block, chunk);
        if (heap == null)
        {
            CountShared<TConfig>(-1, -(long)chunks);
        }
        else if (TryCache<TConfig>(heap, chunk, chunks))
        {
            if (!ThreadHeap.IsUserLocked(heap)) TConfig.WantScavenge();
            return;
        }

        Return<TConfig>(heap, chunk, chunks, true);
    }

    /// <summary>
    /// The same for a block that was copied to grow. The next, larger one has no use for its place, so its pages go back to the OS now; but not of a heap
    /// in which it happens again and again: there the next to grow takes it.
    /// </summary>
    public static void FreeOutgrown<TConfig>(ThreadHeap* heap, void* block, uint chunk)
        where TConfig : struct, IAllocatorConfig
    {
        HeapState* state = heap == null ? null : TConfig.LargePoolOf(heap);
        if (state == null || state->Outgrown >= OutgrownGivenBack)
        {
            Free<TConfig>(heap, block, chunk);
            return;
        }

        state->Outgrown++;
        uint chunks = Detach<TConfig>(heap, block, chunk);
        CountShared<TConfig>(-1, -(long)chunks);
        bool purged = TConfig.Composition->PurgeEnabled && TConfig.Composition->HugePages != HugePagePolicy.Always && TConfig.OsPurge((byte*)block, (nuint)chunks << Chunk.Log2);
        if (purged) TConfig.ForgetSpan(chunk, chunks);   // cleared or prefaulted before
        Return<TConfig>(heap, chunk, chunks, !purged);
    }

    /// <summary>Fits a large block to a new size in place: keeps it, cuts its tail off, or takes the chunks behind it. False when it must move.</summary>
    public static bool TryResize<TConfig>(void* block, uint chunk, nuint size)
        where TConfig : struct, IAllocatorConfig
    {
        if (size <= SizeClasses.MaxBytes || size > Chunk.SuperSlabBytes) return false;
        Slab* header = Slab.At<TConfig>(chunk);
        uint chunks = header->Blocks;
        uint owner = PageMap.Get<TConfig>(chunk) >> 8;
        uint wanted = (uint)((size + Chunk.Bytes - 1) >> Chunk.Log2);
        if (wanted != chunks || size > ((nuint)chunks << Chunk.Log2) - header->Untouched) Touch<TConfig>(header);
        if (wanted == chunks) return true;
        if (wanted > chunks)
        {
            if (!TConfig.TryExtendSpan(chunk, chunks, wanted)) return false;
            PageMap.Set<TConfig>(chunk + chunks, wanted - chunks, (owner << 8) | SizeClasses.LargeInterior);
            header->Blocks = wanted;
        }
        else
        {
            header->Blocks = wanted;   // before the end may be somebody else's: in the child of a fork that comes between, it is nobody's
            TConfig.OnKeepSpan(PageMap.Address<TConfig>(chunk + wanted), (nuint)(chunks - wanted) << Chunk.Log2);
            PageMap.Set<TConfig>(chunk + wanted, chunks - wanted, 0);
            TConfig.ReturnSpan(chunk + wanted, chunks - wanted, true);
            TConfig.WantScavenge();
        }

        Interlocked.Add(ref TConfig.LargePoolState->Chunks, (long)wanted - chunks);
        ThreadHeap* heap = TConfig.Space->Owners[owner].Heap;
        if (heap != null && heap->Kind == HeapKind.FirstClass)
        {
            SpinLock.Enter<TConfig>(&heap->Lock);
            if (heap->Kind == HeapKind.FirstClass) heap->LargeChunks += (long)wanted - chunks;
            SpinLock.Exit<TConfig>(&heap->Lock);
        }

        return true;
    }

    /// <summary>The bytes of a large block that starts at a chunk.</summary>
    public static nuint UsableSize<TConfig>(uint chunk)
        where TConfig : struct, IAllocatorConfig
        => (nuint)Slab.At<TConfig>(chunk)->Blocks << Chunk.Log2;

    /// <summary>Gives the heap's cached spans to the arena. Under the heap's lock.</summary>
    public static void Drain<TConfig>(ThreadHeap* heap)
        where TConfig : struct, IAllocatorConfig
    {
        HeapState* state = TConfig.LargePoolOf(heap);
        while (state->Count != 0)
        {
            ulong slot = state->Slots[--state->Count];
            TConfig.ReturnSpan((uint)(slot >> 8), (uint)slot & 255, true);
        }

        state->Chunks = 0;
    }

    /// <summary>Frees every large block of a first-class heap. Nobody may use the heap or its blocks any more. Under the heap's lock.</summary>
    public static void FreeAll<TConfig>(ThreadHeap* heap)
        where TConfig : struct, IAllocatorConfig
    {
        while (heap->LargeBlocks != null)
        {
            Slab* header = heap->LargeBlocks;
            heap->LargeBlocks = header->Next;
            uint chunk = header->FirstChunk, chunks = header->Blocks;
            Touch<TConfig>(header);
            TConfig.OnKeepSpan(PageMap.Address<TConfig>(chunk), (nuint)chunks << Chunk.Log2);
            PageMap.Set<TConfig>(chunk, chunks, 0);
            CountShared<TConfig>(-1, -(long)chunks);
            TConfig.ReturnSpan(chunk, chunks, true);
        }

        heap->LargeChunks = 0;
        heap->OwnLarge = 0;
    }

    // The whole pages behind a block that nobody wrote to, in used memory those that go back for it: in bytes, counted as such.
    private static uint Rest<TConfig>(ThreadHeap* heap, ChunkSpan span, uint chunks, nuint size)
        where TConfig : struct, IAllocatorConfig
    {
        nuint used = Chunk.WholePages(size);
        uint rest = (uint)(((nuint)chunks << Chunk.Log2) - used);
        if (span.Dirty) rest = heap == null ? 0 : TConfig.GiveBackEnd(heap, PageMap.Address<TConfig>(span.FirstChunk) + used, rest);
        if (rest != 0) PageArena.CountUntouched<TConfig>(rest);
        return rest;
    }

    // From here on the user writes to more of the block, or somebody else gets it.
    private static void Touch<TConfig>(Slab* header)
        where TConfig : struct, IAllocatorConfig
    {
        if (header->Untouched == 0) return;
        PageArena.CountUntouched<TConfig>(-(long)header->Untouched);
        header->Untouched = 0;
    }

    // Nobody can reach the span afterwards. Returns its chunks.
    private static uint Detach<TConfig>(ThreadHeap* heap, void* block, uint chunk)
        where TConfig : struct, IAllocatorConfig
    {
        uint head = PageMap.Get<TConfig>(chunk);

        // Whoever clears the entry owns the block from here on: of two threads that free it, one is stopped.
        TConfig.OnSharedStep();
        if ((byte)head != SizeClasses.LargeHead || Interlocked.CompareExchange(ref TConfig.PageMap[chunk], 0, head) != head)
        {
            Fatal.Stop<TConfig>(FatalReason.DoubleFree, block);
        }

        Slab* header = Slab.At<TConfig>(chunk);
        uint chunks = header->Blocks;
        Touch<TConfig>(header);
        TConfig.OnKeepSpan((byte*)block, (nuint)chunks << Chunk.Log2);
        PageMap.Set<TConfig>(chunk, chunks, 0);
        ThreadHeap* owner = TConfig.Space->Owners[head >> 8].Heap;
        if (owner != null) Unlink<TConfig>(owner, header);
        if (heap != null) TConfig.OnFreeLarge(heap);
        return chunks;
    }

    private static void CountShared<TConfig>(long blocks, long chunks)
        where TConfig : struct, IAllocatorConfig
    {
        SharedState* state = TConfig.LargePoolState;
        Interlocked.Add(ref state->Blocks, blocks);
        Interlocked.Add(ref state->Chunks, chunks);
    }

    private static void Return<TConfig>(ThreadHeap* heap, uint chunk, uint chunks, bool dirty)
        where TConfig : struct, IAllocatorConfig
    {
        TConfig.ReturnSpan(chunk, chunks, dirty);
        if (ThreadHeap.IsUserLocked(heap)) return;
        TConfig.WantScavenge();
        TConfig.PollPurge(false);
    }

    private static void Link<TConfig>(ThreadHeap* heap, Slab* header)
        where TConfig : struct, IAllocatorConfig
    {
        SpinLock.Enter<TConfig>(&heap->Lock);
        header->Previous = null;
        header->Next = heap->LargeBlocks;
        if (heap->LargeBlocks != null) heap->LargeBlocks->Previous = header;
        heap->LargeBlocks = header;
        heap->LargeChunks += header->Blocks;
        heap->OwnLarge++;
        SpinLock.Exit<TConfig>(&heap->Lock);
    }

    private static void Unlink<TConfig>(ThreadHeap* heap, Slab* header)
        where TConfig : struct, IAllocatorConfig
    {
        SpinLock.Enter<TConfig>(&heap->Lock);
        heap->OwnLarge--;
        if (heap->Kind == HeapKind.FirstClass)   // else it was released, and its list is no more; before this count is 0 it is not first-class again
        {
            if (header->Previous != null) header->Previous->Next = header->Next;
            else heap->LargeBlocks = header->Next;
            if (header->Next != null) header->Next->Previous = header->Previous;
            heap->LargeChunks -= header->Blocks;
        }

        SpinLock.Exit<TConfig>(&heap->Lock);
    }

    private static bool TryTakeCached<TConfig>(ThreadHeap* heap, uint chunks, out ChunkSpan span)
        where TConfig : struct, IAllocatorConfig
    {
        HeapState* state = TConfig.LargePoolOf(heap);
        span = default;
        if (state->Count == 0) return false;   // a guess without the lock; the next line but one decides
        bool found = false;
        SpinLock.Enter<TConfig>(&heap->Lock);
        for (uint i = state->Count; i != 0 && !found; i--)
        {
            ulong slot = state->Slots[i - 1];
            if (((uint)slot & 255) != chunks) continue;
            span.FirstChunk = (uint)(slot >> 8);
            span.Chunks = chunks;
            span.Dirty = true;
            state->Slots[i - 1] = state->Slots[--state->Count];
            state->Chunks -= chunks;
            state->LiveBlocks++;
            state->LiveChunks += chunks;
            found = true;
        }

        SpinLock.Exit<TConfig>(&heap->Lock);
        return found;
    }

    private static bool TryCache<TConfig>(ThreadHeap* heap, uint chunk, uint chunks)
        where TConfig : struct, IAllocatorConfig
    {
        HeapState* state = TConfig.LargePoolOf(heap);
        SpinLock.Enter<TConfig>(&heap->Lock);
        bool room = state->Count < MaxSlots && state->Chunks + chunks <= MaxCachedChunks;
        state->LiveBlocks--;
        state->LiveChunks -= chunks;
        heap->Moves++;
        if (room)
        {
            state->Slots[state->Count++] = ((ulong)chunk << 8) | chunks;
            state->Chunks += chunks;
        }

        SpinLock.Exit<TConfig>(&heap->Lock);
        return room;
    }
}
