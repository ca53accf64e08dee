using HakMem.Bench.Allocators;
using HakMem.Bench.Measuring;
using HakMem.Bench.Memory;

namespace HakMem.Bench.Commands;

/// <summary>What a child process of a memory study does: the study, then its figures on standard output.</summary>
internal sealed class StudyProbeCommand() : ProbeCommand(StudyProbe.CommandName, "The figures of one memory study, as JSON.")
{
    protected override string Measure(AllocatorEntry entry, Workload workload) => StudyProbe.ToJson(entry.Study(workload));
}
