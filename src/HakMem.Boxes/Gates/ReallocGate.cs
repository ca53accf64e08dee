using System.Runtime.InteropServices;

namespace HakMem.Boxes;

/// <summary>
/// Box of layer Gates: changes the size of a block. It stays where it is when its class fits and at least half of it is used, when a span can grow in place or shrink there to no less than
/// half, or when a mapping can be resized by the OS, but not to less than half and to 2 MiB or less; else it is copied, one of a thread's heap that grows from a span of 256 KiB and more into a mapping. What shrinks further would leave a small block in the middle of free memory, where the next block of the old size does not fit any more. No state.
/// </summary>
[Box(BoxLayer.Gates)]
public static unsafe class ReallocGate
{
    /// <summary>A block of at least so many bytes that must be copied to grow gets a mapping of its own, which from then on grows without a copy.</summary>
    public const nuint RoamingBytes = 256 << 10;

    /// <summary>A block of at least so many bytes that was copied to grow is freed as such (<see cref="LargePool.FreeOutgrown{TConfig}"/>). As many as the C library maps and moves.</summary>
    public const nuint OutgrownBytes = 128 << 10;

    /// <summary>
    /// A block of the new size with the old contents up to the smaller size, at a multiple of <paramref name="alignment"/>, a power of two or 0 for
    /// none. Null when no memory is to be had; the old block is as before then. A null block is an allocation. The heap may be null.
    /// </summary>
    public static void* Realloc<TConfig>(ThreadHeap* heap, void* block, nuint size, nuint alignment)
        where TConfig : struct, IAllocatorConfig
    {
        if (block == null) return Alloc<TConfig>(heap, size, alignment);
        if (heap != null && TConfig.TryOwn(heap, block, out uint sizeClass)) return ReallocOwn<TConfig>(heap, block, sizeClass, size, alignment);
        nuint usable = TConfig.UsableSize(block);
        bool aligned = alignment <= 16 || ((nuint)block & (alignment - 1)) == 0;
        if (aligned)
        {
            void* resized = TryResize<TConfig>(block, usable, size, alignment, false);
            if (resized != null)
            {
                if (usable > SizeClasses.MaxBytes) TellPressure<TConfig>(heap);
                return resized;
            }
        }

        void* moved = usable >= RoamingBytes && size > usable && alignment <= 16 && (heap == null || heap->Kind == HeapKind.Thread) ? TConfig.AllocBig(size, 1, false) : null;
        if (moved == null) moved = Alloc<TConfig>(heap, size, alignment);
        else TellPressure<TConfig>(heap);

        if (moved == null) return aligned ? ResizeWithoutCopy<TConfig>(block, usable, size, alignment) : null;
        NativeMemory.Copy(block, moved, usable < size ? usable : size);
        nuint chunk = PageMap.ChunkOf<TConfig>(block);
        if (usable >= OutgrownBytes && size > usable && chunk < TConfig.ChunkCount) TConfig.FreeOutgrown(heap, block, (uint)chunk);
        else TConfig.FreeSlow(heap, block);
        return moved;
    }

    // A block of a slab of this heap: the page map has told all there is to know, and is not asked again.
    private static void* ReallocOwn<TConfig>(ThreadHeap* heap, void* block, uint sizeClass, nuint size, nuint alignment)
        where TConfig : struct, IAllocatorConfig
    {
        SizeClass* info = TConfig.Classes + sizeClass;
        nuint usable = info->SizeBytes, offset = (nuint)block - (nuint)TConfig.Base;
        if (!Slab.IndexOf(info, offset & info->SlabMask, out _)) Fatal.Stop<TConfig>(FatalReason.InteriorPointer, block);
        TConfig.OnUse(sizeClass, block);
        bool aligned = alignment <= 16 || ((nuint)block & (alignment - 1)) == 0;
        if (aligned && Fits(usable, size)) return block;
        void* moved = Alloc<TConfig>(heap, size, alignment);
        if (moved == null) return aligned && size <= usable ? ResizeWithoutCopy<TConfig>(block, usable, size, alignment) : null;
        NativeMemory.Copy(block, moved, usable < size ? usable : size);
        if (TConfig.TryPushFront(heap, sizeClass, block)) TConfig.OnFrontPush(heap, sizeClass, block);
        else TConfig.FreeSlow(heap, block);
        return moved;
    }

    /// <summary>
    /// When there is no memory for a copy: cuts the block off where that is possible, however little is left of it, or leaves what fits as large as it is. To grow in place there may be enough now that everything
    /// unused was given back for the copy. Null when it does not fit. <paramref name="usable"/> is its usable size.
    /// </summary>
    public static void* ResizeWithoutCopy<TConfig>(void* block, nuint usable, nuint size, nuint alignment)
        where TConfig : struct, IAllocatorConfig
    {
        void* resized = TryResize<TConfig>(block, usable, size, alignment, true);
        if (resized != null || size > usable) return resized;
        TConfig.OnShrinkRefused(block);
        return block;
    }

    /// <summary>
    /// The block at its new size without copying, perhaps at another address; null when it must be copied, or unless <paramref name="anyhow"/> should be: less than half of it would be used.
    /// <paramref name="usable"/> is its usable size.
    /// </summary>
    public static void* TryResize<TConfig>(void* block, nuint usable, nuint size, nuint alignment, bool anyhow)
        where TConfig : struct, IAllocatorConfig
    {
        nuint chunk = PageMap.ChunkOf<TConfig>(block);
        bool stays = size >= usable / 2 || (anyhow && size > SizeClasses.MaxBytes);
        if (chunk >= TConfig.ChunkCount)
        {
            // A mapping that moves keeps no alignment above a page.
            if ((stays || size > Chunk.SuperSlabBytes) && alignment <= Chunk.OsPageBytes) return TConfig.TryResizeBig(block, size);
            return size <= usable && size >= usable / 2 ? block : null;
        }

        if (usable > SizeClasses.MaxBytes) return stays && TConfig.TryResizeLarge(block, (uint)chunk, size) ? block : null;
        return Fits(usable, size) ? block : null;
    }

    // Growing in place is charged as an allocation is, and told of as one.
    private static void TellPressure<TConfig>(ThreadHeap* heap)
        where TConfig : struct, IAllocatorConfig
    {
        if (TConfig.Composition != null && TConfig.Composition->Pressure != 0) _ = TConfig.TellHost(heap, false);
    }

    /// <summary>Whether a block of a slab stays where it is: the size fits, and at least half of the block is used.</summary>
    public static bool Fits(nuint usable, nuint size) => size <= usable && (size >= usable / 2 || usable <= 16);

    private static void* Alloc<TConfig>(ThreadHeap* heap, nuint size, nuint alignment)
        where TConfig : struct, IAllocatorConfig
    {
        if (alignment > 16) return TConfig.AllocAligned(heap, size, alignment);
        if (heap != null && TConfig.TryClassify(heap, size, out uint sizeClass) && TConfig.TryPopFront(heap, sizeClass, out void* block))
        {
            TConfig.OnFrontHit(heap, sizeClass, block);
            return block;
        }

        return TConfig.AllocSlow(heap, size);
    }
}
