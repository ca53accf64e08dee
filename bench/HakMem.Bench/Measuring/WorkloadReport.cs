using System.Collections.Generic;

namespace HakMem.Bench.Measuring;

/// <summary>All rows of one workload, and the peak of a process that runs it with no allocator.</summary>
internal sealed record WorkloadReport(string Scenario, string Variant, IReadOnlyList<MeasuredRow> Rows, long? FloorPeakRssBytes)
{
    /// <summary>The columns of a memory study; empty for what was timed.</summary>
    public IReadOnlyList<FigureKind> Figures { get; init; } = [];
}
