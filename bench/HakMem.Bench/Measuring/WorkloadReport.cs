using System.Collections.Generic;

namespace HakMem.Bench.Measuring;

/// <summary>
/// All rows of one workload and what they are to be read with: <c>AaSpread</c> is 0.03 if an allocator differed from
/// itself by up to 3 %, <c>FloorPeakRssBytes</c> the peak of a process that runs the workload with no allocator.
/// </summary>
internal sealed record WorkloadReport(string Scenario, string Variant, IReadOnlyList<MeasuredRow> Rows, double? AaSpread, long? FloorPeakRssBytes);
