using System;
using System.IO;
using System.Linq;
using HakMem.Bench.Allocators;
using HakMem.Bench.Measuring;
using HakMem.Bench.Reporting;
using HakMem.Bench.Scenarios;
using Xunit;

namespace HakMem.Bench.Tests.Reporting;

public class StudyTableTests
{
    [Theory]
    [InlineData("thread-churn")]
    [InlineData("burst-idle")]
    public void A_row_is_one_line(string scenario)
    {
        const double figure = 9_876_543_210.25;
        ScenarioDefinition definition = ScenarioCatalog.Find(scenario);
        var parameters = new ScenarioParameters();
        using Workload workload = definition.Create(definition.Variants(parameters)[0], parameters);
        var row = new MeasuredRow(scenario, workload.Variant, "mimalloc-sgt", 1, 1) { Figures = workload.Figures.ToDictionary(kind => kind.Name, kind => figure / kind.ColumnScale) };
        var report = new WorkloadReport(scenario, workload.Variant, [row], null) { Figures = workload.Figures };
        using var output = new StringWriter();
        ResultTable.Write(output, [report], new MeasuringPlan(Contestant.From([AllocatorCatalog.Find("native")!])));
        string line = Assert.Single(output.ToString().Split('\n'), static line => line.Contains("mimalloc-sgt", StringComparison.Ordinal));
        Assert.Equal(workload.Figures.Count, line.Split(' ').Count(static word => word == "9876543210.25"));
    }
}
