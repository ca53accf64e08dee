using System.Runtime.CompilerServices;
using HakMem.Boxes;

namespace HakMem.Preload;

/// <summary>
/// The way from an export into the boxes and back. While a thread is inside, its slot holds <see cref="ThreadSlot.Busy"/>, so that a signal handler that interrupts
/// it touches neither its heap nor a lock. The program's errno is kept. A stack value: <see cref="TryEnter"/>, use <see cref="Heap"/>, <see cref="Leave()"/>.
/// </summary>
internal unsafe ref struct SlowPath
{
    /// <summary>The heap to work on: the thread's; null when it has none, because it ended or the OS refused.</summary>
    internal ThreadHeap* Heap;

    private ThreadHeap* _before;
    private int _errno;

    /// <summary>Whether the thread ended and must use the common heap for what it allocates.</summary>
    internal readonly bool IsEnded => _before == ThreadSlot.Ended;

    /// <summary>Goes in. False when the thread is inside already: then <see cref="SignalHeap"/> serves. A thread without a heap gets one here.</summary>
    internal bool TryEnter(ThreadHeap* heap)
    {
        if (heap->Open == 0) return TryEnterSlow(heap);
        _errno = *LibC.Errno();
        Heap = _before = heap;
        Trampolines.SetSlot(ThreadSlot.Busy);
        SignalHeap.FreeDeferred(heap);
        return true;
    }

    /// <summary>Goes out.</summary>
    internal readonly void Leave()
    {
        Trampolines.SetSlot(_before);
        *LibC.Errno() = _errno;
    }

    /// <summary>Goes out with a result that is null for failure: errno says so then.</summary>
    internal readonly void* Leave(void* result)
    {
        Trampolines.SetSlot(_before);
        *LibC.Errno() = result == null ? LibC.NoMemory : _errno;
        return result;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool TryEnterSlow(ThreadHeap* heap)
    {
        if (!ThreadSlot.IsStandIn(heap) || ThreadSlot.IsInside(heap)) return false;   // a hit path or a slow path was interrupted
        _errno = *LibC.Errno();
        _before = heap;
        Heap = null;
        Trampolines.SetSlot(ThreadSlot.Busy);
        if (heap == ThreadSlot.Ended) return true;
        Heap = ThreadLife.Attach();
        if (Heap != null) _before = Heap;
        return true;
    }
}
