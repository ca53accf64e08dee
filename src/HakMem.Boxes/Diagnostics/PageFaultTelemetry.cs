using System.Threading;

namespace HakMem.Boxes;

/// <summary>
/// Box of layer Diagnostics: counts the blocks that are cut for the first time since their slab was, and the OS pages that they reach into: the page faults that
/// the program will take. A Bloom filter of 2²⁰ bits, three for a page, remembers which pages were ever reached, so that memory that serves again and again
/// counts once. A page is taken for one seen before with a probability of 0.5 % at 64 Ki pages (256 MiB), 3 % at 512 MiB, 15 % at 1 GiB. State:
/// <see cref="HeapState"/> under the heap's lock, <see cref="SharedState"/> by atomics.
/// </summary>
[Box(BoxLayer.Diagnostics, Switch = "HakMemPageFaultTelemetry", Flavors = "profile,debug")]
public static unsafe class PageFaultTelemetry
{
    private const int FilterLog2 = 20;
    private const int BitsPerPage = 3;

    /// <summary>What a heap saw, or a sum of it.</summary>
    public struct HeapState
    {
        /// <summary>Blocks handed out for the first time since their slab was cut.</summary>
        public ulong FreshBlocks;

        /// <summary>OS pages that these reach into first, of slabs whose memory was never touched or was purged: each a page fault.</summary>
        public ulong FreshPages;

        /// <summary>OS pages that were reached for the first time in the composition's life, as the filter knows them.</summary>
        public ulong FirstTouches;

        /// <summary>OS pages inside used slabs that had been given back and are used again: each a page fault.</summary>
        public ulong RefaultedPages;
    }

    /// <summary>The filter.</summary>
    public struct SharedState
    {
        internal fixed ulong Bits[1 << (FilterLog2 - 6)];
    }

    /// <summary>Adds the counts of one heap to a sum.</summary>
    public static void Accumulate(HeapState* into, HeapState* from)
    {
        into->FreshBlocks += from->FreshBlocks;
        into->FreshPages += from->FreshPages;
        into->FirstTouches += from->FirstTouches;
        into->RefaultedPages += from->RefaultedPages;
    }

    /// <inheritdoc cref="IAllocatorConfig.OnRefillBlock"/>
    public static void OnRefillBlock<TConfig>(HeapState* state, SharedState* filter, Slab* slab, void* block, bool fresh)
        where TConfig : struct, IAllocatorConfig
    {
        if (fresh) OnCarveZeroed<TConfig>(state, filter, slab, block);
    }

    /// <inheritdoc cref="IAllocatorConfig.OnCarveZeroed"/>
    public static void OnCarveZeroed<TConfig>(HeapState* state, SharedState* filter, Slab* slab, void* block)
        where TConfig : struct, IAllocatorConfig
    {
        state->FreshBlocks++;

        // Blocks are cut in ascending order: the page of a block's first byte was counted with the block before, unless it begins a page.
        nuint before = ((nuint)block - 1) / Chunk.OsPageBytes;
        nuint last = ((nuint)block - 1 + TConfig.Classes[slab->Class].SizeBytes) / Chunk.OsPageBytes;
        if (slab->Zeroed) state->FreshPages += last - before;
        for (nuint page = before + 1; page <= last; page++)
        {
            if (TryAdd(filter, page)) state->FirstTouches++;
        }
    }

    /// <inheritdoc cref="IAllocatorConfig.OnUnpurge"/>
    public static void OnUnpurge(HeapState* state, ulong pages) => state->RefaultedPages += (uint)System.Numerics.BitOperations.PopCount(pages);

    /// <summary>Remembers a page. False when it may have been there already; of threads that add the same page at once, one is told that it was new.</summary>
    private static bool TryAdd(SharedState* filter, nuint page)
    {
        ulong hash = page * 0x9E37_79B9_7F4A_7C15UL;
        hash ^= hash >> 32;
        ulong step = (hash * 0xD1B5_4A32_D192_ED03UL) | 1;
        bool added = false;
        for (int i = 0; i < BitsPerPage; i++, hash += step)
        {
            uint index = (uint)(hash >> 7) & ((1u << FilterLog2) - 1);
            long* word = (long*)filter->Bits + (index >> 6);
            long bit = 1L << (int)(index & 63);
            for (long seen = Volatile.Read(ref *word); (seen & bit) == 0;)
            {
                long was = Interlocked.CompareExchange(ref *word, seen | bit, seen);
                if (was == seen)
                {
                    added = true;
                    break;
                }

                seen = was;
            }
        }

        return added;
    }
}
