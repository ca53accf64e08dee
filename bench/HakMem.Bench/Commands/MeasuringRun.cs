using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using HakMem.Bench.Allocators;
using HakMem.Bench.Measuring;
using HakMem.Bench.Reporting;

namespace HakMem.Bench.Commands;

/// <summary>What measuring commands have in common: measure each workload, print the table, write the JSON.</summary>
internal sealed class MeasuringRun(MeasuringPlan plan, string? jsonFile, IReadOnlyList<string> commandLine, TextWriter output, TextWriter error)
{
    public int Execute(IEnumerable<Func<Workload>> workloads)
    {
        foreach (string note in HakMemEnvironment.Notes("the environment"))
            error.WriteLine($"note: {note}");
        List<WorkloadReport> reports = TerminalProgress.Show(error, progress =>
        {
            var measurer = new WorkloadMeasurer(plan, progress);
            var done = new List<WorkloadReport>();
            foreach (Func<Workload> create in workloads)
            {
                using Workload workload = create();
                done.Add(measurer.Measure(workload));
            }

            return done;
        });
        ResultTable.Write(output, reports, plan);
        if (jsonFile is not null)
            JsonReport.Write(jsonFile, reports, EnvironmentFacts.Gather(commandLine));
        return reports.SelectMany(report => report.Rows).Any(row => row.Error is not null) ? ExitCode.RowFailed : ExitCode.Success;
    }
}
