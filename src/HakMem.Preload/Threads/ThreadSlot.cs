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

    /// <summary>The thread is inside a slow path, with locks held perhaps: whoever sees this runs in a signal handler, or is called by the C library from there.</summary>
    internal static ThreadHeap* Busy => At(2);

    /// <summary>The thread forks and holds every lock of the allocator.</summary>
    internal static ThreadHeap* Forking => At(3);

    /// <summary>Whether it is no heap.</summary>
    internal static bool IsStandIn(ThreadHeap* heap) => (nuint)heap - (nuint)New <= 3 * Step;

    /// <summary>Whether no lock of the allocator may be taken.</summary>
    internal static bool IsInside(ThreadHeap* heap) => (nuint)heap - (nuint)Busy <= Step;

    private static ThreadHeap* At(nuint index) => (ThreadHeap*)((byte*)New + (index * Step));
}
