using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using HakMem.Bench.Measuring;

namespace HakMem.Bench.Scenarios;

/// <summary>
/// A scenario with threads of its own. Calls are compiled into the loops; a variant begins with the number of threads
/// and names the other parameters.
/// </summary>
internal abstract class ThreadedScenario(ScenarioDefinition definition, string variant, ScenarioParameters parameters) : Workload
{
    public override string Scenario => definition.Name;

    public override string Variant => variant;

    public override WorkloadRecipe Recipe => WorkloadRecipe.OfScenario(Scenario, Variant, parameters);

    public override bool UsesThreads => true;

    protected ScenarioParameters Parameters => parameters;

    /// <summary>The number that the variant begins with.</summary>
    protected int Threads { get; } = int.Parse(variant.Split(' ')[0], CultureInfo.InvariantCulture);

    public override CheckTally Check<T>()
    {
        using Workload shorter = definition.Create(variant, Shorter(parameters));
        return CheckedRun.Of<T>(shorter);
    }

    /// <summary>The same with less work, for the check pass.</summary>
    protected virtual ScenarioParameters Shorter(ScenarioParameters whole) =>
        whole with { Operations = Math.Min(whole.Operations ?? CheckedRun.Operations, CheckedRun.Operations) };

    /// <summary>One variant for each number of threads.</summary>
    protected static IReadOnlyList<string> ForEachThreadCount(ScenarioParameters parameters, IReadOnlyList<int> byDefault, Func<int, string> rest) =>
        [.. (parameters.Threads ?? byDefault).Select(threads => string.Create(CultureInfo.InvariantCulture, $"{threads} {(threads == 1 ? "thread" : "threads")}{rest(threads)}{Pinned(parameters)}"))];

    /// <summary>The end of a variant's name: whether threads keep to their processors.</summary>
    protected static string Pinned(ScenarioParameters parameters) => parameters.Pin ? " pinned" : "";

    protected static string Bytes((uint MinBytes, uint Sizes) range) => string.Create(CultureInfo.InvariantCulture, $" {range.MinBytes}-{range.MinBytes + range.Sizes - 1} B");

    protected static ulong MeanBytes((uint MinBytes, uint Sizes) range) => range.MinBytes + (range.Sizes - 1) / 2;
}
