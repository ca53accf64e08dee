using System.Runtime.CompilerServices;
using HakMem.Boxes;
using static HakMem.Preload.PreloadAllocator;

namespace HakMem.Preload;

/// <summary>
/// Pop and push of a front stack that a signal handler may interrupt at any instruction. While one is under way, <see cref="ThreadHeap.Open"/> is 0, and a handler that
/// allocates finds class 0, whose stack is empty and full at once, and from there the slow path, which sees the same and leaves the heap alone. Costs a load, a mask and two stores. Before
/// the first store nothing of the heap's state was read; after the last nothing is left to do. A miss hands on what was read, and whoever takes it sets it again.
/// </summary>
internal static unsafe class HitPath
{
    /// <summary>The newest block of a class. False, and <paramref name="open"/> to be given to <see cref="Close"/>, when there is none for this thread now.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static bool TryPop(ThreadHeap* heap, uint sizeClass, out void* block, out uint open)
    {
        open = heap->Open;
        heap->Open = 0;
        if (!Config.TryPopFront(heap, sizeClass & open, out block)) return false;
        Config.OnFrontHit(heap, sizeClass, block);
        heap->Open = uint.MaxValue;
        return true;
    }

    /// <summary>Puts a block on the stack of its class. False, and <paramref name="open"/> to be given to <see cref="Close"/>, when there is no room for this thread now.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static bool TryPush(ThreadHeap* heap, uint sizeClass, void* block, out uint open)
    {
        open = heap->Open;
        heap->Open = 0;
        if (!Config.TryPushFront(heap, sizeClass & open, block)) return false;
        Config.OnFrontPush(heap, sizeClass, block);
        heap->Open = uint.MaxValue;
        return true;
    }

    /// <summary>Ends a miss. A stand-in, or a heap that was interrupted, stays as it is: what was read of it is 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Close(ThreadHeap* heap, uint open) => heap->Open = open;
}
