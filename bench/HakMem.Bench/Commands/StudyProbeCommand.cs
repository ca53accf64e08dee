using System;
using System.CommandLine;
using System.IO;
using HakMem.Bench.Allocators;
using HakMem.Bench.Measuring;
using HakMem.Bench.Memory;

namespace HakMem.Bench.Commands;

/// <summary>What a child process of a memory study does: the study, then its figures on standard output.</summary>
internal sealed class StudyProbeCommand : Command
{
    private readonly Argument<string> _allocator = new("allocator");
    private readonly Argument<string> _recipe = new("recipe");

    public StudyProbeCommand()
        : base(StudyProbe.CommandName, "The figures of one memory study, as JSON.")
    {
        Hidden = true;
        Add(_allocator);
        Add(_recipe);
        this.SetUnguardedAction(Execute);
    }

    private int Execute(ParseResult parsed, TextWriter output, TextWriter error)
    {
        string name = parsed.GetValue(_allocator)!;
        AllocatorEntry entry = AllocatorCatalog.Find(name) ?? throw new BadInputException($"There is no allocator '{name}'.");
        using Workload workload = WorkloadRecipe.FromJson(parsed.GetValue(_recipe)!).Create();
        entry.TouchEveryKind();
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        try
        {
            string figures = StudyProbe.ToJson(entry.Study(workload));
            entry.ProveIdentity();
            output.WriteLine(figures);
            return ExitCode.Success;
        }
        catch (Exception problem) when (problem is IdentityException or CheckFailureException)
        {
            error.WriteLine(problem.Message);
            return ExitCode.RowFailed;
        }
    }
}
