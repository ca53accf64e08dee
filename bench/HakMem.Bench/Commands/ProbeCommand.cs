using System;
using System.CommandLine;
using System.IO;
using HakMem.Bench.Allocators;
using HakMem.Bench.Measuring;

namespace HakMem.Bench.Commands;

/// <summary>What a child process of a measurement does: one allocator, one workload, figures on standard output.</summary>
internal abstract class ProbeCommand : Command
{
    private readonly Argument<string> _allocator = new("allocator");
    private readonly Argument<string> _recipe = new("recipe");

    protected ProbeCommand(string name, string description)
        : base(name, description)
    {
        Hidden = true;
        Add(_allocator);
        Add(_recipe);
        this.SetUnguardedAction(Execute);
    }

    /// <summary>Measures with code compiled, tables made and garbage collected; returns the line of figures.</summary>
    protected abstract string Measure(AllocatorEntry entry, Workload workload);

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
            string figures = Measure(entry, workload);
            // Only now: the proofs differ in the memory that they take themselves.
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
