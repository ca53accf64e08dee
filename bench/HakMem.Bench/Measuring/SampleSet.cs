using System;
using System.Collections.Generic;
using System.Linq;

namespace HakMem.Bench.Measuring;

/// <summary>One number per round, of one process or of several.</summary>
internal sealed class SampleSet(IReadOnlyList<IReadOnlyList<double>> processes)
{
    public SampleSet(IReadOnlyList<double> samples)
        : this([samples])
    {
    }

    public IReadOnlyList<double> Samples { get; } = processes.Any(static one => one.Count > 0) ? [.. processes.SelectMany(static one => one)] : throw new ArgumentException("no samples", nameof(processes));

    public double Min => Samples.Min();

    public double Median => MedianOf(Samples);

    /// <summary>The minimum over the processes of one parity, or over the rounds when there is one process; null if there is none.</summary>
    public double? HalfMin(int parity)
    {
        double[] half = processes.Count > 1
            ? [.. processes.Where((_, process) => process % 2 == parity).SelectMany(static one => one)]
            : [.. Samples.Where((_, round) => round % 2 == parity)];
        return half.Length == 0 ? null : half.Min();
    }

    public static double MedianOf(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        int middle = sorted.Length / 2;
        return sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}
