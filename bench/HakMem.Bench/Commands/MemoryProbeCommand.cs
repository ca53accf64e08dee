using System;
using System.CommandLine;
using System.IO;
using HakMem.Bench.Allocators;
using HakMem.Bench.Measuring;
using HakMem.Bench.Memory;

namespace HakMem.Bench.Commands;

/// <summary>What a child process of the memory measurement does: one pass, then the kernel's peak and the page faults on standard output.</summary>
internal sealed class MemoryProbeCommand : Command
{
    private readonly Argument<string> _allocator = new("allocator");
    private readonly Argument<string> _recipe = new("recipe");

    public MemoryProbeCommand()
        : base(PeakMemoryProbe.CommandName, "Peak memory of one pass, in bytes, and its page faults.")
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
        ResidentMemory.ResetPeak();
        PassCost cost = entry.TimedPass(workload);
        long peakBytes = ResidentMemory.PeakBytes() - NullRing.AllRingsBytes;
        try
        {
            // Only now: the proofs differ in the memory that they take themselves.
            entry.ProveIdentity();
        }
        catch (IdentityException problem)
        {
            error.WriteLine(problem.Message);
            return ExitCode.RowFailed;
        }

        output.WriteLine($"{peakBytes} {cost.PageFaults}");
        return ExitCode.Success;
    }
}
