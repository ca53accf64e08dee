using System;
using System.Collections.Generic;
using System.CommandLine;
using System.IO;
using System.Linq;
using HakMem.Bench.Measuring;
using HakMem.Bench.Replay;
using HakMem.Bench.Traces;

namespace HakMem.Bench.Commands;

/// <summary>Replays what real programs allocated.</summary>
internal sealed class ReplayCommand : Command
{
    public const string CommandName = "replay", ParallelName = "--parallel";

    private readonly MeasuringOptions _measuring = new();
    private readonly Argument<string[]> _files;

    private readonly Option<bool> _parallel = new(ParallelName) { Description = "One thread for each thread of the trace, instead of one for all." };

    private readonly Option<bool> _check = new("--check")
    {
        Description = "Only the check pass: every block carries a pattern of its own that is verified when it is freed or reallocated. Without this option a check pass comes before the timed ones.",
    };

    public ReplayCommand()
        : base(CommandName, "Replay what real programs allocated: time and peak memory of each allocator.")
    {
        _files = FilesArgument.Create(this, "Trace files. Default: all of bench/traces.", ArgumentArity.ZeroOrMore);
        Add(_files);
        Add(_parallel);
        Add(_check);
        _measuring.AddTo(this);
        this.SetUnguardedAction(Execute);
    }

    private int Execute(ParseResult parsed, TextWriter output, TextWriter error)
    {
        bool checkOnly = parsed.GetValue(_check);
        string? jsonFile = _measuring.JsonFile(parsed);
        MeasuringPlan plan = _measuring.Plan(parsed, error);
        plan = plan with { WithCheck = true, WithTimes = !checkOnly, WithMemory = plan.WithMemory && !checkOnly };
        string[] named = parsed.GetValue(_files) ?? [];
        IReadOnlyList<string> files = named.Length > 0 ? named : TraceFolder.AllFiles();
        // Every file is decoded before the first is measured: a bad one is found at once.
        foreach (string file in files)
            Validate(file, checkOnly);
        string variant = parsed.GetValue(_parallel) ? ParallelReplay.VariantName : SerialReplay.VariantName;
        IEnumerable<Func<Workload>> workloads = files.Select(file => (Func<Workload>)WorkloadRecipe.OfTrace(Path.GetFullPath(file), variant).Create);
        return new MeasuringRun(plan, jsonFile, parsed.CommandLine(), output, error).Execute(workloads);
    }

    private static void Validate(string file, bool checkOnly)
    {
        // Opened by each process again, which a pipe would keep waiting.
        using (FileStream stream = File.OpenRead(file))
        {
            if (!stream.CanSeek)
                throw new BadInputException($"'{file}' can be read only once, and a replay reads a trace again for each process; save it to a file first.");
        }

        using Trace trace = TraceReader.Read(file);
        if (trace.EventCount == 0 && !checkOnly)
            throw new BadInputException($"'{file}' is a trace without events: there is nothing to time.");
    }
}
