using System.Runtime.CompilerServices;
using HakMem.Boxes;

namespace HakMem.Preload;

/// <summary>
/// Box of layer Gates: <see cref="AllocGate"/> whose classification does not branch. A size that is not tiny has class 0, whose stack is always empty, so that a hit path has one branch only;
/// the ahead-of-time compiler makes a frame for more. All else is <see cref="AllocGate"/>'s.
/// </summary>
[Box(BoxLayer.Gates)]
public static unsafe class PreloadAllocGate
{
    /// <summary>The class of a tiny size, 0 of any other; always true. 1 load, no branch.</summary>
    [HotPath]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryClassify<TConfig>(ThreadHeap* heap, nuint size, out uint sizeClass)
        where TConfig : struct, IAllocatorConfig
    {
        // The table ends with the class of MaxTiny; the byte behind it is 0, and nobody writes it.
        nuint capped = size > TConfig.MaxTiny ? TConfig.MaxTiny + 1 : size;
        sizeClass = ThreadHeap.ClassTable(heap)[(capped + 15) >> 4];
        return true;
    }

    /// <inheritdoc cref="AllocGate.AllocSlow{TConfig}"/>
    public static void* AllocSlow<TConfig>(ThreadHeap* heap, nuint size)
        where TConfig : struct, IAllocatorConfig
        => AllocGate.AllocSlow<TConfig>(heap, size);

    /// <inheritdoc cref="AllocGate.TellHost{TConfig}"/>
    public static bool TellHost<TConfig>(ThreadHeap* heap, bool failed)
        where TConfig : struct, IAllocatorConfig
        => AllocGate.TellHost<TConfig>(heap, failed);

    /// <inheritdoc cref="AllocGate.AllocZeroed{TConfig}"/>
    public static void* AllocZeroed<TConfig>(ThreadHeap* heap, nuint size)
        where TConfig : struct, IAllocatorConfig
        => AllocGate.AllocZeroed<TConfig>(heap, size);

    /// <inheritdoc cref="AllocGate.AllocAligned{TConfig}"/>
    public static void* AllocAligned<TConfig>(ThreadHeap* heap, nuint size, nuint alignment)
        where TConfig : struct, IAllocatorConfig
        => AllocGate.AllocAligned<TConfig>(heap, size, alignment);

    /// <inheritdoc cref="AllocGate.AllocBatch{TConfig}"/>
    public static uint AllocBatch<TConfig>(ThreadHeap* heap, nuint size, void** blocks, uint count)
        where TConfig : struct, IAllocatorConfig
        => AllocGate.AllocBatch<TConfig>(heap, size, blocks, count);
}
