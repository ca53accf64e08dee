using System;
using Xunit;
using Config = HakMem.Boxes.Tests.TestHeap.Config;

namespace HakMem.Boxes.Tests;

public unsafe class FirstClassHeapTests
{
    private static readonly nuint[] s_sizes = [16, 1024, 5000, 32768, 100_000, 2 << 20, 3 << 20];

    [Fact]
    public void A_call_that_waited_while_the_heap_was_released_leaves_it_alone() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        _ = TestHeap.CurrentHeap();
        ThreadHeap* heap = FirstClassHeap.Create<TestHeap.Config>();
        void* block = FirstClassHeap.Alloc<TestHeap.Config>(heap, 64, 1, false);
        FirstClassHeap.Release<TestHeap.Config>(heap);
        Assert.True(FirstClassHeap.Alloc<TestHeap.Config>(heap, 64, 1, false) == null);
        FirstClassHeap.Trim<TestHeap.Config>(heap);
        HeapStatistics statistics;
        FirstClassHeap.ReadStatistics<TestHeap.Config>(heap, &statistics);
        Assert.Equal(0UL, statistics.Blocks);
        FirstClassHeap.Free<TestHeap.Config>(heap, block);
        Assert.Equal(0, heap->UserLock);
        HeapRegistry.Trim<TestHeap.Config>(null);
        AllocatorStatistics all;
        TestHeap.ReadStatistics(&all);
        Assert.Equal(0UL, all.InUseBlocks);
    });

    [Fact]
    public void Released_heaps_are_used_again_when_they_are_empty() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        _ = TestHeap.CurrentHeap();
        BlockLedger left = new();
        ThreadHeap* before = null;
        for (int round = 0; round < 1000; round++)
        {
            ThreadHeap* heap = FirstClassHeap.Create<Config>();
            Assert.True(heap != before);   // one with blocks is not
            uint use = heap->Use;
            left.Add(FirstClassHeap.Alloc<Config>(heap, 300, 1, false), 300);
            FirstClassHeap.Release<Config>(heap);
            Assert.True(heap->Use != use && heap->Use != 0);
            if (left.Count > 2) TestHeap.Free(left.Take(0));
            left.Check();
            before = heap;
        }

        AllocatorStatistics statistics;
        TestHeap.ReadStatistics(&statistics);
        Assert.InRange(statistics.Heaps, 3UL, 150UL);   // some wait for what is in this thread's table of remote frees
        while (left.Count != 0) TestHeap.Free(left.Take(0));
        TestHeap.Trim();
        Assert.Equal(0u, HeapWalk.AssertValid<Config>());
        AssertNothingInUse();
    });

    /// <summary>A large block bears its heap's id until it is freed, and would be taken out of the wrong list then.</summary>
    [Fact]
    public void A_heap_that_left_a_large_block_is_not_used_again() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        _ = TestHeap.CurrentHeap();
        foreach (nuint size in new nuint[] { 100_000, 3 << 20 })
        {
            ThreadHeap* heap = FirstClassHeap.Create<Config>();
            void* block = FirstClassHeap.Alloc<Config>(heap, size, 1, false);
            FirstClassHeap.Release<Config>(heap);
            ThreadHeap* next = FirstClassHeap.Create<Config>();
            Assert.True(next != heap);
            FirstClassHeap.Destroy<Config>(next);
            TestHeap.Free(block);
        }

        AssertNothingInUse();
    });

    [Fact]
    public void A_call_that_waited_since_an_earlier_use_leaves_the_heap_alone() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        _ = TestHeap.CurrentHeap();
        ThreadHeap* heap = FirstClassHeap.Create<Config>();
        uint use = heap->Use;
        FirstClassHeap.Destroy<Config>(heap);
        Assert.Equal((HeapLife.Spare, 1u), (heap->Life, Config.RegistryState->SpareHeaps));
        Assert.True(FirstClassHeap.Create<Config>() == heap);
        Assert.Equal((HeapLife.Active, 0u), (heap->Life, Config.RegistryState->SpareHeaps));
        Assert.True(FirstClassHeap.Alloc<Config>(heap, 64, 1, false, use) == null);
        void* block = FirstClassHeap.Alloc<Config>(heap, 64, 1, false, heap->Use);
        Assert.True(block != null && FirstClassHeap.Realloc<Config>(heap, block, 4000, 1, use) == null);
        FirstClassHeap.Free<Config>(heap, block, use);   // sent, as from outside
        HeapStatistics numbers;
        FirstClassHeap.ReadStatistics<Config>(heap, &numbers);
        Assert.Equal(0UL, numbers.Blocks);
        FirstClassHeap.Destroy<Config>(heap);
    });

    [Fact]
    public void Destroy_drains_the_inbox_and_retires_every_slab() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        _ = TestHeap.CurrentHeap();
        ThreadHeap* heap = FirstClassHeap.Create<Config>();
        for (int round = 0; round < 3; round++)
        {
            heap->Kind = HeapKind.FirstClass;
            BlockLedger ledger = Fill(heap);
            OwnThread.Run(() =>
            {
                for (int i = ledger.Count - 1; i >= 0; i -= 3) TestHeap.Free(ledger.Take(i));   // by a thread without a heap: sent, not collected
            });
            HeapWalk.AssertValid<Config>();
            FirstClassHeap.Destroy<Config>(heap);
            Assert.Equal(0, heap->Inbox);
            Assert.True(heap->FullSlabs == null && heap->LargeBlocks == null && heap->LargeChunks == 0 && heap->BigBlocks == 0 && heap->BigBytes == 0);
            Assert.Equal(0u, HeapWalk.AssertValid<Config>());
            AssertNothingInUse();
            Assert.True(FirstClassHeap.Create<Config>() == heap);   // recycled
        }

        FirstClassHeap.Destroy<Config>(heap);
        TestHeap.Trim();
        AllocatorStatistics statistics;
        TestHeap.ReadStatistics(&statistics);
        Assert.Equal((0UL, 0UL), (statistics.CommittedBytes, statistics.CachedBytes));
    });

    /// <summary>What an ended thread left in a partly used slab has users; it must not die with a heap that would have taken the slab.</summary>
    [Fact]
    public void It_takes_no_slab_of_an_ended_thread() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        _ = TestHeap.CurrentHeap();
        BlockLedger left = new();
        OwnThread.Run(() =>
        {
            for (int i = 0; i < 200; i++) left.Add(TestHeap.Alloc(512), 512);
            for (int i = 199; i >= 0; i -= 2) TestHeap.Free(left.Take(i));
        });
        TestHeap.Trim();
        ThreadHeap* heap = FirstClassHeap.Create<Config>();
        for (int i = 0; i < 300; i++) new Span<byte>(FirstClassHeap.Alloc<Config>(heap, 512, 1, false), 512).Fill(0xEE);
        Assert.Equal(0UL, Config.RegistryState->Migrations);
        FirstClassHeap.Destroy<Config>(heap);
        TestHeap.Trim();
        for (int i = 0; i < 300; i++) new Span<byte>(TestHeap.Alloc(512), 512).Fill(0xEE);   // a thread's heap may take them
        Assert.True(Config.RegistryState->Migrations > 0);
        left.Check();
    });

    [Fact]
    public void Released_blocks_are_freed_one_by_one_and_their_slabs_move() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        _ = TestHeap.CurrentHeap();
        ThreadHeap* heap = FirstClassHeap.Create<Config>();
        BlockLedger ledger = Fill(heap);
        FirstClassHeap.Release<Config>(heap);
        Assert.Equal((HeapKind.Thread, HeapLife.Free), (heap->Kind, heap->Life));
        HeapWalk.AssertValid<Config>();
        ledger.Check();
        for (int i = 0; i < 400; i++) ledger.Add(TestHeap.Alloc(700), 700);
        ThreadHeap* successor = null;
        OwnThread.Run(() => successor = TestHeap.CurrentHeap());
        Assert.True(successor == heap);   // the next thread's
        ledger.Check();
        while (ledger.Count != 0) TestHeap.Free(ledger.Take(ledger.Count - 1));
        TestHeap.Trim();
        HeapWalk.AssertValid<Config>();
        AssertNothingInUse();
    });

    [Fact]
    public void Its_statistics_follow_every_tier() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        _ = TestHeap.CurrentHeap();
        ThreadHeap* heap = FirstClassHeap.Create<Config>();
        void* large = FirstClassHeap.Alloc<Config>(heap, 100_000, 1, false), big = FirstClassHeap.Alloc<Config>(heap, 3 << 20, 1, false);
        HeapStatistics numbers;
        FirstClassHeap.ReadStatistics<Config>(heap, &numbers);
        Assert.Equal((2UL, 131072UL + (3 << 20)), (numbers.Blocks, numbers.Bytes));
        large = FirstClassHeap.Realloc<Config>(heap, large, 200_000, 1);
        big = FirstClassHeap.Realloc<Config>(heap, big, 5 << 20, 1);
        FirstClassHeap.ReadStatistics<Config>(heap, &numbers);
        Assert.Equal((2UL, 262144UL + (5 << 20)), (numbers.Blocks, numbers.Bytes));
        FirstClassHeap.Free<Config>(heap, large);
        TestHeap.Free(big);
        FirstClassHeap.ReadStatistics<Config>(heap, &numbers);
        Assert.Equal((0UL, 0UL), (numbers.Blocks, numbers.Bytes));
        FirstClassHeap.Destroy<Config>(heap);
    });

    [Fact]
    public void Without_memory_there_is_no_heap_and_nothing_is_lost() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        _ = TestHeap.CurrentHeap();
        FaultyMemory.Affected = MemoryCalls.Commit | MemoryCalls.Map;
        FaultyMemory.FailAt = FaultyMemory.Calls + 1;
        FaultyMemory.FailTimes = long.MaxValue;
        ThreadHeap* heap = null;
        int made = 0;
        while (made < 100 && (heap = FirstClassHeap.Create<Config>()) != null) made++;   // until what is mapped already is used up
        Assert.True(made < 100);
        FaultyMemory.FailAt = 0;
        heap = FirstClassHeap.Create<Config>();
        Assert.True(heap != null);
        _ = Fill(heap);
        FirstClassHeap.Destroy<Config>(heap);
        AssertNothingInUse();
    });

    private static BlockLedger Fill(ThreadHeap* heap)
    {
        BlockLedger ledger = new();
        foreach (nuint size in s_sizes)
        {
            for (int i = 0; i < (size > 32768 ? 2 : 150); i++) ledger.Add(FirstClassHeap.Alloc<Config>(heap, size, i % 2 == 0 ? 1u : 64u, i % 3 == 0), size);
        }

        ledger.Check();
        HeapStatistics numbers;
        FirstClassHeap.ReadStatistics<Config>(heap, &numbers);
        Assert.Equal((ulong)ledger.Count, numbers.Blocks);
        return ledger;
    }

    private static void AssertNothingInUse()
    {
        AllocatorStatistics statistics;
        TestHeap.ReadStatistics(&statistics);
        Assert.Equal((0UL, 0UL, 0UL, 0UL), (statistics.InUseBlocks, statistics.InUseBytes, statistics.LargeBytes, statistics.BigBytes));
    }
}
