using HakMem.Bench.Allocators;
using HakMem.Bench.Measuring;
using HakMem.Bench.Memory;

namespace HakMem.Bench.Commands;

/// <summary>What a child process of the memory measurement does: one pass, then the kernel's peak and the page faults on standard output.</summary>
internal sealed class MemoryProbeCommand() : ProbeCommand(PeakMemoryProbe.CommandName, "Peak memory of one pass, in bytes, and its page faults.")
{
    protected override string Measure(AllocatorEntry entry, Workload workload)
    {
        ResidentMemory.ResetPeak();
        PassCost cost = entry.TimedPass(workload);
        long peakBytes = ResidentMemory.PeakBytes() - NullRing.AllRingsBytes;
        return $"{peakBytes} {cost.PageFaults}";
    }
}
