using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;
using System.Threading;
using System.Threading.Tasks;
using HakMem.Bench.Measuring;

namespace HakMem.Bench.Memory;

/// <summary>
/// Peak memory of a workload, each allocator in processes of its own: a child decodes, collects its garbage, resets the
/// kernel's peak, runs one pass and reports. The configuration of its runtime is fixed, so that children differ by
/// their allocator only.
/// </summary>
internal static class PeakMemoryProbe
{
    /// <summary>The hidden command that a child is started with.</summary>
    public const string CommandName = "memory-probe";

    private static readonly (string Name, string Value)[] s_fixedRuntime =
    [
        ("DOTNET_gcServer", "0"),
        ("DOTNET_gcConcurrent", "0"),
        ("DOTNET_GCgen0size", "0x1000000"),
        ("DOTNET_TieredCompilation", "0"),
        ("DOTNET_TieredPGO", "0"),
    ];

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
        return failed.Error is not null ? failed : new PeakMemory((long)SampleSet.MedianOf(peaks.Select(peak => (double)peak.Bytes!.Value)), null);
    }

    private static PeakMemory RunChild(WorkloadRecipe recipe, string allocator)
    {
        using Process child = Process.Start(StartInfo(recipe, allocator)) ?? throw new InvalidOperationException("no child process");
        Task<string> errors = child.StandardError.ReadToEndAsync();
        string output = child.StandardOutput.ReadToEnd().Trim();
        child.WaitForExit();
        if (child.ExitCode == 0 && long.TryParse(output, NumberStyles.None, CultureInfo.InvariantCulture, out long bytes))
            return new PeakMemory(bytes, null);
        string reason = errors.Result.Trim().Split('\n')[0];
        return new PeakMemory(null, $"its process ended with {child.ExitCode}{(reason.Length > 0 ? $": {reason}" : "")}");
    }

    private static ProcessStartInfo StartInfo(WorkloadRecipe recipe, string allocator)
    {
        var start = new ProcessStartInfo(DotnetHost()) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add(typeof(PeakMemoryProbe).Assembly.Location);
        start.ArgumentList.Add(CommandName);
        start.ArgumentList.Add(allocator);
        start.ArgumentList.Add(recipe.ToJson());
        foreach (string name in start.Environment.Keys.Where(MimallocEnvironment.IsOption).ToArray())
            start.Environment.Remove(name);
        foreach ((string name, string value) in s_fixedRuntime)
            start.Environment[name] = value;
        return start;
    }

    /// <summary>The host of the running runtime, four folders above its libraries.</summary>
    private static string DotnetHost()
    {
        string host = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", "dotnet"));
        return File.Exists(host) ? host : "dotnet";
    }
}
