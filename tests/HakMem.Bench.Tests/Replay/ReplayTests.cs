using System;
using System.IO;
using HakMem.Bench.Allocators;
using HakMem.Bench.Measuring;
using HakMem.Bench.Tests.Traces;
using Xunit;

namespace HakMem.Bench.Tests.Replay;

public class ReplayTests
{
    [Theory]
    [InlineData("serial", 1)]
    [InlineData("serial", 6)]
    [InlineData("parallel", 1)]
    [InlineData("parallel", 6)]
    public void A_sound_allocator_is_clean_and_timed(string variant, int threads)
    {
        string file = SyntheticTraces.Random(seed: 7, events: 20_000, threads).Save("synthetic");
        using Workload workload = WorkloadRecipe.OfTrace(file, variant).Create();
        Assert.Equal(("synthetic", variant, 20_000L), (workload.Scenario, workload.Variant, workload.OperationsPerPass));

        CheckTally tally = workload.Check<NativeAllocator>();
        Assert.True(tally.Blocks > 5_000 && tally.VerifiedBytes > 1_000_000, tally.ToString());
        for (int pass = 0; pass < 3; pass++)
        {
            Assert.True(workload.TimedPass<NativeAllocator>().CpuNanoseconds > 0);
            Assert.True(AllocatorCatalog.Floor.TimedPass(workload).CpuNanoseconds >= 0);
        }
    }

    [Fact]
    public void Parallel_replay_waits_for_blocks_of_other_threads()
    {
        const int Threads = 8;
        var writer = new TraceWriter { ThreadCount = Threads };
        for (ulong i = 0; i < 4_000; i++)
        {
            // One block goes round all threads; each hands it on before it may have it again.
            if (i == 0)
                writer.Alloc(64);
            else
                writer.Realloc(1, 64 + i % 7, thread: i % Threads);
        }

        using Workload workload = WorkloadRecipe.OfTrace(writer.Save("round"), "parallel").Create();
        Assert.Equal(4_000, workload.Check<NativeAllocator>().Blocks);
        Assert.True(workload.TimedPass<NativeAllocator>().CpuNanoseconds > 0);
    }

    [Fact]
    public void A_recipe_makes_the_same_workload_again()
    {
        string file = SyntheticTraces.Random(seed: 3, events: 500, threads: 2).Save("again");
        using Workload first = WorkloadRecipe.OfTrace(file, "parallel").Create();
        using Workload second = WorkloadRecipe.FromJson(first.Recipe.ToJson()).Create();
        Assert.Equal((first.Scenario, first.Variant, first.OperationsPerPass, first.PeakLiveBytes), (second.Scenario, second.Variant, second.OperationsPerPass, second.PeakLiveBytes));
    }

    [Fact]
    public void Mimalloc_is_clean_where_it_is()
    {
        if (!MimallocLibrary.IsPresent)
        {
            Console.WriteLine("mimalloc is not on this machine: not tested");
            return;
        }

        string file = SyntheticTraces.Random(seed: 11, events: 10_000, threads: 3).Save("mimalloc");
        using Workload workload = WorkloadRecipe.OfTrace(file, "parallel").Create();
        workload.Check<MimallocAllocator>();
        workload.Check<MimallocSgtAllocator>();
        Assert.True(File.Exists(MimallocSgtAllocator.ProveIdentity().Split(',')[0]));

        // Each row has heaps of its own.
        Assert.Contains("copy of libmimalloc", MimallocAllocator.ProveIdentity(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(209, "2.0.9")]
    [InlineData(224, "2.2.4")]
    [InlineData(30401, "3.4.1")]
    public void Mimalloc_versions_are_readable(int number, string version) => Assert.Equal(version, MimallocLibrary.FormatVersion(number));
}
