using System;
using System.Collections.Generic;
using System.Linq;

namespace HakMem.Bench.Scenarios;

/// <summary>All scenarios, in the order in which help lists them.</summary>
internal static class ScenarioCatalog
{
    public static IReadOnlyList<ScenarioDefinition> All { get; } =
    [
        TinyScenario.Definition,
        RandomMixedScenario.Definition,
        GrowScenario.Definition,
        LarsonScenario.Definition,
        ProducerConsumerScenario.Definition,
        RingScenario.Definition,
        AsyncHandoverScenario.Definition,
        PrivateScenario.Definition,
        ThreadChurnScenario.Definition,
        BurstIdleScenario.Definition,
    ];

    public static ScenarioDefinition Find(string name) =>
        All.FirstOrDefault(scenario => scenario.Name == name)
        ?? throw new ArgumentException($"there is no scenario '{name}'", nameof(name));
}
