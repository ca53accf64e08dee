using System.Runtime.CompilerServices;
using HakMem.Boxes;

namespace HakMem.Preload;

/// <summary>
/// The way from an export into the boxes and back. While a thread is inside, its heap is not <see cref="ThreadHeap.Open"/>, or without a heap its slot holds <see cref="ThreadSlot.Busy"/>,
/// so that a signal handler that interrupts it touches neither its heap nor a lock. The program's errno is kept. A stack value: <see cref="TryEnter"/>, use <see cref="Heap"/>, <see cref="Leave()"/>.
/// </summary>
internal unsafe ref struct SlowPath
{
    /// <summary>The heap to work on: the thread's; null when it has none, because it ended or the OS refused.</summary>
    internal ThreadHeap* Heap;

    /// <summary>Whether the thread ended and must use the common heap for what it allocates.</summary>
    internal bool IsEnded;

    private int* _errno;
    private int _errnoBefore;

    /// <summary>Goes in. False when the thread is inside already: then <see cref="SignalHeap"/> serves. A thread without a heap gets one here.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal bool TryEnter(ThreadHeap* heap)
    {
        if (heap->Open == 0) return TryEnterSlow(heap);
        heap->Open = 0;
        Heap = heap;
        _errno = (int*)heap->HostState;
        _errnoBefore = *_errno;
        if (SignalHeap.HasDeferred) SignalHeap.FreeDeferred(heap);
        return true;
    }

    /// <summary>Goes out.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal readonly void Leave()
    {
        uint open = Heartbeat.IsWanted && Heap != null ? Heartbeat.Beat(Heap) : uint.MaxValue;
        *_errno = _errnoBefore;
        if (Heap != null) Heap->Open = open;
        else Trampolines.SetSlot(IsEnded ? ThreadSlot.Ended : ThreadSlot.New);
    }

    /// <summary>Goes out with a result that is null for failure: errno says so then.</summary>
    internal readonly void* Leave(void* result)
    {
        Leave();
        if (result == null) *_errno = LibC.NoMemory;
        return result;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool TryEnterSlow(ThreadHeap* heap)
    {
        if (ThreadSlot.IsInside(heap)) return false;
        int* errno = LibC.Errno();
        ThreadHeap* held = Trampolines.ExchangeSlot(ThreadSlot.Busy);
        if (held != heap)
        {
            // A signal handler came between the reading of the slot and here, and the thread got its heap there.
            Trampolines.SetSlot(held);
            return TryEnter(held);
        }

        _errno = errno;
        _errnoBefore = *errno;
        IsEnded = heap == ThreadSlot.Ended;
        Heap = IsEnded ? null : ThreadLife.Attach(errno);
        if (SignalHeap.HasDeferred) SignalHeap.FreeDeferred(Heap);
        return true;
    }
}
