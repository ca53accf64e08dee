using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using System.Threading;

namespace HakMem.Boxes;

/// <summary>
/// Box of layer Os for Linux: one of the two places that make system calls; the other is <see cref="WindowsMemory"/>, and <see cref="SystemMemory"/> is whichever the process runs on. A third system is
/// another class with the same methods, named in a composition's <see cref="HakMemAllocatorAttribute.Os"/>. Every method may be called under locks; those that map memory make
/// an ordinary P/Invoke, so a garbage collection need not wait for them. No method but <see cref="Prepare"/> throws, none sets the runtime's last error.
/// </summary>
[Box(BoxLayer.Os, Traits = BoxTraits.ConcurrencySafe | BoxTraits.ZeroedOutput)]
public static unsafe partial class LinuxMemory
{
    private const int ProtNone = 0, ProtRead = 1, ProtReadWrite = 3;
    private const int MapPrivateAnonymous = 0x22, MapNoReserve = 0x4000;
    private const int DontNeed = 4, HugePage = 14, NoHugePage = 15, PopulateWrite = 23;
    private const int ClockMonotonicCoarse = 6, RlimitAs = 9;
    private const nuint FirstStackBytes = 64 << 20;   // Linux maps nothing within 128 MiB below the first stack's end

    /// <summary>Makes every call once, harmlessly, so that the runtime resolves it before it is needed under a lock. Under the .NET runtime throws <c>PlatformNotSupportedException</c> on a system that this box is not for.</summary>
    public static void Prepare()
    {
        CheckSystem();
        byte* page = Map(4096);
        if (page == null) return;
        _ = Commit(page, 4096);
        _ = AdviseHugePages(page, 4096, false);
        _ = Populate(page, 4096);
        _ = Remap(page, 4096, 4096, false);
        _ = Unmap(page, 4096);
        _ = AddressSpaceLimit();
        _ = Milliseconds();
        _ = ThreadIsGone(ThreadId(), null);
        _ = sched_yield();
        long* time = stackalloc long[2];
        time[0] = time[1] = 0;
        _ = nanosleep(time, null);
        _ = write(2, null, 0);
    }

    /// <summary>Reserves an address range without access. Returns its start, aligned to the OS page, or null.</summary>
    public static byte* Reserve(nuint bytes) => Checked(mmap(null, bytes, ProtNone, MapPrivateAnonymous | MapNoReserve, -1, 0));

    /// <summary>Makes a part of a reserved range readable and writable; it reads as zero until written. False when the OS refuses.</summary>
    public static bool Commit(byte* at, nuint bytes) => mprotect(at, bytes, ProtReadWrite) == 0;

    /// <summary>Makes a part of a reserved range readable; it reads as zero and costs no memory. False when the OS refuses.</summary>
    public static bool Expose(byte* at, nuint bytes) => mprotect(at, bytes, ProtRead) == 0;

    /// <summary>Gives the memory behind a committed range back; it reads as zero afterwards. False when the OS refuses: then the contents are as before.</summary>
    public static bool Purge(byte* at, nuint bytes) => madvise(at, bytes, DontNeed) == 0;

    /// <summary>
    /// Tells that a committed part of a range, purged, is not used before <see cref="Recommit"/>: where the system counts what is committed, it counts no more. Linux counts what was touched: nothing to do. False when the OS refuses: then it stays committed.
    /// </summary>
    public static bool Decommit(byte* at, nuint bytes)
    {
        _ = at;
        _ = bytes;
        return true;
    }

    /// <summary>Makes what <see cref="Decommit"/> was told of usable again; it reads as zero. False when the OS refuses.</summary>
    public static bool Recommit(byte* at, nuint bytes)
    {
        _ = at;
        _ = bytes;
        return true;
    }

    /// <summary>Reads a word of memory that was committed once. False where another thread may have taken it away since; never on Linux, where it reads as zero then.</summary>
    public static bool TryRead(void* at, out nint word)
    {
        word = *(nint*)at;
        return true;
    }

    /// <summary>Maps readable and writable memory that reads as zero. Returns its start, aligned to the OS page, or null.</summary>
    public static byte* Map(nuint bytes) => Checked(mmap(null, bytes, ProtReadWrite, MapPrivateAnonymous, -1, 0));

    /// <summary>Takes a mapping, or a part of it, away. False when the OS refuses: then it stays.</summary>
    public static bool Unmap(byte* at, nuint bytes) => munmap(at, bytes) == 0;

    /// <summary>Changes the length of a mapping, contents kept; new memory reads as zero. Returns its start, or null and everything is as before.</summary>
    public static byte* Remap(byte* at, nuint oldBytes, nuint newBytes, bool mayMove) => Checked(mremap(at, oldBytes, newBytes, mayMove ? 1 : 0));

    /// <summary>Asks for or forbids transparent huge pages in a range. False when the OS does not know them, which does no harm.</summary>
    public static bool AdviseHugePages(byte* at, nuint bytes, bool wanted) => madvise(at, bytes, wanted ? HugePage : NoHugePage) == 0;

    /// <summary>Backs a committed range with memory at once. False when the OS cannot (Linux before 5.14): then pages are backed as touched.</summary>
    public static bool Populate(byte* at, nuint bytes) => madvise(at, bytes, PopulateWrite) == 0;

    /// <summary>The limit on the process's address space in bytes; the largest number when there is none.</summary>
    public static nuint AddressSpaceLimit()
    {
        ulong* limit = stackalloc ulong[2];
        return getrlimit(RlimitAs, limit) == 0 ? (nuint)limit[0] : ~(nuint)0;
    }

    /// <summary>A monotonic clock in milliseconds, a few milliseconds coarse.</summary>
    public static ulong Milliseconds()
    {
        long* time = stackalloc long[2];
        return clock_gettime(ClockMonotonicCoarse, time) == 0 ? ((ulong)time[0] * 1000) + ((ulong)time[1] / 1_000_000) : 0;
    }

    /// <summary>The calling thread's id, unique in the process while the thread lives.</summary>
    public static uint ThreadId() => (uint)gettid();

    /// <summary>
    /// Where the calling thread's stack lies. Of the process's first thread, whose stack grows, the part that the system keeps free for it. False when the system does not say.
    /// </summary>
    public static bool Stack(out byte* low, out nuint bytes)
    {
        ulong* attributes = stackalloc ulong[16];   // 56 or 64 bytes
        byte* start = null;
        nuint length = 0;
        bool known = false;
        if (pthread_getattr_np(pthread_self(), attributes) == 0)
        {
            known = pthread_attr_getstack(attributes, &start, &length) == 0;
            _ = pthread_attr_destroy(attributes);
        }

        if (known && length > FirstStackBytes && getpid() == gettid())
        {
            start += length - FirstStackBytes;
            length = FirstStackBytes;
        }

        low = start;
        bytes = length;
        return known;
    }

    /// <summary>
    /// Whether the thread that had this id, and <paramref name="word"/> to watch its end, is gone; 0 is nobody's. False while another one has its id, unless the word tells. False where the system does not say: where the call is forbidden, which the calling thread's own id shows.
    /// </summary>
    public static bool ThreadIsGone(uint thread, void* word) => thread == 0 || (!TakesSignals(thread) && TakesSignals(ThreadId()));

    // By the system call's number: musl has no function for it.
    private static bool TakesSignals(uint thread)
    {
        if (X86Base.IsSupported) return syscall(234, getpid(), (nint)thread, 0) == 0;
        return ArmBase.IsSupported ? syscall(131, getpid(), (nint)thread, 0) == 0 : tgkill(getpid(), (int)thread, 0) == 0;
    }

    /// <summary>
    /// Arranges that the 32-bit word at <paramref name="word"/>, in 32 zeroed bytes aligned to 16, becomes nonzero when the calling
    /// thread ends. The mark is made by <c>sem_post</c> as the destructor of a thread-specific key: native code, because managed code
    /// must not run then. <paramref name="key"/> holds the key plus one, made by the first call. When it cannot be made, the word stays zero.
    /// </summary>
    public static void WatchThreadEnd(uint* key, void* word)
    {
        fixed (byte* name = "sem_post"u8) _ = Watch(key, name, word);
    }

    /// <summary>
    /// Arranges that the 32-bit word at <paramref name="word"/> becomes 0 or 1 when the calling thread ends, by <c>pthread_spin_unlock</c> as the destructor of a key. False when it cannot be.
    /// </summary>
    public static bool WatchStack(uint* key, void* word)
    {
        fixed (byte* name = "pthread_spin_unlock"u8) return Watch(key, name, word);
    }

    // As the destructor a function of the C library is called with the word's address.
    private static bool Watch(uint* key, byte* function, void* word)
    {
        uint have = Volatile.Read(ref *key);
        if (have == 0)
        {
            uint made;
            void* destructor = dlsym(null, function);
            if (destructor == null || pthread_key_create(&made, destructor) != 0) return false;
            have = Interlocked.CompareExchange(ref *key, made + 1, 0);
            if (have == 0) have = made + 1;
            else _ = pthread_key_delete(made);
        }

        return pthread_setspecific(have - 1, word) == 0;
    }

    /// <summary>Ends the watch of a key for every thread that has not ended yet: their words are not touched any more.</summary>
    public static void UnwatchThreadEnds(uint* key)
    {
        if (*key != 0) _ = pthread_key_delete(*key - 1);
        *key = 0;
    }

    /// <summary>Waits a little, longer with each attempt: the processor's pause, then a yield, then 50 µs of sleep.</summary>
    public static void Wait(uint attempt)
    {
        if (attempt < SpinLock.YieldAttempt)
        {
            if (X86Base.IsSupported) X86Base.Pause();
            else if (ArmBase.IsSupported) ArmBase.Yield();
        }
        else if (attempt < SpinLock.SleepAttempt)
        {
            _ = sched_yield();
        }
        else
        {
            long* time = stackalloc long[2];
            time[0] = 0;
            time[1] = 50_000;
            _ = nanosleep(time, null);
        }
    }

    /// <summary>Writes bytes to standard error.</summary>
    public static void WriteError(byte* text, nuint bytes) => _ = write(2, text, bytes);

    /// <summary>Ends the process at once with SIGABRT.</summary>
    public static void Abort() => abort();

    static partial void CheckSystem();   // without the runtime there is no other system to run on

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static byte* Checked(byte* mapped) => mapped == (byte*)-1 ? null : mapped;

    [DllImport("libc")] private static extern byte* mmap(byte* at, nuint bytes, int protection, int flags, int file, nint offset);

    [DllImport("libc")] private static extern int munmap(byte* at, nuint bytes);

    [DllImport("libc")] private static extern byte* mremap(byte* at, nuint oldBytes, nuint newBytes, int flags);

    [DllImport("libc")] private static extern int mprotect(byte* at, nuint bytes, int protection);

    [DllImport("libc")] private static extern int madvise(byte* at, nuint bytes, int advice);

    [DllImport("libc")] private static extern int sched_yield();

    [DllImport("libc")] private static extern int nanosleep(long* time, long* rest);

    [DllImport("libc")] private static extern nint write(int file, byte* text, nuint bytes);

    [DllImport("libc")] private static extern void abort();

    [DllImport("libc")] private static extern void* dlsym(void* handle, byte* name);

    [DllImport("libc")] private static extern int pthread_key_create(uint* key, void* destructor);

    [DllImport("libc")] private static extern int pthread_key_delete(uint key);

    [DllImport("libc")] private static extern int pthread_setspecific(uint key, void* value);

    [DllImport("libc")] private static extern int pthread_getattr_np(nint thread, void* attributes);

    [DllImport("libc")] private static extern int pthread_attr_getstack(void* attributes, byte** start, nuint* length);

    [DllImport("libc")] private static extern int pthread_attr_destroy(void* attributes);

    [DllImport("libc"), SuppressGCTransition] private static extern nint pthread_self();

    [DllImport("libc")] private static extern int getrlimit(int resource, ulong* limit);

    [DllImport("libc"), SuppressGCTransition] private static extern int getpid();

    [DllImport("libc"), SuppressGCTransition] private static extern int gettid();

    [DllImport("libc"), SuppressGCTransition] private static extern nint syscall(nint number, nint first, nint second, nint third);

    [DllImport("libc"), SuppressGCTransition] private static extern int tgkill(int process, int thread, int signal);

    [DllImport("libc"), SuppressGCTransition] private static extern int clock_gettime(int clock, long* time);
}
