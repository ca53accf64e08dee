using System;
using System.Collections.Generic;
using HakMem.Bench.Measuring;

namespace HakMem.Bench.Scenarios;

/// <summary>A scenario by name: what it does, in which variants, and how one of them is made.</summary>
internal sealed record ScenarioDefinition(
    string Name,
    string Description,
    Func<ScenarioParameters, IReadOnlyList<string>> Variants,
    Func<string, ScenarioParameters, Workload> Create)
{
    /// <summary>False for the small loops of one thread, whose blocks nothing else touches.</summary>
    public bool HasCheck { get; init; }
}
