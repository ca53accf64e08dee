using System;
using System.Collections.Generic;
using System.CommandLine;
using System.IO;
using System.Linq;
using HakMem.Bench.Measuring;
using HakMem.Bench.Scenarios;

namespace HakMem.Bench.Commands;

/// <summary>Runs synthetic scenarios.</summary>
internal sealed class ScenarioCommand : Command
{
    private static readonly string[] s_ofOneThread = [TinyScenario.Definition.Name, RandomMixedScenario.Definition.Name, GrowScenario.Definition.Name];

    private readonly MeasuringOptions _measuring = new();

    private readonly Argument<string[]> _names = new("names")
    {
        Description = "One or more of: " + string.Join("; ", ScenarioCatalog.All.Select(scenario => $"{scenario.Name} ({scenario.Description}{(scenario.Options.Count == 0 ? "" : ": " + string.Join(", ", scenario.Options))})")),
        Arity = ArgumentArity.ZeroOrMore,
    };

    private readonly ScenarioOptions _options = new();

    private readonly Option<bool> _check = new("--check")
    {
        Description = "Only the check pass, which is shorter than a timed one: every block carries a pattern of its own that is verified when it is freed. Without this option a check pass comes before the timed ones.",
    };

    public ScenarioCommand()
        : base("scenario", "Run synthetic scenarios, with one thread or several.")
    {
        Add(_names);
        _options.AddTo(this);
        Add(_check);
        _measuring.AddTo(this);
        this.SetUnguardedAction(Execute);
    }

    private static string KnownNames => string.Join(", ", ScenarioCatalog.All.Select(scenario => scenario.Name));

    private int Execute(ParseResult parsed, TextWriter output, TextWriter error)
    {
        List<ScenarioDefinition> scenarios = Scenarios(parsed.GetValue(_names) ?? []);
        ScenarioParameters parameters = _options.Parameters(parsed);
        if (_options.Given(parsed).FirstOrDefault(option => !scenarios.Any(scenario => scenario.Options.Contains(option))) is { } unused)
        {
            string users = string.Join(", ", ScenarioCatalog.All.Where(scenario => scenario.Options.Contains(unused)).Select(scenario => scenario.Name));
            throw new BadInputException($"{unused} does nothing in {string.Join(", ", scenarios.Select(scenario => scenario.Name))}; it is an option of {users}.");
        }

        string? jsonFile = _measuring.JsonFile(parsed);
        MeasuringPlan plan = _measuring.Plan(parsed, error);
        bool checkOnly = parsed.GetValue(_check);
        plan = plan with { WithCheck = true, WithTimes = !checkOnly, WithMemory = plan.WithMemory && !checkOnly };
        IEnumerable<Func<Workload>> workloads =
            from scenario in scenarios
            from variant in scenario.Variants(parameters)
            select (Func<Workload>)(() => scenario.Create(variant, parameters));
        return new MeasuringRun(plan, jsonFile, parsed.CommandLine(), output, error).Execute(workloads);
    }

    private List<ScenarioDefinition> Scenarios(string[] names)
    {
        if (names.Length == 0)
            throw new BadInputException($"Which scenario? Known: {KnownNames}.");
        var scenarios = new List<ScenarioDefinition>();
        foreach (string name in names)
        {
            if (name == ReplayCommand.ParallelName)
                throw new BadInputException($"{name} is an option of {ReplayCommand.CommandName}, where a trace says which thread does what. A scenario has its threads by itself: {string.Join(", ", s_ofOneThread)} one, the others several ({ScenarioOptions.ThreadsName}).");
            if (name.StartsWith('-'))
                throw new BadInputException($"There is no option '{name}'.{Suggestion.For(name, Options.Select(option => option.Name))}");
            scenarios.Add(ScenarioCatalog.All.FirstOrDefault(scenario => scenario.Name == name) ?? throw new BadInputException(
                $"There is no scenario '{name}'.{Suggestion.For(name, ScenarioCatalog.All.Select(scenario => scenario.Name))} Known: {KnownNames}."));
        }

        return scenarios;
    }
}
