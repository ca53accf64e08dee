using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using HakMem.Bench.Measuring;

namespace HakMem.Bench.Memory;

/// <summary>
/// Peak memory of a workload, each allocator in processes of its own: a child decodes, collects its garbage, resets the
/// kernel's peak, runs one pass and reports.
/// </summary>
internal static class PeakMemoryProbe
{
    /// <summary>The hidden command that a child is started with.</summary>
    public const string CommandName = "memory-probe";

    public static IReadOnlyDictionary<string, PeakMemory> Measure(WorkloadRecipe recipe, IReadOnlyList<string> allocators, int processes, Action step)
    {
        var results = allocators.ToDictionary(name => name, _ => new List<PeakMemory>());
        var gate = new Lock();
        (string Name, int Index)[] jobs = [.. from index in Enumerable.Range(0, processes) from name in allocators select (name, index)];
        Parallel.ForEach(jobs, new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount }, job =>
        {
            PeakMemory peak = RunChild(recipe, job.Name);
            lock (gate)
            {
                results[job.Name].Add(peak);
                step();
            }
        });
        return results.ToDictionary(pair => pair.Key, pair => MedianOf(pair.Value));
    }

    private static PeakMemory MedianOf(List<PeakMemory> peaks)
    {
        PeakMemory failed = peaks.FirstOrDefault(peak => peak.Error is not null);
        return failed.Error is not null
            ? failed
            : new PeakMemory(Median(peaks.Select(peak => peak.Bytes)), Median(peaks.Select(peak => peak.PageFaults)), null);
    }

    private static long Median(IEnumerable<long?> values) => (long)SampleSet.MedianOf(values.Select(value => (double)value!.Value));

    private static PeakMemory RunChild(WorkloadRecipe recipe, string allocator)
    {
        (string? output, string? error) = ChildProcess.Run(CommandName, allocator, recipe);
        if (output is null)
            return new PeakMemory(null, null, error);
        long[] numbers = [.. output.Split(' ').Select(number => long.Parse(number, CultureInfo.InvariantCulture))];
        return new PeakMemory(numbers[0], numbers[1], null);
    }
}
