using System;
using System.Collections.Generic;
using System.CommandLine;
using System.CommandLine.Help;
using System.IO;
using System.Linq;
using HakMem.Bench.Memory;
using HakMem.Bench.Traces;

namespace HakMem.Bench.Commands;

/// <summary>The program's command line, from words to an exit code.</summary>
internal static class BenchCommandLine
{
    public const string ProgramName = "HakMem.Bench";

    public static int Run(IReadOnlyList<string> arguments, TextWriter output, TextWriter error)
    {
        string[] cleared = MimallocEnvironment.Clear();
        if (cleared.Length > 0)
            error.WriteLine($"note: {string.Join(", ", cleared)} taken out of the environment; mimalloc runs with its defaults.");
        RootCommand root = CreateRoot();
        IReadOnlyList<string> words = MeansReplay(arguments) ? [ReplayCommand.CommandName, .. arguments] : arguments;
        ParseResult parsed = root.Parse(words, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (parsed.Errors.Count > 0)
            return ReportParseErrors(parsed, error);
        try
        {
            return parsed.Invoke(new InvocationConfiguration { Output = output, Error = error, EnableDefaultExceptionHandler = false });
        }
        catch (Exception problem) when (problem is BadInputException or TraceFormatException or IOException or UnauthorizedAccessException)
        {
            error.WriteLine($"error: {problem.Message}");
            return ExitCode.BadInput;
        }
    }

    private static RootCommand CreateRoot()
    {
        var root = new RootCommand("Measures HakMem and other allocators: from .NET by real programs' allocation traces and synthetic scenarios, and preloaded under C programs. Without a command it replays all traces of bench/traces.")
        {
            new ReplayCommand(),
            new ScenarioCommand(),
            new InfoCommand(),
            new NativeCommand(),
            new MicroCommand(),
            new FlavorsCommand(),
            new FlavorProbeCommand(),
            new MemoryProbeCommand(),
            new StudyProbeCommand(),
            new TimesProbeCommand(),
        };
        HelpOption help = root.Options.OfType<HelpOption>().First();
        help.Action = new HelpWithExamples((HelpAction)help.Action!);
        return root;
    }

    /// <summary>Without a command it is a replay, also if options follow.</summary>
    private static bool MeansReplay(IReadOnlyList<string> arguments) =>
        arguments.Count == 0 || (arguments[0].StartsWith('-') && arguments[0] is not ("--help" or "-h" or "-?" or "--version"));

    private static int ReportParseErrors(ParseResult parsed, TextWriter error)
    {
        Command command = parsed.CommandResult.Command;
        string[] known = [.. command.Subcommands.Where(sub => !sub.Hidden).Select(sub => sub.Name), .. command.Options.Select(option => option.Name)];
        string[] messages = [.. parsed.Errors.Select(problem => problem.Message).Distinct()];
        if (parsed.UnmatchedTokens.Count > 0)
            messages = [.. messages.Where(message => parsed.UnmatchedTokens.Any(token => message.Contains($"'{token}'", StringComparison.Ordinal)))];
        foreach (string message in messages)
        {
            string? unmatched = parsed.UnmatchedTokens.FirstOrDefault(token => message.Contains($"'{token}'", StringComparison.Ordinal));
            error.WriteLine($"error: {message}{(unmatched is null ? "" : Suggestion.For(unmatched, known))}");
        }

        error.WriteLine($"Try '{ProgramName}{(command is RootCommand ? "" : " " + command.Name)} --help'.");
        return ExitCode.BadInput;
    }
}
