using HakMem.Bench.Memory;

namespace HakMem.Bench.Measuring;

/// <summary>CPU time in nanoseconds. The process clock counts what an allocator does on threads of its own, too.</summary>
internal static unsafe class CpuClock
{
    public static long Process => Read(LibC.ProcessCpuClock);

    public static long Thread => Read(LibC.ThreadCpuClock);

    private static long Read(int clock)
    {
        LibC.Timespec time;
        _ = LibC.ClockGetTime(clock, &time);
        return time.Seconds * 1_000_000_000 + time.Nanoseconds;
    }
}
