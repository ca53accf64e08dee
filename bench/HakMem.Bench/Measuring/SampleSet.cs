using System;
using System.Collections.Generic;
using System.Linq;

namespace HakMem.Bench.Measuring;

/// <summary>One number per round.</summary>
internal sealed class SampleSet(IReadOnlyList<double> samples)
{
    public IReadOnlyList<double> Samples { get; } = samples.Count > 0 ? samples : throw new ArgumentException("no samples", nameof(samples));

    public double Min => Samples.Min();

    public double Median => MedianOf(Samples);

    /// <summary>The minimum over the rounds of one parity; null if there is none.</summary>
    public double? HalfMin(int parity)
    {
        double[] half = [.. Samples.Where((_, round) => round % 2 == parity)];
        return half.Length == 0 ? null : half.Min();
    }

    public static double MedianOf(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        int middle = sorted.Length / 2;
        return sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}
