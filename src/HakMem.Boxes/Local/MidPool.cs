using System.Runtime.CompilerServices;

namespace HakMem.Boxes;

/// <summary>
/// Box of layer Local: tier L2, blocks above <see cref="IAllocatorConfig.MaxTiny"/> that still come from slabs, of several chunks for the largest. The
/// class comes from arithmetic instead of the table; fronts and slabs are the same. A block above an OS page may be a used one of a larger class
/// instead of a fresh one of its own, so that few pages serve changing sizes. No state. Called by the running thread.
/// </summary>
[Box(BoxLayer.Local)]
public static unsafe class MidPool
{
    /// <summary>A block of 129 bytes to 32 KiB, or null.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void* Alloc<TConfig>(ThreadHeap* heap, nuint size)
        where TConfig : struct, IAllocatorConfig
    {
        uint sizeClass = SizeClasses.ClassAbove128(size);
        if (TConfig.TryPopFront(heap, sizeClass, out void* block))
        {
            TConfig.OnFrontHit(heap, sizeClass, block);
            return block;
        }

        return TConfig.RefillFront(heap, sizeClass, sizeClass >= SizeClasses.FirstAbovePage ? (uint)size : 0);
    }
}
