using System.Linq;
using HakMem.Bench.Allocators;
using HakMem.Bench.Measuring;
using HakMem.Bench.Reporting;
using HakMem.Bench.Tests.Allocators;
using HakMem.Bench.Tests.Replay;
using Xunit;

namespace HakMem.Bench.Tests.Measuring;

public class WorkloadMeasurerTests
{
    [Fact]
    public void An_allocator_that_fails_its_check_is_an_error_and_has_no_number()
    {
        MeasuredRow row = Measure(new AllocatorEntry<FaultyAllocator<LostContents>>("faulty", "loses contents"));
        Assert.Null(row.NsPerOp);
        Assert.Contains("check pass: event", row.Error!, System.StringComparison.Ordinal);
    }

    [Fact]
    public void An_allocator_without_proof_is_an_error_and_has_no_number()
    {
        MeasuredRow row = Measure(new AllocatorEntry<FaultyAllocator<NoProof>>("unproven", "proves nothing"));
        Assert.Null(row.NsPerOp);
        Assert.Equal("not proven to be unproven: no counter moved", row.Error);
    }

    private static MeasuredRow Measure(AllocatorEntry entry)
    {
        string file = SyntheticTraces.Random(seed: 2, events: 2_000, threads: 1).Save("measured");
        using Workload workload = WorkloadRecipe.OfTrace(file, "serial").Create();
        var plan = new MeasuringPlan(Contestant.From([entry, AllocatorCatalog.Find("native")!])) { Rounds = 2, WithCheck = true, WithMemory = false };
        WorkloadReport report = new WorkloadMeasurer(plan, new SilentProgress()).Measure(workload);
        MeasuredRow native = report.Rows.Single(row => row.Allocator == "native");
        Assert.True(native is { Error: null, NsPerOp.Min: > 0, Checked: not null });
        return report.Rows[0];
    }

    private sealed class SilentProgress : IProgressSink
    {
        public void Begin(string title, int steps)
        {
        }

        public void Step(string what)
        {
        }

        public void End()
        {
        }
    }
}
