using System;
using HakMem.Bench.Allocators;
using HakMem.Bench.Measuring;
using HakMem.Bench.Memory;
using HakMem.Bench.Scenarios;
using HakMem.Bench.Tests.Allocators;
using Xunit;

namespace HakMem.Bench.Tests.Scenarios;

public unsafe class ScenarioTests
{
    private static readonly ScenarioParameters s_small = new()
    {
        Threads = [3],
        Operations = 30_000,
        Count = 2_000,
        Chunks = 100,
        RoundsPerPass = 3,
        Batch = 50,
        Flows = 5,
        Lifetimes = 40,
        AtOnce = 8,
        Divisor = 200,
        IdleSeconds = 0,
    };

    public static TheoryData<string, string> All()
    {
        var data = new TheoryData<string, string>();
        foreach (ScenarioDefinition scenario in ScenarioCatalog.All)
        {
            foreach (string variant in scenario.Variants(s_small))
                data.Add(scenario.Name, variant);
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Sound_allocators_are_clean_and_the_null_keeps_up(string name, string variant)
    {
        using Workload workload = ScenarioCatalog.Find(name).Create(variant, s_small);
        Assert.True(workload.OperationsPerPass > 0 && workload.PeakLiveBytes > 0);
        Assert.True(workload.Check<NativeAllocator>().Blocks > 1_000);
        Assert.True(workload.Check<HakMemAllocator>().Blocks > 1_000);
        Assert.True(workload.TimedPass<HakMemAllocator>().CpuNanoseconds > 0);
        Assert.True(AllocatorCatalog.Floor.TimedPass(workload).CpuNanoseconds >= 0);
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Blocks_that_overlap_are_found(string name, string variant)
    {
        using Workload workload = ScenarioCatalog.Find(name).Create(variant, s_small);
        CheckFailureException failure = Assert.Throws<CheckFailureException>(() => workload.Check<FaultyAllocator<Overlap>>());
        Assert.Contains("the block at", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_recipe_makes_the_same_scenario_again()
    {
        using Workload first = ScenarioCatalog.Find("larson").Create("3 threads 100 chunks 8-1024 B", s_small);
        using Workload second = WorkloadRecipe.FromJson(first.Recipe.ToJson()).Create();
        Assert.Equal((first.Variant, first.OperationsPerPass, first.PeakLiveBytes), (second.Variant, second.OperationsPerPass, second.PeakLiveBytes));
    }

    [Fact]
    public void Pages_that_a_kept_block_overlaps_are_not_free()
    {
        using var free = new PageSet(16);
        using var kept = new PageSet(16);
        free.Add((void*)0x10000, 4096);
        free.Add((void*)0x10800, 4096); // the pages 0x10 and 0x11
        free.Add((void*)0x13ff0, 16);
        kept.Add((void*)0x11ffe, 4); // the pages 0x11 and 0x12
        free.Sort();
        kept.Sort();
        Assert.Equal((3, 2), (free.Count, kept.Count));
        free.Except(kept);
        Assert.Equal(2, free.Count);
    }

    [Fact]
    public void Resident_pages_are_told_from_returned_ones()
    {
        using var memory = new MappedArray<byte>(4 * PageSet.PageBytes);
        using var pages = new PageSet(4);
        pages.Add(memory.Pointer, 4 * PageSet.PageBytes);
        pages.Sort();
        memory[0] = 1;
        memory[3 * PageSet.PageBytes] = 1;
        Assert.Equal((4, 2), (pages.Count, pages.CountResident()));
    }
}
