using System.Threading;
using HakMem.Boxes;

namespace HakMem.Preload;

/// <summary>The heap of threads that are past their destructors, shared by all of them under its user lock. Made by the first that needs it, and never destroyed.</summary>
internal static unsafe class CommonHeap
{
    private static nint s_heap;

    /// <summary>A block, or null. From inside a slow path.</summary>
    internal static void* Alloc(nuint size, nuint alignment, bool zeroed)
    {
        ThreadHeap* heap = Open();
        return heap == null
            ? BigCache.Alloc<PreloadAllocator.Config>(size, alignment, zeroed)
            : FirstClassHeap.Alloc<PreloadAllocator.Config>(heap, size, alignment, zeroed);
    }

    /// <summary>A block of the new size with the old contents, or null. From inside a slow path.</summary>
    internal static void* Realloc(void* block, nuint size)
    {
        ThreadHeap* heap = Open();
        return heap == null
            ? ReallocGate.Realloc<PreloadAllocator.Config>(null, block, size, 0)
            : FirstClassHeap.Realloc<PreloadAllocator.Config>(heap, block, size, 1);
    }

    private static ThreadHeap* Open()
    {
        nint heap = Volatile.Read(ref s_heap);
        if (heap != 0) return (ThreadHeap*)heap;
        ThreadHeap* made = FirstClassHeap.Create<PreloadAllocator.Config>();
        if (made == null) return null;
        heap = Interlocked.CompareExchange(ref s_heap, (nint)made, 0);
        if (heap == 0) return made;
        FirstClassHeap.Destroy<PreloadAllocator.Config>(made);
        return (ThreadHeap*)heap;
    }
}
