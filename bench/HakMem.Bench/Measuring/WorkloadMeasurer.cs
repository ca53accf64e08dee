using System;
using System.Collections.Generic;
using System.Linq;
using HakMem.Bench.Allocators;
using HakMem.Bench.Memory;
using HakMem.Bench.Reporting;

namespace HakMem.Bench.Measuring;

/// <summary>Takes one workload through identity, check pass, timed rounds and memory. A contestant that fails drops out of the later steps and keeps its error.</summary>
internal sealed class WorkloadMeasurer(MeasuringPlan plan, IProgressSink progress)
{
    public WorkloadReport Measure(Workload workload)
    {
        if (workload.Figures.Count > 0)
            return Study(workload);
        int steps = plan.Contestants.Count * ((plan.WithCheck ? 1 : 0) + (plan.WithMemory ? plan.MemoryProcesses : 0)) + (plan.WithTimes ? plan.Rounds : 0);
        progress.Begin($"{workload.Scenario} {workload.Variant}", steps);
        var rows = plan.Contestants.ToDictionary(contestant => contestant, contestant => Identify(workload, contestant));
        if (plan.WithCheck)
            CheckAll(workload, rows);
        if (plan.WithTimes)
            TimeAll(workload, rows);
        long? floorPeak = plan.WithMemory ? ProbeMemory(workload, rows) : null;
        progress.End();
        return new WorkloadReport(workload.Scenario, workload.Variant, [.. plan.Contestants.Select(contestant => rows[contestant])], floorPeak);
    }

    private WorkloadReport Study(Workload workload)
    {
        int processes = plan.WithTimes ? plan.StudyProcesses : 0;
        progress.Begin($"{workload.Scenario} {workload.Variant}", plan.Contestants.Count * (processes + 1));
        var rows = plan.Contestants.ToDictionary(contestant => contestant, contestant => Identify(workload, contestant));
        if (plan.WithCheck)
            CheckAll(workload, rows);
        string[] names = [.. plan.Contestants.Where(contestant => rows[contestant].Error is null).Select(contestant => contestant.Entry.Name).Distinct()];
        IReadOnlyDictionary<string, StudyResult> results = StudyProbe.Measure(workload.Recipe, names, processes, () => progress.Step("study"));
        foreach (Contestant contestant in plan.Contestants)
        {
            if (results.TryGetValue(contestant.Entry.Name, out StudyResult result))
                rows[contestant] = rows[contestant] with { Figures = result.Figures, Error = result.Error };
        }

        progress.End();
        return new WorkloadReport(workload.Scenario, workload.Variant, [.. plan.Contestants.Select(contestant => rows[contestant])], null) { Figures = workload.Figures };
    }

    private static MeasuredRow Identify(Workload workload, Contestant contestant)
    {
        var row = new MeasuredRow(workload.Scenario, workload.Variant, contestant.Label, workload.OperationsPerPass, workload.PeakLiveBytes);
        try
        {
            return row with { Identity = contestant.Entry.ProveIdentity() };
        }
        catch (IdentityException problem)
        {
            return row with { Error = $"not proven to be {contestant.Entry.Name}: {problem.Message}" };
        }
    }

    private void CheckAll(Workload workload, Dictionary<Contestant, MeasuredRow> rows)
    {
        foreach (Contestant contestant in plan.Contestants)
        {
            progress.Step($"check {contestant.Label}");
            if (contestant.IsFloor || rows[contestant].Error is not null)
                continue;
            try
            {
                rows[contestant] = rows[contestant] with { Checked = contestant.Entry.Check(workload) };
            }
            catch (Exception problem) when (IsAllocatorFailure(problem))
            {
                rows[contestant] = rows[contestant] with { Error = $"check pass: {Describe(problem)}" };
            }
        }
    }

    private void TimeAll(Workload workload, Dictionary<Contestant, MeasuredRow> rows)
    {
        Contestant[] able = [.. plan.Contestants.Where(contestant => rows[contestant].Error is null && TrialPass(workload, contestant, rows))];
        if (able.Length == 0)
            return;
        int[] shares = [.. plan.Shares()];
        (IReadOnlyList<TimedContestant>? timed, string? error) = shares.Length == 1
            ? (new RoundRunner(workload, able).Run(plan.Rounds, () => progress.Step("time")), null)
            : TimesProbe.Measure(workload.Recipe, able, shares, () => progress.Step("time"));
        if (timed is null)
        {
            foreach (Contestant contestant in able)
                rows[contestant] = rows[contestant] with { Error = $"timed rounds: {error}" };
            return;
        }

        foreach (TimedContestant one in timed)
            rows[one.Contestant] = rows[one.Contestant] with { NsPerOp = one.NsPerOp, PageFaultsPerOp = one.PageFaultsPerOp, AaSpread = AaSpread.Of(one, timed) };
    }

    private static bool TrialPass(Workload workload, Contestant contestant, Dictionary<Contestant, MeasuredRow> rows)
    {
        try
        {
            contestant.Entry.TimedPass(workload);
            return true;
        }
        catch (Exception problem) when (IsAllocatorFailure(problem))
        {
            rows[contestant] = rows[contestant] with { Error = $"timed pass: {Describe(problem)}" };
            return false;
        }
    }

    private long? ProbeMemory(Workload workload, Dictionary<Contestant, MeasuredRow> rows)
    {
        string[] names = [.. plan.Contestants.Where(contestant => rows[contestant].Error is null).Select(contestant => contestant.Entry.Name).Distinct()];
        IReadOnlyDictionary<string, PeakMemory> peaks = PeakMemoryProbe.Measure(workload.Recipe, names, plan.MemoryProcesses, () => progress.Step("memory"));
        long? floor = peaks.TryGetValue(AllocatorCatalog.FloorName, out PeakMemory floorPeak) ? floorPeak.Bytes : null;
        foreach (Contestant contestant in plan.Contestants)
        {
            if (!peaks.TryGetValue(contestant.Entry.Name, out PeakMemory peak))
                continue;
            rows[contestant] = peak.Error is not null
                ? rows[contestant] with { Error = $"memory: {peak.Error}" }
                : rows[contestant] with { FirstPassPageFaults = peak.PageFaults, PeakRssBytes = floor is null ? null : Math.Max(0, (peak.Bytes - floor).GetValueOrDefault()) };
        }

        return floor;
    }

    // A write through a null pointer is how a timed pass, which tests nothing, learns that there was no memory.
    private static bool IsAllocatorFailure(Exception problem) =>
        problem is CheckFailureException or OutOfMemoryException or NullReferenceException or AccessViolationException;

    private static string Describe(Exception problem) =>
        problem is NullReferenceException ? "the allocator returned null" : problem.Message;
}
