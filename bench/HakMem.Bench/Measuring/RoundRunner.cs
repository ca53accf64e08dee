using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Runtime;
using System.Threading;

namespace HakMem.Bench.Measuring;

/// <summary>
/// Times contestants in interleaved rounds: each round visits all of them, beginning one further than the last and in
/// alternating direction, so that neither a slow spell of the machine nor a neighbour's caches fall on one of them.
/// </summary>
internal sealed class RoundRunner(Workload workload, IReadOnlyList<Contestant> contestants)
{
    // A round shorter than this is repeated: the clock and its system call cost a microsecond.
    private const long ShortestRoundNanoseconds = 10_000_000;
    private const int MaxRepeats = 500;

    // The runtime counts calls, and compiles to the final tier in the background, once no new method came for 100 ms, which it looks at every 100 ms; with one processor all that takes ten times as long.
    private static readonly TimeSpan s_tierDelay = TimeSpan.FromMilliseconds(Environment.ProcessorCount == 1 ? 2_200 : 220);
    private static readonly TimeSpan s_longestWarmUp = s_tierDelay * 20;
    private const int FewestWarmUpRotations = 3;
    private const int QuietRotations = 2;

    public IReadOnlyList<TimedContestant> Run(int rounds, Action step)
    {
        int[] repeats = WarmUp();
        double[][] nanoseconds = [.. contestants.Select(_ => new double[rounds])], faults = [.. contestants.Select(_ => new double[rounds])];
        for (int round = 0; round < rounds; round++)
        {
            GC.Collect();
            foreach (int index in VisitingOrder(round, contestants.Count))
                (nanoseconds[index][round], faults[index][round]) = PerOperation(contestants[index], repeats[index]);
            step();
        }

        return [.. contestants.Select((contestant, index) => new TimedContestant(contestant, new SampleSet(nanoseconds[index]), new SampleSet(faults[index])))];
    }

    internal static IEnumerable<int> VisitingOrder(int round, int count)
    {
        IEnumerable<int> order = Enumerable.Range(0, count).Select(i => (i + round / 2) % count);
        return round % 2 == 0 ? order : order.Reverse();
    }

    /// <summary>Runs passes until whole rotations have compiled no more methods.</summary>
    /// <returns>Passes per round, by contestant.</returns>
    private int[] WarmUp()
    {
        var clock = Stopwatch.StartNew();
        var fastest = new long[contestants.Count];
        Array.Fill(fastest, long.MaxValue);
        for (int rotation = 0, quiet = 0; (rotation < FewestWarmUpRotations || quiet < QuietRotations) && clock.Elapsed < s_longestWarmUp; rotation++)
        {
            long methods = JitInfo.GetCompiledMethodCount();
            for (int i = 0; i < contestants.Count; i++)
                fastest[i] = Math.Min(fastest[i], Math.Max(1, contestants[i].Entry.TimedPass(workload).CpuNanoseconds));
            Thread.Sleep(s_tierDelay);
            quiet = JitInfo.GetCompiledMethodCount() == methods ? quiet + 1 : 0;
        }

        return [.. fastest.Select(pass => (int)Math.Clamp(ShortestRoundNanoseconds / pass + 1, 1, MaxRepeats))];
    }

    private (double Nanoseconds, double PageFaults) PerOperation(Contestant contestant, int repeats)
    {
        PassCost cost = default;
        for (int i = 0; i < repeats; i++)
            cost += contestant.Entry.TimedPass(workload);
        double operations = (double)workload.OperationsPerPass * repeats;
        return (cost.CpuNanoseconds / operations, cost.PageFaults / operations);
    }
}
