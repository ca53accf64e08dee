using System;
using System.Text;
using System.Threading;

namespace HakMem.Boxes.Tests;

/// <summary>The calls that ask the OS for memory or give it back: those that can be made to fail.</summary>
[Flags]
internal enum MemoryCalls
{
    None = 0,
    Reserve = 1,
    Commit = 2,
    Expose = 4,
    Purge = 8,
    Map = 16,
    Unmap = 32,
    Remap = 64,
    AdviseHugePages = 128,
    Populate = 256,
    Decommit = 512,
    Recommit = 1024,
    All = 2047,
}

/// <summary>What <see cref="FaultyMemory.Abort"/> throws instead of ending the process; the message is the line written before.</summary>
internal sealed class AbortException(string message) : Exception(message);

/// <summary>
/// An OS box for tests: the system that they run on, but a chosen memory call fails, once or from then on; the clock may be stopped; calls and bytes are counted;
/// and abort throws. A thread's end is found out by its id alone, so that no key's destructor meets a heap that was reset.
/// </summary>
[Box(BoxLayer.Os, Traits = BoxTraits.ConcurrencySafe | BoxTraits.ZeroedOutput)]
internal static unsafe class FaultyMemory
{
    private static long s_calls, s_failures, s_mappedBytes, s_purges, s_purgedBytes, s_unmaps, s_maps;
    private static string s_error = "";
    private static volatile bool s_aborted;

    /// <summary>The number of the first call that fails, from 1; 0 for none.</summary>
    public static long FailAt { get; set; }

    /// <summary>How many calls fail from there on.</summary>
    public static long FailTimes { get; set; } = 1;

    /// <summary>The calls that count and fail.</summary>
    public static MemoryCalls Affected { get; set; } = MemoryCalls.All;

    /// <summary>The calls that failed since <see cref="Restore"/>.</summary>
    public static MemoryCalls Failed { get; private set; }

    /// <summary>What the clock shows; null for the real one.</summary>
    public static ulong? Clock { get; set; }

    /// <summary>The address-space limit; null for the real one.</summary>
    public static nuint? Limit { get; set; }

    /// <summary>Whether waiting for a lock always gives the processor away, as another schedule might.</summary>
    public static bool YieldOnWait { get; set; }

    /// <summary>What happens elsewhere while somebody waits; once.</summary>
    public static Action? WhileWaiting { get; set; }

    /// <summary>What happens elsewhere before the next call of this kind; once.</summary>
    public static (MemoryCalls Call, Action Action)? Meanwhile { get; set; }

    public static long Calls => Volatile.Read(ref s_calls);

    public static long Failures => Volatile.Read(ref s_failures);

    /// <summary>Bytes reserved and mapped, less those unmapped.</summary>
    public static long MappedBytes => Volatile.Read(ref s_mappedBytes);

    public static long Maps => Volatile.Read(ref s_maps);

    public static long Unmaps => Volatile.Read(ref s_unmaps);

    public static long Purges => Volatile.Read(ref s_purges);

    public static long PurgedBytes => Volatile.Read(ref s_purgedBytes);

    /// <summary>No call fails, the clock and the limit are the system's, the counts begin anew.</summary>
    public static void Restore()
    {
        FailAt = 0;
        FailTimes = 1;
        Affected = MemoryCalls.All;
        Failed = MemoryCalls.None;
        Clock = null;
        Limit = null;
        YieldOnWait = false;
        WhileWaiting = null;
        Meanwhile = null;
        s_calls = s_failures = s_mappedBytes = s_purges = s_purgedBytes = s_unmaps = s_maps = 0;
        s_error = "";
        s_aborted = false;
    }

    public static void Prepare() => SystemMemory.Prepare();

    public static byte* Reserve(nuint bytes) => Mapped(Refuses(MemoryCalls.Reserve) ? null : SystemMemory.Reserve(bytes), bytes);

    public static bool Commit(byte* at, nuint bytes) => !Refuses(MemoryCalls.Commit) && SystemMemory.Commit(at, bytes);

    public static bool Expose(byte* at, nuint bytes) => !Refuses(MemoryCalls.Expose) && SystemMemory.Expose(at, bytes);

    public static bool Purge(byte* at, nuint bytes)
    {
        Interlocked.Increment(ref s_purges);
        if (Refuses(MemoryCalls.Purge) || !SystemMemory.Purge(at, bytes)) return false;
        Interlocked.Add(ref s_purgedBytes, (long)bytes);
        return true;
    }

    public static bool Decommit(byte* at, nuint bytes) => !Refuses(MemoryCalls.Decommit) && SystemMemory.Decommit(at, bytes);

    public static bool Recommit(byte* at, nuint bytes) => !Refuses(MemoryCalls.Recommit) && SystemMemory.Recommit(at, bytes);

    public static bool TryRead(void* at, out nint word) => SystemMemory.TryRead(at, out word);

    public static byte* Map(nuint bytes)
    {
        Interlocked.Increment(ref s_maps);
        return Mapped(Refuses(MemoryCalls.Map) ? null : SystemMemory.Map(bytes), bytes);
    }

    public static bool Unmap(byte* at, nuint bytes)
    {
        Interlocked.Increment(ref s_unmaps);
        if (Refuses(MemoryCalls.Unmap) || !SystemMemory.Unmap(at, bytes)) return false;
        Interlocked.Add(ref s_mappedBytes, -(long)bytes);
        return true;
    }

    public static byte* Remap(byte* at, nuint oldBytes, nuint newBytes, bool mayMove)
    {
        byte* moved = Refuses(MemoryCalls.Remap) ? null : SystemMemory.Remap(at, oldBytes, newBytes, mayMove);
        if (moved != null) Interlocked.Add(ref s_mappedBytes, (long)newBytes - (long)oldBytes);
        return moved;
    }

    public static bool AdviseHugePages(byte* at, nuint bytes, bool wanted) => !Refuses(MemoryCalls.AdviseHugePages) && SystemMemory.AdviseHugePages(at, bytes, wanted);

    public static bool Populate(byte* at, nuint bytes) => !Refuses(MemoryCalls.Populate) && SystemMemory.Populate(at, bytes);

    public static nuint AddressSpaceLimit() => Limit ?? SystemMemory.AddressSpaceLimit();

    public static ulong Milliseconds() => Clock ?? SystemMemory.Milliseconds();

    public static uint ThreadId() => SystemMemory.ThreadId();

    public static bool ThreadIsGone(uint thread, void* word) => SystemMemory.ThreadIsGone(thread, null);

    public static void UnwatchThreadEnds(uint* key) => *key = 0;

    public static bool Stack(out byte* low, out nuint bytes)
    {
        low = null;
        bytes = 0;
        return false;
    }

    public static bool WatchStack(uint* key, void* word) => false;

    public static void WatchThreadEnd(uint* key, void* word)
    {
        *key = 1;
        Volatile.Write(ref *(int*)word, 1);
    }

    /// <summary>Waits; but when another thread was stopped, and will never give its lock back, throws what it threw.</summary>
    public static void Wait(uint attempt)
    {
        if (s_aborted) throw new AbortException($"waiting for a thread that ended with: {s_error}");
        if (WhileWaiting is { } elsewhere)
        {
            WhileWaiting = null;
            elsewhere();
        }

        SystemMemory.Wait(YieldOnWait && attempt < 64 ? 64 : attempt);
    }

    public static void WriteError(byte* text, nuint bytes) => s_error = Encoding.ASCII.GetString(text, (int)bytes).TrimEnd('\n');

    /// <summary>A thread ended by an exception: whoever waits for a lock of its is told why, instead of waiting for ever.</summary>
    public static void GiveUp(string reason)
    {
        if (s_aborted) return;
        s_error = reason;
        s_aborted = true;
    }

    public static void Abort()
    {
        s_aborted = true;
        throw new AbortException(s_error);
    }

    private static bool Refuses(MemoryCalls call)
    {
        if (Meanwhile is { } other && (other.Call & call) != 0)
        {
            Meanwhile = null;
            other.Action();
        }

        if ((Affected & call) == 0) return false;
        long number = Interlocked.Increment(ref s_calls);
        if (FailAt == 0 || number < FailAt || number - FailAt >= FailTimes) return false;
        Interlocked.Increment(ref s_failures);
        Failed |= call;
        return true;
    }

    private static byte* Mapped(byte* start, nuint bytes)
    {
        if (start != null) Interlocked.Add(ref s_mappedBytes, (long)bytes);
        return start;
    }
}
