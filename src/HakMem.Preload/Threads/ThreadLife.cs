using System.Threading;
using HakMem.Boxes;

namespace HakMem.Preload;

/// <summary>
/// The beginning and the end of a thread. The end is a destructor of a thread-specific key that asks to be called again until the C library's last round, so
/// that other destructors still find the heap; then the heap, blocks and all, waits for the next thread, and the slot holds <see cref="ThreadSlot.Ended"/>.
/// </summary>
internal static unsafe class ThreadLife
{
    private const uint Rounds = 4;   // PTHREAD_DESTRUCTOR_ITERATIONS of glibc

    private static uint s_key;
    private static int s_prepared;

    /// <summary>A heap for the calling thread, whose slot holds <see cref="ThreadSlot.Busy"/>: it is in the slot afterwards, not open. Null when the OS refuses.</summary>
    internal static ThreadHeap* Attach(int* errno)
    {
        if (!PreloadAllocator.TryOpen()) return null;
        ThreadHeap* heap = HeapRegistry.Attach<PreloadAllocator.Config>();
        if (heap == null)
        {
            Prepare();   // a fork is one among others' calls, too, while all have the common heap
            return null;
        }

        heap->HostState = errno;
        heap->Open = uint.MaxValue;

        // The C library may allocate for the key's value, and musl for the handlers of fork: from the heap that the thread has now.
        Trampolines.SetSlot(heap);
        Prepare();
        uint key = Volatile.Read(ref s_key);
        bool watched = key != 0 && LibC.pthread_setspecific(key - 1, heap) == 0;
        heap->Open = 0;

        // Unwatched, its end is found by asking the OS for the thread.
        if (!watched) Volatile.Write(ref heap->EndMark, 1);
        return heap;
    }

    // Once, by the first allocation or the library's constructor: others that have handlers of fork have them later, as a rule, so that ours is the last before the fork and the first after it.
    private static void Prepare()
    {
        if (Interlocked.CompareExchange(ref s_prepared, 1, 0) != 0) return;
        uint key;
        if (LibC.pthread_key_create(&key, &End) == 0) Volatile.Write(ref s_key, key + 1);
        ForkGuard.Register();
    }

    // The value is the heap, aligned to 64, and the number of rounds gone by.
    private static void End(void* value)
    {
        uint round = (uint)(nuint)value & 63;
        ThreadHeap* heap = (ThreadHeap*)((nuint)value - round);
        if (Trampolines.GetSlot() != heap) return;   // it is not this thread's: a fork or a signal handler came between
        if (heap->Open == 0)
        {
            // A handler left the allocator by siglongjmp: locks may be held for good, and whoever took the heap over would wait for them.
            Trampolines.SetSlot(ThreadSlot.Ended);
            return;
        }

        if (round + 1 < Rounds && LibC.pthread_setspecific(s_key - 1, (byte*)value + 1) == 0) return;
        int errno = *LibC.Errno();
        Trampolines.SetSlot(ThreadSlot.Busy);
        HeapRegistry.Abandon<PreloadAllocator.Config>(heap, false);
        PreloadAllocator.Config.WantScavenge();   // what the thread left empty may be much, and there may be no other call for long
        Trampolines.SetSlot(ThreadSlot.Ended);
        *LibC.Errno() = errno;
    }
}
