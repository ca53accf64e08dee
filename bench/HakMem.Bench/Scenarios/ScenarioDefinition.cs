using System;
using System.Collections.Generic;
using HakMem.Bench.Measuring;

namespace HakMem.Bench.Scenarios;

/// <summary>A scenario by name: what it does, which options it has, in which variants, and how one of them is made.</summary>
internal sealed record ScenarioDefinition(
    string Name,
    string Description,
    IReadOnlyList<string> Options,
    Func<ScenarioParameters, IReadOnlyList<string>> Variants,
    Func<string, ScenarioParameters, Workload> Create);
