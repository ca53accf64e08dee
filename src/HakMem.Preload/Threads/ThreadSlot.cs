using HakMem.Boxes;

namespace HakMem.Preload;

/// <summary>
/// What a thread's slot holds: its heap, or a stand-in. The stand-ins are addresses in one stretch of zeros that reads as a heap with nothing in it: a pop finds an
/// empty stack, a push a full one, no chunk is its own. So the hit paths test for none of them, and every call ends in a slow path, which does.
/// </summary>
internal static unsafe class ThreadSlot
{
    private const nuint Step = 64;

    /// <summary>The thread has not allocated yet. What the slot begins with.</summary>
    internal static ThreadHeap* New => Trampolines.StandIn();

    /// <summary>The thread is past its destructors: its heap belongs to others by now.</summary>
    internal static ThreadHeap* Ended => At(1);

    /// <summary>The thread is inside a slow path without a heap: whoever sees this runs in a signal handler, or is called by the C library from there.</summary>
    internal static ThreadHeap* Busy => At(2);

    /// <summary>The thread forks and holds every lock of the allocator.</summary>
    internal static ThreadHeap* Forking => At(3);

    /// <summary>Whether the thread is inside the allocator, so that no lock may be taken and no heap touched: what the slot holds is a heap that is not open, or one of the last two stand-ins.</summary>
    internal static bool IsInside(ThreadHeap* heap) => heap->Open == 0 && (nuint)heap - (nuint)New > Step;

    private static ThreadHeap* At(nuint index) => (ThreadHeap*)((byte*)New + (index * Step));
}
