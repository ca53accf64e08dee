using System.Collections.Generic;
using System.CommandLine;
using System.IO;
using System.Linq;
using HakMem.Bench.Allocators;
using HakMem.Bench.Measuring;

namespace HakMem.Bench.Commands;

/// <summary>The options that every measuring command has.</summary>
internal sealed class MeasuringOptions
{
    private const int MaxRounds = 10_000;

    private readonly Option<string?> _allocators = new("--allocators")
    {
        Description = $"Which to measure, separated by commas: {KnownNames}. One named twice shows the noise. '{AllocatorCatalog.FloorName}' is always added. Default: all that are on this machine.",
        HelpName = "names",
    };

    private readonly Option<int> _rounds = new("--rounds")
    {
        Description = $"Timed rounds; the minimum and the median over them are reported. Peak memory is the median of as many processes, at most {MeasuringPlan.MaxMemoryProcesses}.",
        DefaultValueFactory = _ => MeasuringPlan.DefaultRounds,
        HelpName = "n",
    };

    private readonly Option<int?> _processes = new("--processes")
    {
        Description = $"Processes that the timed rounds are spread over: where a process's memory lies decides more than the rounds' noise. Default: one for every 10 rounds, at most {MeasuringPlan.MaxDefaultProcesses}.",
        HelpName = "n",
    };

    private readonly Option<bool> _noMemory = new("--no-memory") { Description = "Measure no memory: saves the child processes." };

    private readonly JsonFileOption _json = new();

    public MeasuringOptions()
    {
        KeepInRange(_rounds);
        KeepInRange(_processes);
    }

    public static string KnownNames => string.Join(", ", AllocatorCatalog.All.Select(entry => entry.Name));

    public void AddTo(Command command)
    {
        command.Add(_allocators);
        command.Add(_rounds);
        command.Add(_processes);
        command.Add(_noMemory);
        command.Add(_json);
    }

    public string? JsonFile(ParseResult parsed) => _json.WritableFile(parsed);

    public MeasuringPlan Plan(ParseResult parsed, TextWriter error)
    {
        int rounds = parsed.GetValue(_rounds);
        if (parsed.GetValue(_processes) is { } processes && processes > rounds)
            throw new BadInputException($"--processes: {rounds} rounds cannot be spread over {processes} processes.");
        return new(Contestant.From(Allocators(parsed.GetValue(_allocators), error)))
        {
            Rounds = rounds,
            Processes = parsed.GetValue(_processes) ?? MeasuringPlan.DefaultProcesses(rounds),
            WithMemory = !parsed.GetValue(_noMemory),
        };
    }

    private static void KeepInRange(Option option) => option.Validators.Add(result =>
    {
        if (result.Tokens.Count == 1 && int.TryParse(result.Tokens[0].Value, out int number) && number is < 1 or > MaxRounds)
            result.AddError($"{option.Name} must be from 1 to {MaxRounds}, not {result.Tokens[0].Value}.");
    });

    private static IEnumerable<AllocatorEntry> Allocators(string? names, TextWriter error)
    {
        if (names is null)
            return PresentOnes(error);
        var entries = new List<AllocatorEntry>();
        foreach (string name in AllocatorNames.Split(names, KnownNames))
        {
            AllocatorEntry entry = AllocatorCatalog.Find(name) ?? throw new BadInputException(
                $"There is no allocator '{name}'.{Suggestion.For(name, AllocatorCatalog.All.Select(known => known.Name))} Known: {KnownNames}.");
            if (entry.Absence is { } absence)
                throw new BadInputException($"'{name}' was asked for, but {absence}.");
            entries.Add(entry);
        }

        return entries;
    }

    private static List<AllocatorEntry> PresentOnes(TextWriter error)
    {
        foreach (string absence in AllocatorCatalog.All.Select(entry => entry.Absence).OfType<string>().Distinct())
            error.WriteLine($"note: {absence}; going on without it.");
        return [.. AllocatorCatalog.All.Where(entry => entry.Absence is null)];
    }
}
