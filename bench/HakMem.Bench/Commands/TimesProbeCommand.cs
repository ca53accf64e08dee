using System.Collections.Generic;
using System.CommandLine;
using System.IO;
using System.Linq;
using HakMem.Bench.Allocators;
using HakMem.Bench.Measuring;

namespace HakMem.Bench.Commands;

/// <summary>What a child process of timed rounds does: all contestants in turn, then what each round took on standard output.</summary>
internal sealed class TimesProbeCommand : Command
{
    private readonly Argument<string> _allocators = new("allocators");
    private readonly Argument<string> _recipe = new("recipe");
    private readonly Argument<int> _rounds = new("rounds");

    public TimesProbeCommand()
        : base(TimesProbe.CommandName, "Interleaved rounds of several allocators, as JSON.")
    {
        Hidden = true;
        Add(_allocators);
        Add(_recipe);
        Add(_rounds);
        this.SetUnguardedAction(Execute);
    }

    private int Execute(ParseResult parsed, TextWriter output, TextWriter error)
    {
        AllocatorEntry[] entries = [.. parsed.GetValue(_allocators)!.Split(',').Select(static name => AllocatorCatalog.Find(name) ?? throw new BadInputException($"There is no allocator '{name}'."))];
        using Workload workload = WorkloadRecipe.FromJson(parsed.GetValue(_recipe)!).Create();
        Contestant[] contestants = [.. entries.Select(static entry => new Contestant(entry.Name, entry))];
        try
        {
            foreach (AllocatorEntry entry in entries)
                entry.ProveIdentity();
            IReadOnlyList<TimedContestant> timed = new RoundRunner(workload, contestants).Run(parsed.GetValue(_rounds), static () => { });
            output.WriteLine(TimesProbe.ToJson(timed));
            return ExitCode.Success;
        }
        catch (IdentityException problem)
        {
            error.WriteLine(problem.Message);
            return ExitCode.RowFailed;
        }
    }
}
