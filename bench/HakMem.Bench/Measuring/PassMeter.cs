using HakMem.Bench.Memory;

namespace HakMem.Bench.Measuring;

/// <summary>Measures the whole process from its start to its stop: what an allocator does on threads of its own counts, too.</summary>
internal readonly unsafe struct PassMeter
{
    private readonly long _faults;
    private readonly long _nanoseconds;

    private PassMeter(long faults, long nanoseconds)
    {
        _faults = faults;
        _nanoseconds = nanoseconds;
    }

    public static PassMeter Start()
    {
        long faults = PageFaults();
        return new PassMeter(faults, CpuClock.Process);
    }

    public PassCost Stop()
    {
        long nanoseconds = CpuClock.Process - _nanoseconds;
        return new PassCost(nanoseconds, PageFaults() - _faults);
    }

    /// <summary>Faults that were served without reading a disk: pages given out or mapped for the first time.</summary>
    private static long PageFaults()
    {
        LibC.ResourceUsage usage;
        _ = LibC.GetResourceUsage(LibC.ThisProcess, &usage);
        return usage.MinorFaults;
    }
}
