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
    private static readonly ScenarioParameters s_defaults = new();

    private readonly MeasuringOptions _measuring = new();

    private readonly Argument<string[]> _names = new("names")
    {
        Description = "One or more of: " + string.Join("; ", ScenarioCatalog.All.Select(scenario => $"{scenario.Name} ({scenario.Description})")),
        Arity = ArgumentArity.ZeroOrMore,
    };

    private readonly Option<int> _slots = Bounded("--slots", "random-mixed: places for a block.", s_defaults.Slots, 1, 1 << 24);
    private readonly Option<int> _min = Bounded("--min", "random-mixed: smallest block, in bytes.", s_defaults.MinBytes, 1, 1 << 30);
    private readonly Option<int> _max = Bounded("--max", "random-mixed: largest block, in bytes.", s_defaults.MaxBytes, 1, 1 << 30);
    private readonly Option<int> _count = Bounded("--count", "grow: blocks live at once.", s_defaults.Count, 1, 1 << 27);
    private readonly Option<int> _size = Bounded("--size", "grow: size of every block, in bytes.", s_defaults.SizeBytes, 1, 1 << 30);

    public ScenarioCommand()
        : base("scenario", "Run synthetic scenarios, each with the allocator inlined into the loop and through a function pointer.")
    {
        Add(_names);
        foreach (Option<int> option in new[] { _slots, _min, _max, _count, _size })
            Add(option);
        _measuring.AddTo(this);
        this.SetUnguardedAction(Execute);
    }

    private static string KnownNames => string.Join(", ", ScenarioCatalog.All.Select(scenario => scenario.Name));

    private int Execute(ParseResult parsed, TextWriter output, TextWriter error)
    {
        List<ScenarioDefinition> scenarios = Scenarios(parsed.GetValue(_names) ?? []);
        var parameters = new ScenarioParameters
        {
            Slots = parsed.GetValue(_slots),
            MinBytes = parsed.GetValue(_min),
            MaxBytes = parsed.GetValue(_max),
            Count = parsed.GetValue(_count),
            SizeBytes = parsed.GetValue(_size),
        };
        if (parameters.MaxBytes < parameters.MinBytes)
            throw new BadInputException($"--max {parameters.MaxBytes} is below --min {parameters.MinBytes}.");
        string? jsonFile = _measuring.JsonFile(parsed);
        MeasuringPlan plan = _measuring.Plan(parsed, error);
        IEnumerable<Func<Workload>> workloads =
            from scenario in scenarios
            from variant in scenario.Variants
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
            if (name.StartsWith('-'))
                throw new BadInputException($"There is no option '{name}'.{Suggestion.For(name, Options.Select(option => option.Name))}");
            scenarios.Add(ScenarioCatalog.All.FirstOrDefault(scenario => scenario.Name == name) ?? throw new BadInputException(
                $"There is no scenario '{name}'.{Suggestion.For(name, ScenarioCatalog.All.Select(scenario => scenario.Name))} Known: {KnownNames}."));
        }

        return scenarios;
    }

    private static Option<int> Bounded(string name, string description, int value, int min, int max)
    {
        var option = new Option<int>(name) { Description = description, DefaultValueFactory = _ => value, HelpName = "n" };
        option.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && int.TryParse(result.Tokens[0].Value, out int number) && (number < min || number > max))
                result.AddError($"{name} must be from {min} to {max}, not {number}.");
        });
        return option;
    }
}
