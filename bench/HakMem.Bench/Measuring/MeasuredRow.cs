using System.Collections.Generic;

namespace HakMem.Bench.Measuring;

/// <summary>One line of a table: an allocator at a workload. What was not measured, or failed, is null.</summary>
internal sealed record MeasuredRow(string Scenario, string Variant, string Allocator, long Operations, ulong PeakLiveBytes)
{
    public SampleSet? NsPerOp { get; init; }

    /// <summary>In the timed rounds, which reuse memory that the passes before them left.</summary>
    public SampleSet? PageFaultsPerOp { get; init; }

    /// <summary>Of one pass in a process of its own, whose memory is fresh.</summary>
    public long? FirstPassPageFaults { get; init; }

    /// <summary>0.03 if the allocator differed from itself by up to 3 %.</summary>
    public double? AaSpread { get; init; }

    /// <summary>Peak resident memory less the floor's; 0 for the floor itself.</summary>
    public long? PeakRssBytes { get; init; }

    /// <summary>What a memory study found, by the names of its kinds.</summary>
    public IReadOnlyDictionary<string, double>? Figures { get; init; }

    public CheckTally? Checked { get; init; }

    /// <summary>What was proven to have served the run.</summary>
    public string? Identity { get; init; }

    public string? Error { get; init; }
}
