using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Threading;
using System.Threading.Tasks;
using HakMem.Bench.Measuring;

namespace HakMem.Bench.Memory;

/// <summary>Runs a memory study, each allocator in processes of its own.</summary>
internal static class StudyProbe
{
    /// <summary>The hidden command that a child is started with.</summary>
    public const string CommandName = "study-probe";

    public static IReadOnlyDictionary<string, StudyResult> Measure(WorkloadRecipe recipe, IReadOnlyList<string> allocators, int processes, Action step)
    {
        var results = allocators.ToDictionary(name => name, _ => new List<StudyResult>());
        var gate = new Lock();
        (string Name, int Index)[] jobs = [.. from index in Enumerable.Range(0, processes) from name in allocators select (name, index)];
        Parallel.ForEach(jobs, new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount }, job =>
        {
            (string? output, string? error) = ChildProcess.Run(CommandName, job.Name, recipe);
            var result = new StudyResult(output is null ? null : FromJson(output), error);
            lock (gate)
            {
                results[job.Name].Add(result);
                step();
            }
        });
        return results.Where(pair => pair.Value.Count > 0).ToDictionary(pair => pair.Key, pair => MedianOf(pair.Value));
    }

    public static string ToJson(IReadOnlyDictionary<string, double> figures) =>
        JsonSerializer.Serialize(new Dictionary<string, double>(figures), FiguresJson.Default.DictionaryStringDouble);

    private static Dictionary<string, double> FromJson(string json) => JsonSerializer.Deserialize(json, FiguresJson.Default.DictionaryStringDouble)!;

    private static StudyResult MedianOf(List<StudyResult> results)
    {
        StudyResult failed = results.FirstOrDefault(result => result.Error is not null);
        return failed.Error is not null
            ? failed
            : new StudyResult(results[0].Figures!.Keys.ToDictionary(name => name, name => SampleSet.MedianOf(results.Select(result => result.Figures![name]))), null);
    }
}

[JsonSerializable(typeof(Dictionary<string, double>))]
internal sealed partial class FiguresJson : JsonSerializerContext;
