using System.Runtime.Intrinsics.X86;
using HakMem.Boxes;

namespace HakMem.Preload;

/// <summary>
/// Box of layer Os for a library without a runtime: <see cref="LinuxMemory"/>'s contract by plain calls of the C library. It differs in the end of threads: what is
/// a native destructor's mark there is <see cref="ThreadLife"/>'s own destructor here. Every method may be called under locks; none sets the program's errno for good, which the exports see to.
/// </summary>
[Box(BoxLayer.Os, Traits = BoxTraits.ConcurrencySafe | BoxTraits.ZeroedOutput)]
public static unsafe class PreloadMemory
{
    private const int ProtNone = 0, ProtRead = 1, ProtReadWrite = 3;
    private const int MapPrivateAnonymous = 0x22, MapNoReserve = 0x4000;
    private const int DontNeed = 4, HugePage = 14, NoHugePage = 15, PopulateWrite = 23;
    private const int ClockMonotonicCoarse = 6, RlimitAs = 9;

    /// <inheritdoc cref="LinuxMemory.Prepare"/>
    /// <remarks>Nothing: every call is bound when the library is loaded.</remarks>
    public static void Prepare()
    {
    }

    /// <inheritdoc cref="LinuxMemory.Reserve"/>
    public static byte* Reserve(nuint bytes) => Checked(LibC.mmap(null, bytes, ProtNone, MapPrivateAnonymous | MapNoReserve, -1, 0));

    /// <inheritdoc cref="LinuxMemory.Commit"/>
    public static bool Commit(byte* at, nuint bytes) => LibC.mprotect(at, bytes, ProtReadWrite) == 0;

    /// <inheritdoc cref="LinuxMemory.Expose"/>
    public static bool Expose(byte* at, nuint bytes) => LibC.mprotect(at, bytes, ProtRead) == 0;

    /// <inheritdoc cref="LinuxMemory.Purge"/>
    public static bool Purge(byte* at, nuint bytes) => LibC.madvise(at, bytes, DontNeed) == 0;

    /// <inheritdoc cref="LinuxMemory.Decommit"/>
    public static bool Decommit(byte* at, nuint bytes) => LinuxMemory.Decommit(at, bytes);

    /// <inheritdoc cref="LinuxMemory.Recommit"/>
    public static bool Recommit(byte* at, nuint bytes) => LinuxMemory.Recommit(at, bytes);

    /// <inheritdoc cref="LinuxMemory.TryRead"/>
    public static bool TryRead(void* at, out nint word) => LinuxMemory.TryRead(at, out word);

    /// <inheritdoc cref="LinuxMemory.Map"/>
    public static byte* Map(nuint bytes) => Checked(LibC.mmap(null, bytes, ProtReadWrite, MapPrivateAnonymous, -1, 0));

    /// <inheritdoc cref="LinuxMemory.Unmap"/>
    public static bool Unmap(byte* at, nuint bytes) => LibC.munmap(at, bytes) == 0;

    /// <inheritdoc cref="LinuxMemory.Remap"/>
    public static byte* Remap(byte* at, nuint oldBytes, nuint newBytes, bool mayMove) => Checked(LibC.mremap(at, oldBytes, newBytes, mayMove ? 1 : 0));

    /// <inheritdoc cref="LinuxMemory.AdviseHugePages"/>
    public static bool AdviseHugePages(byte* at, nuint bytes, bool wanted) => LibC.madvise(at, bytes, wanted ? HugePage : NoHugePage) == 0;

    /// <inheritdoc cref="LinuxMemory.Populate"/>
    public static bool Populate(byte* at, nuint bytes) => LibC.madvise(at, bytes, PopulateWrite) == 0;

    /// <inheritdoc cref="LinuxMemory.AddressSpaceLimit"/>
    public static nuint AddressSpaceLimit()
    {
        ulong* limit = stackalloc ulong[2];
        return LibC.getrlimit(RlimitAs, limit) == 0 ? (nuint)limit[0] : ~(nuint)0;
    }

    /// <inheritdoc cref="LinuxMemory.Milliseconds"/>
    public static ulong Milliseconds()
    {
        long* time = stackalloc long[2];
        return LibC.clock_gettime(ClockMonotonicCoarse, time) == 0 ? ((ulong)time[0] * 1000) + ((ulong)time[1] / 1_000_000) : 0;
    }

    /// <inheritdoc cref="LinuxMemory.ThreadId"/>
    public static uint ThreadId() => (uint)LibC.gettid();

    /// <inheritdoc cref="LinuxMemory.ThreadIsGone"/>
    public static bool ThreadIsGone(uint thread, void* word) => thread == 0 || (Trampolines.Signal(LibC.getpid(), (int)thread, 0) != 0 && Trampolines.Signal(LibC.getpid(), LibC.gettid(), 0) == 0);

    /// <inheritdoc cref="LinuxMemory.WatchThreadEnd"/>
    /// <remarks>Nothing: <see cref="ThreadLife"/> arms the thread's own destructor once the thread has its heap, since that may allocate.</remarks>
    public static void WatchThreadEnd(uint* key, void* word)
    {
        _ = key;
        _ = word;
    }

    /// <inheritdoc cref="LinuxMemory.Stack"/>
    /// <remarks>Never: a thread's heap is one load from its own storage here.</remarks>
    public static bool Stack(out byte* low, out nuint bytes)
    {
        low = null;
        bytes = 0;
        return false;
    }

    /// <inheritdoc cref="LinuxMemory.WatchStack"/>
    public static bool WatchStack(uint* key, void* word) => false;

    /// <inheritdoc cref="LinuxMemory.UnwatchThreadEnds"/>
    public static void UnwatchThreadEnds(uint* key) => _ = key;

    /// <inheritdoc cref="LinuxMemory.Wait"/>
    public static void Wait(uint attempt)
    {
        if (attempt < SpinLock.YieldAttempt)
        {
            X86Base.Pause();
        }
        else if (attempt < SpinLock.SleepAttempt)
        {
            _ = LibC.sched_yield();
        }
        else
        {
            long* time = stackalloc long[2];
            time[0] = 0;
            time[1] = 50_000;
            Trampolines.Sleep(time);
        }
    }

    /// <inheritdoc cref="LinuxMemory.WriteError"/>
    public static void WriteError(byte* text, nuint bytes) => _ = Trampolines.Write(LibC.StandardError, text, bytes);

    /// <inheritdoc cref="LinuxMemory.Abort"/>
    public static void Abort() => LibC.abort();

    private static byte* Checked(byte* mapped) => mapped == (byte*)-1 ? null : mapped;
}
