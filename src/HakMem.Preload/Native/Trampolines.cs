using System.Runtime;
using System.Runtime.CompilerServices;
using HakMem.Boxes;

namespace HakMem.Preload;

/// <summary>What <c>Trampolines.S</c> offers to C#: the thread's slot, and what can only be said in assembly.</summary>
internal static unsafe class Trampolines
{
    /// <summary>What the calling thread's slot holds: its heap or a stand-in.</summary>
    [RuntimeImport("*", "hm_slot_get"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern ThreadHeap* GetSlot();

    /// <summary>Sets the calling thread's slot.</summary>
    [RuntimeImport("*", "hm_slot_set"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void SetSlot(ThreadHeap* heap);

    /// <summary>Sets the calling thread's slot and returns what it held, in one instruction, so that no signal handler comes between.</summary>
    [RuntimeImport("*", "hm_slot_exchange"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern ThreadHeap* ExchangeSlot(ThreadHeap* heap);

    /// <summary>The first of the stand-ins for a heap; see <see cref="ThreadSlot"/>.</summary>
    [RuntimeImport("*", "hm_stand_in"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern ThreadHeap* StandIn();

    /// <summary>Where the library's own file begins in memory: its ELF header.</summary>
    [RuntimeImport("*", "hm_image"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern byte* Image();

    /// <summary>The C library's <c>environ</c>; null before the C library has set it.</summary>
    [RuntimeImport("*", "hm_environment"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern byte** Environment();

    /// <summary>Waits for so many seconds and nanoseconds. Unlike the C library's <c>nanosleep</c> it is no cancellation point: a thread must not end inside the allocator.</summary>
    [RuntimeImport("*", "hm_sleep"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void Sleep(long* time);

    /// <summary>The system's <c>mmap</c>, not the C library's, nor that of a preloaded library, which may allocate. The address, or the error below 0.</summary>
    [RuntimeImport("*", "hm_map_pages"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern nint MapPages(byte* at, nuint bytes, int protection, int flags, int file, nint offset);

    /// <summary>
    /// The system's <c>write</c>. Unlike the C library's it is no cancellation point: a thread must not end where the process should, nor inside the allocator. And no signal comes of it, which would
    /// end the program: not where nobody reads the pipe any more, not where the file is too long.
    /// </summary>
    [RuntimeImport("*", "hm_write"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern nint Write(int file, byte* text, nuint bytes);

    /// <summary>What <c>operator new</c> jumps to without a hit: goes on with the address that it returns to as one argument more.</summary>
    [RuntimeImport("*", "hm_new_slow"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void* NewSlow(nuint size, ThreadHeap* heap, uint open);

    /// <summary><c>std::get_new_handler</c>; null when the program began without a C++ library.</summary>
    [RuntimeImport("*", "hm_get_new_handler"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void* GetNewHandler();

    /// <summary>What throws <c>std::bad_alloc</c>; null when the program began without a C++ library.</summary>
    [RuntimeImport("*", "hm_throw_bad_alloc"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void* ThrowBadAlloc();

    /// <summary>Sends a thread a signal; signal 0 only asks whether it is there. 0, or the error below 0.</summary>
    [RuntimeImport("*", "hm_signal"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern nint Signal(int process, int thread, int signal);

    /// <summary>Has the C library, glibc or musl, call these around a fork.</summary>
    [RuntimeImport("*", "hm_at_fork"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void AtFork(delegate*<void> prepare, delegate*<void> parent, delegate*<void> child);

    /// <summary>Has the C library call this at the beginning of <c>quick_exit</c>. In flavors that record.</summary>
    [RuntimeImport("*", "hm_at_quick_exit"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void AtQuickExit(delegate*<void> function);

    /// <summary>Takes the C library's lock of its list of streams, if it offers that; this thread may hold it already.</summary>
    [RuntimeImport("*", "hm_streams_lock"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void LockStreams();

    /// <summary>Gives back what <see cref="LockStreams"/> took.</summary>
    [RuntimeImport("*", "hm_streams_unlock"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void UnlockStreams();

    /// <summary>In the child of a fork: nobody holds the lock of the streams.</summary>
    [RuntimeImport("*", "hm_streams_reset"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void ResetStreams();

    /// <summary>Ends the process, all threads, without a word to the C library. In flavors that record.</summary>
    [RuntimeImport("*", "hm_exit_group"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void ExitGroup(int code);
}
