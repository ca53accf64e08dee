using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using System.Threading;

namespace HakMem.Boxes;

/// <content>Threads: where their stacks are, when they end, how they wait.</content>
public static unsafe partial class WindowsMemory
{
    private const uint Synchronize = 0x0010_0000, QueryLimitedInformation = 0x0800;
    private const uint NoSuchThread = 87;   // ERROR_INVALID_PARAMETER
    private const uint NoIndex = ~0u;
    private const uint SleepEvery = 32, PausesForSleep = 1024;

    /// <inheritdoc cref="LinuxMemory.ThreadId"/>
    public static uint ThreadId() => GetCurrentThreadId();

    /// <summary>Where the calling thread's stack lies. False on a fiber, whose stack another thread may run on later.</summary>
    public static bool Stack(out byte* low, out nuint bytes)
    {
        low = null;
        bytes = 0;
        if (IsThreadAFiber() != 0) return false;
        byte* lowest, end;
        GetCurrentThreadStackLimits(&lowest, &end);
        low = lowest;
        bytes = (nuint)(end - lowest);
        return true;
    }

    /// <summary>
    /// Whether the thread that had this id, and <paramref name="word"/> to watch its end, is gone; 0 is nobody's. Windows gives ids to new threads soon: one that began after the time in the word is another. False where the system does not say.
    /// </summary>
    public static bool ThreadIsGone(uint thread, void* word)
    {
        if (thread == 0) return true;
        void* handle = OpenThread(Synchronize | QueryLimitedInformation, 0, thread);
        if (handle == null) return GetLastError() == NoSuchThread;
        uint process = GetProcessIdOfThread(handle);
        bool gone = (process != 0 && process != GetCurrentProcessId()) || WaitForSingleObject(handle, 0) == 0;
        ulong ended = word == null ? 0 : Volatile.Read(ref *(ulong*)word);
        if (!gone && ended >> 32 != 0)   // two halves, which need not come at once
        {
            ulong* times = stackalloc ulong[4];   // of its beginning, its end, and what it used
            gone = GetThreadTimes(handle, times, times + 1, times + 2, times + 3) != 0 && times[0] > ended;
        }

        _ = CloseHandle(handle);
        return gone;
    }

    /// <summary>
    /// Arranges that the 32-bit word at <paramref name="word"/>, in 32 zeroed bytes aligned to 16, becomes nonzero when the calling thread ends: it and the next are the time then. The mark is made by
    /// <c>GetSystemTimePreciseAsFileTime</c> (not before any thread's beginning, whichever clock that is from) as the callback of a fiber-local index: native code, because managed code must not run then. <paramref name="key"/> holds the index plus one, made by
    /// the first call. When it cannot be made, the word stays zero. A fiber that is deleted sets the word, too: whoever sees it asks <see cref="ThreadIsGone"/>.
    /// </summary>
    public static void WatchThreadEnd(uint* key, void* word)
    {
        fixed (byte* name = "GetSystemTimePreciseAsFileTime"u8) _ = Watch(key, name, word);
    }

    /// <summary>Arranges that the 64-bit word at <paramref name="word"/> becomes 0 when the calling thread ends, by <c>InitializeSRWLock</c> as the callback of a fiber-local index. False when it cannot be.</summary>
    public static bool WatchStack(uint* key, void* word)
    {
        fixed (byte* name = "InitializeSRWLock"u8) return Watch(key, name, word);
    }

    /// <summary>Ends the watch of a key for every thread that has not ended yet: as a last thing their words are set now, and not touched any more.</summary>
    public static void UnwatchThreadEnds(uint* key)
    {
        if (*key != 0) _ = FlsFree(*key - 1);
        *key = 0;
    }

    /// <summary>Waits a little, longer with each attempt: the processor's pause, then a yield, then pauses of some 20 to 50 µs in all and a yield, since the shortest sleep is 1 to 16 ms; of these each 32nd.</summary>
    public static void Wait(uint attempt)
    {
        if (attempt < SpinLock.YieldAttempt)
        {
            if (X86Base.IsSupported) X86Base.Pause();
            else if (ArmBase.IsSupported) ArmBase.Yield();
        }
        else if (attempt < SpinLock.SleepAttempt)
        {
            _ = SwitchToThread();
        }
        else if (attempt % SleepEvery == SleepEvery - 1)
        {
            Sleep(1);   // or a holder of lower priority would never come
        }
        else
        {
            for (uint i = 0; i < PausesForSleep; i++) Wait(0);
            _ = SwitchToThread();
        }
    }

    private static bool Watch(uint* key, byte* function, void* word)
    {
        uint have = Volatile.Read(ref *key);
        if (have == 0)
        {
            void* callback;
            fixed (byte* library = "kernel32.dll"u8) callback = GetProcAddress(GetModuleHandleA(library), function);
            uint made = callback == null ? NoIndex : FlsAlloc(callback);
            if (made == NoIndex) return false;
            have = Interlocked.CompareExchange(ref *key, made + 1, 0);
            if (have == 0) have = made + 1;
            else _ = FlsFree(made);
        }

        return FlsSetValue(have - 1, word) != 0;
    }
}
