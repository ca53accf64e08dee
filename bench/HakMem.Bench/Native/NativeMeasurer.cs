using System;
using System.Collections.Generic;
using System.Linq;
using HakMem.Bench.Allocators;
using HakMem.Bench.Measuring;
using HakMem.Bench.Reporting;

namespace HakMem.Bench.Native;

/// <summary>Runs each program with each allocator in interleaved rounds. An allocator that fails a program, or is not the one that serves it, has no figures there.</summary>
internal sealed class NativeMeasurer(NativeCompiler compiler, IReadOnlyList<PreloadedAllocator> allocators, int rounds, IProgressSink progress)
{
    private static readonly PreloadedAllocator s_floor = new(AllocatorCatalog.FloorName, null);

    public WorkloadReport Measure(NativeProgram program)
    {
        List<PreloadedAllocator> contestants = [.. allocators, .. program.HasFloor ? [s_floor] : Array.Empty<PreloadedAllocator>()];
        string[] executables = [.. contestants.Select(contestant => compiler.Compile(program.Name, asFloor: contestant == s_floor))];
        List<NativeRun>[] runs = [.. contestants.Select(_ => new List<NativeRun>())];
        progress.Begin($"{program.Name} {program.Variant}", rounds);
        for (int round = 0; round < rounds; round++)
        {
            foreach (int i in RoundRunner.VisitingOrder(round, contestants.Count).Where(i => runs[i].All(run => run.Error is null)))
                runs[i].Add(NativeRun.Start(executables[i], program.Arguments, contestants[i], contestants[i] == s_floor));
            progress.Step($"round {round + 1}");
        }

        progress.End();
        SampleSet? floorTimes = program.HasFloor ? Times(runs[^1]) : null;
        MeasuredRow[] rows = [.. contestants.Select((contestant, i) => Row(program, contestant, runs[i], contestant == s_floor ? null : floorTimes))];
        return new WorkloadReport(program.Name, program.Variant, rows, program.HasFloor ? rows[^1].PeakRssBytes : null);
    }

    private static MeasuredRow Row(NativeProgram program, PreloadedAllocator allocator, IReadOnlyList<NativeRun> runs, SampleSet? floorTimes)
    {
        var row = new MeasuredRow(program.Name, program.Variant, allocator.Name, runs[0].Operations, 0);
        if (runs.FirstOrDefault(run => run.Error is not null) is { } failed)
            return row with { Error = failed.Error };
        SampleSet times = Times(runs);
        return row with
        {
            NsPerOp = times,
            AaSpread = AaSpread.OfHalves(times, floorTimes),
            PeakRssBytes = (long)SampleSet.MedianOf(runs.Select(run => (double)run.PeakRssBytes)),
            Identity = allocator == s_floor ? "no allocator" : runs[0].ServedBy,
        };
    }

    private static SampleSet Times(IReadOnlyList<NativeRun> runs) => new([.. runs.Select(run => (double)run.CpuNanoseconds / Math.Max(1, run.Operations))]);
}
