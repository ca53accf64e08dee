using Xunit;
using Config = HakMem.Boxes.Tests.TestHeap.Config;

namespace HakMem.Boxes.Tests;

/// <summary>Compositions with address ranges of their own: a block of one is no address of another's, whatever its size and the way in.</summary>
public unsafe class IsolationTests
{
    [Theory]
    [InlineData(64)]
    [InlineData(20_000)]
    [InlineData(200_000)]
    [InlineData(5 << 20)]
    public void A_block_of_another_range_is_refused_both_ways(int size) => OwnThread.RunFresh(Reset, () =>
    {
        void* mine = TestHeap.Alloc((nuint)size), theirs = ListHeap.Alloc((nuint)size);
        AssertRefused(theirs, () => TestHeap.Free(theirs));
        AssertRefused(mine, () => ListHeap.Free(mine));
        AssertRefused(theirs, () => _ = TestHeap.Realloc(theirs, 100_000));
        AssertRefused(mine, () => _ = ListHeap.Realloc(mine, 100_000));
        AssertRefused(theirs, () => _ = TestHeap.UsableSize(theirs));
        AssertRefused(mine, () => _ = ListHeap.UsableSize(mine));
        AssertRefused(theirs, () => FreeBatch(theirs));

        // Nothing of it has changed either.
        TestHeap.Free(mine);
        ListHeap.Free(theirs);
        AllocatorStatistics statistics;
        TestHeap.ReadStatistics(&statistics);
        Assert.Equal(0UL, statistics.InUseBlocks);
        ListHeap.ReadStatistics(&statistics);
        Assert.Equal(0UL, statistics.InUseBlocks);
    });

    /// <summary>A thread of a pool cannot be told that its heap is gone.</summary>
    [Fact]
    public void A_thread_that_used_the_allocator_before_a_reset_goes_on_with_a_new_heap() => OwnThread.RunFresh(Reset, static () =>
    {
        const int Rounds = 5;
        using System.Threading.Barrier turn = new(2);
        OwnThread.Handle other = OwnThread.Start(() =>
        {
            BlockLedger ledger = new();
            for (int round = 0; round < Rounds; round++)
            {
                AllocatorStatistics statistics;
                TestHeap.ReadStatistics(&statistics);
                Assert.Equal(0UL, statistics.InUseBlocks);
                TestHeap.Trim();
                if (round % 2 != 0) TestHeap.Free(null);
                for (nuint size = 0; size < 300; size++) ledger.Add(TestHeap.Alloc(size), size);
                ledger.Add(TestHeap.AllocZeroed(100_000), 100_000);
                TestHeap.ReadStatistics(&statistics);
                Assert.Equal((301UL, 1UL), (statistics.InUseBlocks, statistics.Heaps));
                ledger.Check();
                while (ledger.Count != 0) TestHeap.Free(ledger.Take(0));
                turn.SignalAndWait();
                turn.SignalAndWait();
            }
        });
        for (int round = 0; round < Rounds; round++)
        {
            turn.SignalAndWait();
            TestHeap.Free(TestHeap.Alloc(64));
            TestHeap.Reset();
            turn.SignalAndWait();
        }

        other.Join();
    });

    /// <summary>With an address range everything in it goes: blocks in use, big ones with mappings of their own, and those that were kept for the next.</summary>
    [Fact]
    public void A_reset_leaves_nothing_mapped() => OwnThread.RunFresh(Reset, static () =>
    {
        TestHeap.Free(TestHeap.Alloc(64));
        long before = FaultyMemory.MappedBytes;
        foreach (nuint size in new nuint[] { 100, 20_000, 300_000, 3 << 20, 9 << 20 })
        {
            for (int i = 0; i < 50; i++) TestHeap.Alloc(size);
        }

        for (int i = 0; i < 3; i++) TestHeap.Free(TestHeap.Alloc(5 << 20));
        Assert.Equal((1u, 5UL << 20), (Config.BigCacheState->Count, Config.BigCacheState->Bytes));
        Assert.InRange(FaultyMemory.MappedBytes, before + (600 << 20), long.MaxValue);
        TestHeap.Reset();
        TestHeap.Free(TestHeap.Alloc(64));
        Assert.Equal(before, FaultyMemory.MappedBytes);
    });

    private static void FreeBatch(void* block) => TestHeap.FreeBatch(&block, 1);

    private static void AssertRefused(void* block, System.Action use)
    {
        AbortException found = Assert.Throws<AbortException>(use);
        Assert.Equal($"hakmem: free of an address that is not allocated: 0x{(nint)block:x}", found.Message);
    }

    private static void Reset()
    {
        TestHeap.Reset();
        ListHeap.Reset();
    }
}
