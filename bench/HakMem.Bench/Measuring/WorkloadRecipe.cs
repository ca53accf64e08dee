using System;
using System.Text.Json;
using System.Text.Json.Serialization;
using HakMem.Bench.Replay;
using HakMem.Bench.Scenarios;
using HakMem.Bench.Traces;

namespace HakMem.Bench.Measuring;

/// <summary>How to make a workload again in another process.</summary>
internal sealed record WorkloadRecipe(string? TraceFile, string? Scenario, string Variant, ScenarioParameters? Parameters)
{
    public static WorkloadRecipe OfTrace(string file, string variant) => new(file, null, variant, null);

    public static WorkloadRecipe OfScenario(string name, string variant, ScenarioParameters parameters) => new(null, name, variant, parameters);

    public static WorkloadRecipe FromJson(string json) =>
        JsonSerializer.Deserialize(json, WorkloadRecipeJson.Default.WorkloadRecipe) ?? throw new ArgumentException("an empty recipe", nameof(json));

    public string ToJson() => JsonSerializer.Serialize(this, WorkloadRecipeJson.Default.WorkloadRecipe);

    public Workload Create()
    {
        if (TraceFile is null)
            return ScenarioCatalog.Find(Scenario!).Create(Variant, Parameters!);
        using Trace trace = TraceReader.Read(TraceFile);
        return Variant == ParallelReplay.VariantName ? new ParallelReplay(trace, TraceFile) : new SerialReplay(trace, TraceFile);
    }
}

[JsonSerializable(typeof(WorkloadRecipe))]
internal sealed partial class WorkloadRecipeJson : JsonSerializerContext;
