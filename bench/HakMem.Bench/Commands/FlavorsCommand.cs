using System.Collections.Generic;
using System.CommandLine;
using System.Globalization;
using System.IO;
using System.Linq;
using HakMem.Bench.Allocators;
using HakMem.Bench.Flavors;
using HakMem.Bench.Measuring;
using HakMem.Bench.Scenarios;

namespace HakMem.Bench.Commands;

/// <summary>What each flavor and each switch costs: machine code and time, as the table of docs/flavors.md.</summary>
internal sealed class FlavorsCommand : Command
{
    private const int DefaultRounds = 15, MostRounds = 1000;

    private readonly Option<int> _rounds = new("--rounds")
    {
        Description = "Rounds of each scenario; times are the minima.",
        DefaultValueFactory = static _ => DefaultRounds,
    };

    private readonly Option<bool> _inlined = new("--inlined")
    {
        Description = "Calls inlined into the loops, which saves the call itself; each still looks up its heap. Without this option each call goes through a function pointer.",
    };

    public FlavorsCommand()
        : base("flavors", "Measure what flavors and switches cost: instructions and bytes of the hot methods, time of tiny and random-mixed, interleaved in one process.")
    {
        Add(_rounds);
        Add(_inlined);
        this.SetUnguardedAction(Execute);
    }

    private int Execute(ParseResult parsed, TextWriter output, TextWriter error)
    {
        int rounds = parsed.GetValue(_rounds);
        if (rounds is < 1 or > MostRounds)
            throw new BadInputException($"--rounds must be from 1 to {MostRounds}, not {rounds}.");
        if (HakMemory.BuildFlavor != "release")
            throw new BadInputException($"This is built with the flavor {HakMemory.BuildFlavor}, which every row would have: build it with the flavor release.");
        IReadOnlyList<Flavor> flavors = FlavorCatalog.All;
        HotCode[] code = [.. flavors.Select(HotCode.Of)];
        string variant = parsed.GetValue(_inlined) ? CallVariant.Inlined : CallVariant.NoInline;
        double[] tiny, mixed;
        double floor;
        using (var workload = new TinyScenario(variant))
            (tiny, _) = Time(workload, flavors, rounds);
        using (var workload = new RandomMixedScenario(variant, new ScenarioParameters()))
            (mixed, floor) = Time(workload, flavors, rounds);
        output.WriteLine("| woven in | `Alloc` | `Free` | tiny, ns | ÷ release | random-mixed, ns | ÷ release | net ÷ release |");
        output.WriteLine("|---|---|---|---|---|---|---|---|");
        for (int i = 0; i < flavors.Count; i++)
        {
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"| {flavors[i].Name} | {code[i].Alloc} | {code[i].Free} | {tiny[i]:F2} | {tiny[i] / tiny[0]:F2} | {mixed[i]:F2} | {mixed[i] / mixed[0]:F2} | {(mixed[i] - floor) / (mixed[0] - floor):F2} |"));
        }

        return ExitCode.Success;
    }

    /// <summary>The minimum of each flavor, and of the loop without an allocator.</summary>
    private static (double[] Nanoseconds, double Floor) Time(Workload workload, IReadOnlyList<Flavor> flavors, int rounds)
    {
        Contestant[] contestants = [.. flavors.Select(flavor => new Contestant(flavor.Name, flavor.Entry)), new Contestant(AllocatorCatalog.FloorName, AllocatorCatalog.Floor)];
        IReadOnlyList<TimedContestant> timed = new RoundRunner(workload, contestants).Run(rounds, static () => { });
        return ([.. timed.Take(flavors.Count).Select(one => one.NsPerOp.Min)], timed[^1].NsPerOp.Min);
    }
}
