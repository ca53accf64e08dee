using System.Runtime.InteropServices;

namespace HakMem.Bench.Memory;

/// <summary>The few functions of the C library that the harness itself needs.</summary>
internal static unsafe class LibC
{
    public const int ProcessCpuClock = 2;
    public const int ThreadCpuClock = 3;

    public const int ThisProcess = 0;

    public const int SetParentDeathSignal = 1;
    public const int KillSignal = 9;

    public const int ProtectReadWrite = 3;
    public const int MapPrivateAnonymous = 0x22;
    public const int MapNoReserve = 0x4000;
    public const int MapPopulate = 0x8000;

    [StructLayout(LayoutKind.Sequential)]
    public struct Timespec
    {
        public long Seconds;
        public long Nanoseconds;
    }

    /// <summary><c>struct rusage</c>: two times, then counters of which most are unused on Linux.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct ResourceUsage
    {
        public Timespec UserTime, SystemTime;
        public long PeakKibibytes, SharedText, UnsharedData, UnsharedStack, MinorFaults, MajorFaults, Swaps, BlocksIn, BlocksOut, MessagesSent,
            MessagesReceived, Signals, VoluntarySwitches, InvoluntarySwitches;
    }

    /// <summary><c>struct mallinfo2</c>; the arena counters come first, the bytes handed out are <see cref="UsedBytes"/>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct MallInfo2
    {
        public nuint ArenaBytes, FreeChunks, FastbinChunks, MappedChunks, MappedBytes, Unused, FastbinBytes, UsedBytes, FreeBytes, TopBytes;
    }

    /// <summary>Whether the C library has glibc's functions about its malloc; musl does not.</summary>
    public static bool HasMallocOfGlibc { get; } = NativeLibrary.TryGetExport(NativeLibrary.GetMainProgramHandle(), "mallinfo2", out _);

    [DllImport("libc", EntryPoint = "clock_gettime")]
    public static extern int ClockGetTime(int clock, Timespec* time);

    [DllImport("libc", EntryPoint = "getrusage")]
    public static extern int GetResourceUsage(int who, ResourceUsage* usage);

    [DllImport("libc", EntryPoint = "prctl")]
    public static extern int ProcessControl(int option, nuint first, nuint second, nuint third, nuint fourth);

    [DllImport("libc", EntryPoint = "getppid")]
    public static extern int ParentProcess();

    [DllImport("libc", EntryPoint = "mmap")]
    public static extern void* MemoryMap(void* address, nuint byteCount, int protection, int flags, int file, nint offset);

    [DllImport("libc", EntryPoint = "memfd_create")]
    public static extern int MemoryFile([MarshalAs(UnmanagedType.LPUTF8Str)] string name, uint flags);

    [DllImport("libc", EntryPoint = "munmap")]
    public static extern int MemoryUnmap(void* address, nuint byteCount);

    [DllImport("libc", EntryPoint = "sem_init")]
    public static extern int SemaphoreInitialize(void* semaphore, int shared, uint value);

    [DllImport("libc", EntryPoint = "sem_wait")]
    public static extern int SemaphoreWait(void* semaphore);

    [DllImport("libc", EntryPoint = "sem_post")]
    public static extern int SemaphorePost(void* semaphore);

    [DllImport("libc", EntryPoint = "sched_getaffinity")]
    public static extern int GetThreadProcessors(int thread, nuint byteCount, ulong* processors);

    [DllImport("libc", EntryPoint = "sched_setaffinity")]
    public static extern int SetThreadProcessors(int thread, nuint byteCount, ulong* processors);

    [DllImport("libc", EntryPoint = "malloc_trim")]
    public static extern int MallocTrim(nuint keptBytes);

    [DllImport("libc", EntryPoint = "mincore")]
    public static extern int MemoryInCore(void* address, nuint byteCount, byte* pages);

    [DllImport("libc", EntryPoint = "mallinfo2")]
    public static extern MallInfo2 MallocInfo();

    [DllImport("libc", EntryPoint = "unsetenv", CharSet = CharSet.Ansi)]
    public static extern int UnsetEnvironmentVariable([MarshalAs(UnmanagedType.LPUTF8Str)] string name);
}
