using System.Numerics;
using System.Threading;

namespace HakMem.Boxes;

/// <summary>
/// Box of layer Diagnostics: checks every block that moves between a slab and a front stack, and the slab's header with it: inside the slab,
/// at a multiple of the size, cut already, in the page map under this heap; and the size that a caller frees a block with. Ends the process at the first
/// contradiction. State: <see cref="HeapState"/>, <see cref="SharedState"/>.
/// </summary>
[Box(BoxLayer.Diagnostics, Switch = "HakMemFreelistValidation", Flavors = "debug")]
public static unsafe partial class FreelistValidation
{
    /// <summary>How much was checked by a heap, or a sum of it.</summary>
    public struct HeapState
    {
        /// <summary>Blocks on their way into a front stack.</summary>
        public ulong RefilledBlocks;

        /// <summary>Blocks on their way back.</summary>
        public ulong FlushedBlocks;
    }

    /// <summary>What happened in the whole composition.</summary>
    public struct SharedState
    {
        /// <summary>How many blocks did not shrink because there was no memory for smaller ones: since then a block may be of any larger size than it was last given.</summary>
        public long ShrinksRefused;
    }

    /// <summary>Adds the counts of one heap to a sum.</summary>
    public static void Accumulate(HeapState* into, HeapState* from)
    {
        into->RefilledBlocks += from->RefilledBlocks;
        into->FlushedBlocks += from->FlushedBlocks;
    }

    /// <inheritdoc cref="IAllocatorConfig.OnRefillBlock"/>
    public static void OnRefillBlock<TConfig>(HeapState* state, ThreadHeap* heap, Slab* slab, void* block)
        where TConfig : struct, IAllocatorConfig
    {
        if (!IsBlock<TConfig>(slab, block) || PageMap.Get<TConfig>(slab->FirstChunk) != (heap->IdShifted | slab->Class))
        {
            Fatal.Stop<TConfig>(FatalReason.Corrupted, block);
        }

        state->RefilledBlocks++;
    }

    /// <inheritdoc cref="IAllocatorConfig.OnCarveZeroed"/>
    public static void OnCarveZeroed<TConfig>(HeapState* state, ThreadHeap* heap, Slab* slab, void* block)
        where TConfig : struct, IAllocatorConfig
        => OnRefillBlock<TConfig>(state, heap, slab, block);

    /// <inheritdoc cref="IAllocatorConfig.OnFlushBlocks"/>
    public static void OnFlushBlocks<TConfig>(HeapState* state, ThreadHeap* heap, Slab* slab, void** blocks, uint count)
        where TConfig : struct, IAllocatorConfig
    {
        uint entry = PageMap.Get<TConfig>(slab->FirstChunk);
        if (entry == 0) Fatal.Stop<TConfig>(FatalReason.DoubleFree, *blocks);
        for (uint i = 0; i < count; i++)
        {
            if (!IsBlock<TConfig>(slab, blocks[i])) Fatal.Stop<TConfig>(FatalReason.Corrupted, blocks[i]);
            if (entry >> 8 == heap->Id && IsFree<TConfig>(slab, blocks[i])) Fatal.Stop<TConfig>(FatalReason.DoubleFree, blocks[i]);
        }

        state->FlushedBlocks += count;
    }

    /// <summary>
    /// A size above the block's is wrong. So is one below half of it: a block that shrinks in place keeps half its bytes in use, and the next class that lends is no
    /// farther; but a block of a power of two may have been aligned, or lent to a tiny size. A large or big block says nothing: a small size with an alignment above
    /// 2 MiB has a mapping that may be twice as long. Nor does any block say so once one stayed as it was for want of memory.
    /// </summary>
    public static void OnSizedFree<TConfig>(SharedState* state, void* block, nuint size)
        where TConfig : struct, IAllocatorConfig
    {
        if (block == null) return;
        nuint chunk = PageMap.ChunkOf<TConfig>(block);
        uint sizeClass = chunk < TConfig.ChunkCount ? (byte)PageMap.Get<TConfig>(chunk) : SizeClasses.LargeHead;
        bool inSlab = sizeClass is > 0 and < SizeClasses.Count;
        nuint usable = inSlab ? TConfig.Classes[sizeClass].SizeBytes : TConfig.UsableSize(block);
        bool tooSmall = inSlab && size < usable / 2 && !BitOperations.IsPow2(usable) && Volatile.Read(ref state->ShrinksRefused) == 0;
        if (size > usable || tooSmall) Fatal.StopSize<TConfig>(block, size, usable);
    }

    /// <inheritdoc cref="IAllocatorConfig.OnShrinkRefused"/>
    public static void OnShrinkRefused(SharedState* state) => Interlocked.Increment(ref state->ShrinksRefused);

    /// <inheritdoc cref="IAllocatorConfig.OnFrontLink"/>
    public static void OnFrontLink<TConfig>(uint sizeClass, void* block, void* next)
        where TConfig : struct, IAllocatorConfig
    {
        if (next != null && !FrontList.IsBlock<TConfig>(sizeClass, next)) Fatal.Stop<TConfig>(FatalReason.Corrupted, block);
    }

    private static bool IsBlock<TConfig>(Slab* slab, void* block)
        where TConfig : struct, IAllocatorConfig
    {
        nuint offset = (nuint)block - (nuint)slab->Start;
        return slab->Class != 0 && slab->Class < SizeClasses.Count
            && Slab.IndexOf(TConfig.Classes + slab->Class, offset, out uint index) && index < slab->Carved;
    }

    private static bool IsFree<TConfig>(Slab* slab, void* block)
        where TConfig : struct, IAllocatorConfig
    {
        nuint offset = (nuint)block - (nuint)slab->Start;
        _ = Slab.IndexOf(TConfig.Classes + slab->Class, offset, out uint index);
        return (slab->Bits[index >> 6] & (1UL << (int)(index & 63))) != 0;
    }
}
