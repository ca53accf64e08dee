using System.CommandLine;
using System.IO;
using System.Linq;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.ConsoleArguments;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Running;

namespace HakMem.Bench.Commands;

/// <summary>Hands its arguments to BenchmarkDotNet.</summary>
internal sealed class MicroCommand : Command
{
    // BenchmarkDotNet's own way, a project generated and built for each run, does not know this framework's name.
    private const string InProcess = "--inProcess";

    public MicroCommand()
        : base("micro", "Run the BenchmarkDotNet classes of the API; what follows are BenchmarkDotNet's own options.")
    {
        TreatUnmatchedTokensAsErrors = false;
        this.SetUnguardedAction(Execute);
    }

    private static int Execute(ParseResult parsed, TextWriter output, TextWriter error)
    {
        string[] arguments = [.. parsed.UnmatchedTokens.Where(token => token != "--" && token != InProcess), InProcess];
        bool onlyTells = arguments.Any(argument => argument is "--list" or "--help" or "--info" or "--version");
        // Asked beforehand: a run by options that cannot be read has no benchmarks, as one that lists them has.
        if (!ConfigParser.Parse(arguments, NullLogger.Instance).isSuccess && !arguments.Any(argument => argument is "--help" or "--version"))
        {
            ConfigParser.Parse(arguments, ConsoleLogger.Default);
            return ExitCode.BadInput;
        }

        var summaries = BenchmarkSwitcher.FromAssembly(typeof(MicroCommand).Assembly).Run(arguments, DefaultConfig.Instance).ToList();
        if (summaries.Count == 0 && !onlyTells)
            return ExitCode.BadInput;
        return summaries.Any(summary => summary.HasCriticalValidationErrors || summary.Reports.Any(report => !report.Success)) ? ExitCode.RowFailed : ExitCode.Success;
    }
}
