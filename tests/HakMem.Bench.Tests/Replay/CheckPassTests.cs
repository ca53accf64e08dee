using System;
using HakMem.Bench.Allocators;
using HakMem.Bench.Measuring;
using HakMem.Bench.Replay;
using HakMem.Bench.Tests.Allocators;
using Xunit;

namespace HakMem.Bench.Tests.Replay;

/// <summary>Each kind of fault is found by the check pass and named.</summary>
public class CheckPassTests
{
    [Theory]
    [InlineData("serial")]
    [InlineData("parallel")]
    public void Overlap_is_found(string variant) => Found<Overlap>(variant, "lost its byte", orElse: "is not zero at byte");

    [Theory]
    [InlineData("serial")]
    [InlineData("parallel")]
    public void Lost_contents_are_found(string variant) => Found<LostContents>(variant, "while it was reallocated to");

    [Theory]
    [InlineData("serial")]
    [InlineData("parallel")]
    public void Unzeroed_is_found(string variant) => Found<NotZeroed>(variant, "is not zero at byte");

    [Theory]
    [InlineData("serial")]
    [InlineData("parallel")]
    public void Misaligned_is_found(string variant) => Found<Misaligned>(variant, "is not aligned to");

    [Theory]
    [InlineData("serial")]
    [InlineData("parallel")]
    public void Out_of_memory_is_found(string variant) => Found<OutOfMemory>(variant, "no memory for block");

    [Fact]
    public void The_test_allocator_without_a_fault_is_clean()
    {
        using Workload workload = Synthetic("serial");
        Assert.True(workload.Check<FaultyAllocator<NoProof>>().Blocks > 0);
    }

    [Fact]
    public void A_parallel_timed_pass_without_memory_fails_and_does_not_hang()
    {
        using Workload workload = Synthetic("parallel");
        Assert.Throws<OutOfMemoryException>(() => workload.TimedPass<FaultyAllocator<OutOfMemory>>());
        Assert.True(workload.TimedPass<NativeAllocator>().CpuNanoseconds > 0); // meets nothing of what the other left
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(4096)]
    [InlineData(4097)]
    [InlineData(100_003)]
    public unsafe void A_pattern_shows_each_changed_byte_that_carries_it(int size)
    {
        byte[] memory = new byte[size + 8];
        fixed (byte* block = memory)
        {
            BlockPattern.Fill(block, (ulong)size, 5);
            Assert.Equal(-1, BlockPattern.FirstDifference(block, (ulong)size, (ulong)size, 5));
            Assert.Equal(size == 0 ? -1 : 0, BlockPattern.FirstDifference(block, (ulong)size, (ulong)size, 6));
            foreach (int offset in new[] { 0, size / 2, size - 2049, size - 2048, size - 1 })
            {
                if (offset < 0 || offset >= size)
                    continue;
                block[offset] ^= 1;
                bool carries = size <= 4096 || offset < 2048 || offset >= size - 2048;
                Assert.Equal(carries ? offset : -1, BlockPattern.FirstDifference(block, (ulong)size, (ulong)size, 5));
                Assert.Equal(-1, BlockPattern.FirstDifference(block, (ulong)size, (ulong)offset, 5));
                block[offset] ^= 1;
            }

            Assert.All(memory[size..], one => Assert.Equal(0, one));
        }
    }

    // Between threads an overlap may also strike a zeroed block before it is looked at.
    private static void Found<TFault>(string variant, string problem, string? orElse = null)
        where TFault : struct, IFault
    {
        using Workload workload = Synthetic(variant);
        var failure = Assert.Throws<CheckFailureException>(() => workload.Check<FaultyAllocator<TFault>>());
        Assert.StartsWith($"event {failure.EventIndex}: ", failure.Message, StringComparison.Ordinal);
        Assert.Contains(orElse is not null && failure.Message.Contains(orElse, StringComparison.Ordinal) ? orElse : problem, failure.Message, StringComparison.Ordinal);
    }

    private static Workload Synthetic(string variant)
    {
        string file = SyntheticTraces.Random(seed: 5, events: 3_000, threads: 4).Save("faults");
        return WorkloadRecipe.OfTrace(file, variant).Create();
    }
}
