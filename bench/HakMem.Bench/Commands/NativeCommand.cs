using System.Collections.Generic;
using System.CommandLine;
using System.IO;
using System.Linq;
using HakMem.Bench.Measuring;
using HakMem.Bench.Native;
using HakMem.Bench.Reporting;

namespace HakMem.Bench.Commands;

/// <summary>Runs C programs with the preloaded library, the C library's malloc and every other allocator on the machine.</summary>
internal sealed class NativeCommand : Command
{
    public const string CommandName = "native";
    private const int DefaultRounds = 10, MaxRounds = 1000;
    private const string HowToBuild = "dotnet publish src/HakMem.Preload -c Release";

    private readonly Argument<string[]> _names = new("programs")
    {
        Description = $"One or more of: {string.Join(", ", ProgramNames)}. Default: all.",
        Arity = ArgumentArity.ZeroOrMore,
    };

    private readonly Option<string?> _library = new("--library")
    {
        Description = $"The library that is measured as '{PreloadedAllocator.HakMemName}'. Default: what '{HowToBuild}' made.",
        HelpName = "file",
    };

    private readonly Option<string?> _allocators = new("--allocators")
    {
        Description = $"Which to measure, separated by commas: {string.Join(", ", PreloadedAllocator.KnownNames)}. '{PreloadedAllocator.GlibcName}' is always added. Default: all that are on this machine.",
        HelpName = "names",
    };

    private readonly Option<int> _rounds = new("--rounds")
    {
        Description = "Runs of each program with each allocator; the minimum and the median of the times are reported, and the median of the peaks.",
        DefaultValueFactory = _ => DefaultRounds,
        HelpName = "n",
    };

    private readonly JsonFileOption _json = new();

    public NativeCommand()
        : base(CommandName, "Run C programs with libhakmem.so, glibc's malloc and every other allocator on the machine, preloaded.")
    {
        _rounds.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && int.TryParse(result.Tokens[0].Value, out int rounds) && rounds is < 1 or > MaxRounds)
                result.AddError($"--rounds must be from 1 to {MaxRounds}, not {result.Tokens[0].Value}.");
        });
        Add(_names);
        Add(_library);
        Add(_allocators);
        Add(_rounds);
        Add(_json);
        this.SetUnguardedAction(Execute);
    }

    private static IEnumerable<string> ProgramNames => NativeProgram.All.Select(program => program.Name).Distinct();

    private int Execute(ParseResult parsed, TextWriter output, TextWriter error)
    {
        IReadOnlyList<NativeProgram> programs = Programs(parsed.GetValue(_names) ?? []);
        IReadOnlyList<PreloadedAllocator> allocators = Allocators(parsed.GetValue(_allocators), parsed.GetValue(_library), error);
        string? jsonFile = _json.WritableFile(parsed);
        foreach (string note in NativeEnvironment.Notes())
            error.WriteLine($"note: {note}");
        using var compiler = new NativeCompiler();
        List<WorkloadReport> reports = TerminalProgress.Show(error, progress =>
        {
            var measurer = new NativeMeasurer(compiler, allocators, parsed.GetValue(_rounds), progress);
            return programs.Select(measurer.Measure).ToList();
        });
        NativeTable.Write(output, reports);
        if (jsonFile is not null)
            JsonReport.Write(jsonFile, reports, EnvironmentFacts.Gather(parsed.CommandLine()));
        return reports.SelectMany(report => report.Rows).Any(row => row.Error is not null) ? ExitCode.RowFailed : ExitCode.Success;
    }

    private IReadOnlyList<NativeProgram> Programs(string[] names)
    {
        foreach (string name in names)
        {
            if (name.StartsWith('-'))
                throw new BadInputException($"There is no option '{name}'.{Suggestion.For(name, Options.Select(option => option.Name))}");
            if (!ProgramNames.Contains(name))
                throw new BadInputException($"There is no program '{name}'.{Suggestion.For(name, ProgramNames)} Known: {string.Join(", ", ProgramNames)}.");
        }

        return names.Length == 0 ? NativeProgram.All : [.. NativeProgram.All.Where(program => names.Contains(program.Name))];
    }

    private static List<PreloadedAllocator> Allocators(string? names, string? library, TextWriter error)
    {
        if (library is not null && !File.Exists(library))
            throw new BadInputException($"--library: there is no file '{library}'.");
        if (library is not null && !PreloadedAllocator.IsLibrary(library))
            throw new BadInputException($"--library: '{library}' is no shared library.");
        string? path = library is null ? PreloadedAllocator.PublishedHakMem() : Path.GetFullPath(library);
        List<PreloadedAllocator> present = [PreloadedAllocator.Glibc];
        if (path is not null)
            present.Add(new PreloadedAllocator(PreloadedAllocator.HakMemName, path));
        present.AddRange(PreloadedAllocator.Installed());
        if (names is null)
        {
            if (path is null)
                error.WriteLine($"note: there is no libhakmem.so; build it with '{HowToBuild}' or name it with --library. Going on without it.");
            return present;
        }

        List<PreloadedAllocator> chosen = [PreloadedAllocator.Glibc];
        foreach (string name in AllocatorNames.Split(names, string.Join(", ", PreloadedAllocator.KnownNames)))
        {
            if (!PreloadedAllocator.KnownNames.Contains(name))
                throw new BadInputException($"There is no allocator '{name}'.{Suggestion.For(name, PreloadedAllocator.KnownNames)} Known: {string.Join(", ", PreloadedAllocator.KnownNames)}.");
            PreloadedAllocator found = present.FirstOrDefault(allocator => allocator.Name == name) ?? throw new BadInputException(
                name == PreloadedAllocator.HakMemName
                    ? $"'{name}' was asked for, but there is no libhakmem.so; build it with '{HowToBuild}' or name it with --library."
                    : $"'{name}' was asked for, but the dynamic linker knows no such library here (ldconfig -p).");
            if (!chosen.Contains(found))
                chosen.Add(found);
        }

        return chosen;
    }
}
