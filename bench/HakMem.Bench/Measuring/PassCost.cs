namespace HakMem.Bench.Measuring;

/// <summary>What the clocked part of a pass took from the machine.</summary>
internal readonly record struct PassCost(long CpuNanoseconds, long PageFaults)
{
    public static PassCost operator +(PassCost first, PassCost second) =>
        new(first.CpuNanoseconds + second.CpuNanoseconds, first.PageFaults + second.PageFaults);
}
