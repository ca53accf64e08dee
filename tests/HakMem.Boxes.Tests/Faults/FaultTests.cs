using System;
using System.Collections.Generic;
using Xunit;
using Xunit.Abstractions;

namespace HakMem.Boxes.Tests;

/// <summary>Invariant 6: whichever call to the OS fails, requests are refused, nothing is lost, and the heap works on.</summary>
public unsafe class FaultTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Every_call_to_the_system_can_fail(bool forGood) => FailEveryCall<Faulty, FaultScript<Faulty>>(forGood);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Every_call_can_fail_over_free_lists(bool forGood) => FailEveryCall<FaultyLists, FaultScript<FaultyLists>>(forGood);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Every_call_can_fail_over_a_fixed_range(bool forGood) => FailEveryCall<FaultyRange, FaultScript<FaultyRange>>(forGood);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Every_call_can_fail_under_first_class_heaps_and_batches(bool forGood) => FailEveryCall<Faulty, HeapFaultScript<Faulty, FaultHeap.Config>>(forGood);

    [Fact]
    public void Every_call_can_fail_under_first_class_heaps_over_free_lists() => FailEveryCall<FaultyLists, HeapFaultScript<FaultyLists, ListFaultHeap.Config>>(true);

    [Fact]
    public void Every_call_can_fail_under_first_class_heaps_over_a_fixed_range() => FailEveryCall<FaultyRange, HeapFaultScript<FaultyRange, RangeFaultHeap.Config>>(false);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Every_call_can_fail_under_heaps_and_arenas(bool forGood) => FailEveryCall<FaultyProduct, ProductFaultScript>(forGood);

    [Fact]
    public void Heaps_and_arenas_are_never_refused_without_faults() => OwnThread.RunFresh(DefaultAllocator.Reset, static () =>
    {
        Assert.Equal(0, Refusals<FaultyProduct, ProductFaultScript>());
    });

    [Fact]
    public void The_scripts_are_never_refused_without_faults() => OwnThread.RunFresh(FaultHeap.Reset, static () =>
    {
        Assert.Equal(0, Refusals<Faulty, FaultScript<Faulty>>());
        Assert.Equal(0, Refusals<Faulty, HeapFaultScript<Faulty, FaultHeap.Config>>());
    });

    private void FailEveryCall<THeap, TScript>(bool forGood)
        where THeap : struct, IIsolatedHeap
        where TScript : IFaultScript, new()
    {
        List<string> wrong = [];
        int usual = 0;
        OwnThread.RunFresh(THeap.Reset, () => usual = Refusals<THeap, TScript>());
        long refused = 0;
        long number = 1;
        for (; ; number++)
        {
            long failures = 0;
            MemoryCalls failed = MemoryCalls.None;
            try
            {
                OwnThread.RunFresh(THeap.Reset, () =>
                {
                    try
                    {
                        refused += RunOnce<THeap, TScript>(number, forGood, usual);
                    }
                    finally
                    {
                        failures = FaultyMemory.Failures;
                        failed = FaultyMemory.Failed;
                    }
                });
                if ((failed & MemoryCalls.Unmap) == 0 && FaultyMemory.MappedBytes != 0) wrong.Add($"call {number} ({failed}): {FaultyMemory.MappedBytes} bytes stay mapped after reset");
            }
            catch (Exception error)
            {
                wrong.Add($"call {number} ({failed}): {error.GetType().Name}: {error.Message} {FirstFrame(error)}");
            }

            if (failures == 0) break;
        }

        long calls = number - 1;
        output.WriteLine($"N = {calls} calls failed one after the other{(forGood ? ", each with all after it" : "")}; {refused} requests refused");
        Assert.True(wrong.Count == 0, $"{wrong.Count} of {calls} faults do harm:\n{string.Join("\n", wrong.GetRange(0, Math.Min(wrong.Count, 12)))}");
    }

    private static string FirstFrame(Exception error) => error.StackTrace?.Split('\n')[0].Trim() ?? "";

    private static int RunOnce<THeap, TScript>(long number, bool forGood, int usual)
        where THeap : struct, IIsolatedHeap
        where TScript : IFaultScript, new()
    {
        FaultyMemory.FailTimes = forGood ? long.MaxValue : 1;
        FaultyMemory.FailAt = number;
        TScript script = new();
        script.Run();

        // The system is generous again: what is left must go back, and everything must work.
        FaultyMemory.FailAt = 0;
        script.FreeAll();
        AssertNothingInUse<THeap>();
        int refused = Refusals<THeap, TScript>();
        bool noRange = typeof(THeap) == typeof(FaultyRange) && (FaultyMemory.Failed & MemoryCalls.Reserve) != 0;   // then there is no budget, for good
        if (!noRange) Assert.Equal(usual, refused);
        return script.Refused;
    }

    // How many requests a composition refuses by its nature.
    private static int Refusals<THeap, TScript>()
        where THeap : struct, IIsolatedHeap
        where TScript : IFaultScript, new()
    {
        TScript script = new();
        script.Run();
        script.FreeAll();
        AssertNothingInUse<THeap>();
        return script.Refused;
    }

    private static void AssertNothingInUse<THeap>()
        where THeap : struct, IIsolatedHeap
    {
        AllocatorStatistics statistics;
        THeap.ReadStatistics(&statistics);
        Assert.Equal((0UL, 0UL, 0UL, 0UL), (statistics.InUseBlocks, statistics.InUseBytes, statistics.LargeBytes, statistics.BigBytes));
        Assert.Equal((0UL, 0UL), (statistics.CachedBytes, statistics.CommittedBytes));
    }
}
