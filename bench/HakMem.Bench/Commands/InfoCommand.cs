using System.CommandLine;
using System.IO;
using HakMem.Bench.Reporting;
using HakMem.Bench.Traces;

namespace HakMem.Bench.Commands;

/// <summary>Says what is in trace files.</summary>
internal sealed class InfoCommand : Command
{
    private readonly Argument<string[]> _files;

    public InfoCommand()
        : base("info", "Say what is in trace files: events by operation, threads, sizes, peak live memory.")
    {
        _files = FilesArgument.Create(this, "Trace files. Default: all of bench/traces.", ArgumentArity.ZeroOrMore);
        Add(_files);
        this.SetUnguardedAction(Execute);
    }

    private int Execute(ParseResult parsed, TextWriter output, TextWriter error)
    {
        string[] files = parsed.GetValue(_files) ?? [];
        foreach (string file in files.Length > 0 ? files : TraceFolder.AllFiles())
        {
            using Trace trace = TraceReader.Read(file);
            TraceSummaryText.Write(output, TraceSummary.Of(trace));
        }

        return ExitCode.Success;
    }
}
