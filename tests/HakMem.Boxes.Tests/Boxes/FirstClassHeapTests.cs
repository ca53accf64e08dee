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

    /// <summary>What the heap had at hand is nobody's now, and there may be no other call to come.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_end_of_a_heap_asks_for_a_pass(bool released) => OwnThread.RunFresh(TestHeap.Reset, () =>
    {
        _ = TestHeap.CurrentHeap();
        FaultyMemory.Clock = 1000;
        ThreadHeap* heap = FirstClassHeap.Create<Config>();
        FirstClassHeap.Free<Config>(heap, FirstClassHeap.Alloc<Config>(heap, 300, 1, false));
        Assert.Equal(0, Config.Composition->Scavenge);
        if (released) FirstClassHeap.Release<Config>(heap);
        else FirstClassHeap.Destroy<Config>(heap);
        Assert.Equal(1, Config.Composition->Scavenge);
    });

    /// <summary>What others freed is in the slabs' remote bitmaps until somebody collects it.</summary>
    [Fact]
    public void A_trim_collects_what_others_freed() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        _ = TestHeap.CurrentHeap();
        ThreadHeap* heap = FirstClassHeap.Create<Config>();
        BlockLedger ledger = new();
        for (int i = 0; i < 4000; i++) ledger.Add(FirstClassHeap.Alloc<Config>(heap, 1024, 1, false), 1024);
        ulong full = Config.PageArenaState->UsedChunks;
        Assert.InRange(full, 60UL, 100UL);
        OwnThread.Run(() =>
        {
            while (ledger.Count != 0) TestHeap.Free(ledger.Take(0));
            Config.SendAllRemote(TestHeap.CurrentHeap());
        });
        FirstClassHeap.Trim<Config>(heap);
        Config.DrainSharedPool();
        Assert.InRange(Config.PageArenaState->UsedChunks, 0UL, 2UL);
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
    [Theory]
    [InlineData(100_000)]
    [InlineData(3 << 20)]
    public void A_heap_that_left_a_large_block_is_used_again_when_that_is_freed(int bytes) => OwnThread.RunFresh(TestHeap.Reset, () =>
    {
        _ = TestHeap.CurrentHeap();
        ThreadHeap* heap = FirstClassHeap.Create<Config>();
        BlockLedger left = new(), own = new();
        for (int i = 0; i < 2; i++) left.Add(FirstClassHeap.Alloc<Config>(heap, (nuint)bytes, 1, false), (nuint)bytes);
        FirstClassHeap.Release<Config>(heap);
        for (int i = 0; i < 2; i++)
        {
            Assert.True(FirstClassHeap.Create<Config>() != heap);
            TestHeap.Free(left.Take(0));
        }

        Assert.True(FirstClassHeap.Create<Config>() == heap);
        for (int i = 0; i < 3; i++) own.Add(FirstClassHeap.Alloc<Config>(heap, (nuint)bytes, 1, false), (nuint)bytes);
        TestHeap.Free(own.Take(1));
        HeapStatistics numbers;
        FirstClassHeap.ReadStatistics<Config>(heap, &numbers);
        Assert.Equal(2UL, numbers.Blocks);
        own.Check();
        FirstClassHeap.Destroy<Config>(heap);
        AssertNothingInUse();
    });

    [Fact]
    public void Of_many_released_heaps_a_few_are_looked_at_for_each_that_is_made() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        const int Released = 200, Looks = 16;
        _ = TestHeap.CurrentHeap();
        ThreadHeap** heaps = stackalloc ThreadHeap*[Released];
        for (int i = 0; i < Released; i++)
        {
            heaps[i] = FirstClassHeap.Create<Config>();
            Assert.True(FirstClassHeap.Alloc<Config>(heaps[i], 64, 1, false) != null);
        }

        for (int i = 0; i < Released; i++) FirstClassHeap.Release<Config>(heaps[i]);
        HeapRegistry.SharedState* registry = Config.RegistryState;
        for (int i = 1; i * Looks < Released; i++)
        {
            uint before = registry->Heaps;
            _ = FirstClassHeap.Create<Config>();
            Assert.Equal(before + 1, registry->Heaps);
            Assert.Equal(Released - 1 - (i * Looks), PlaceInFreeList(registry, registry->EmptyCursor));
        }
    });

    [Fact]
    public void The_search_for_an_empty_heap_goes_on_where_it_was_without_a_walk_there() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        const int Released = 100;
        _ = TestHeap.CurrentHeap();
        ThreadHeap** heaps = stackalloc ThreadHeap*[Released];
        void** blocks = stackalloc void*[Released];
        for (int i = 0; i < Released; i++)
        {
            heaps[i] = FirstClassHeap.Create<Config>();
            blocks[i] = FirstClassHeap.Alloc<Config>(heaps[i], 64, 1, false);
        }

        for (int i = 0; i < Released; i++) FirstClassHeap.Release<Config>(heaps[i]);
        HeapRegistry.SharedState* registry = Config.RegistryState;
        FreeGate.FreeSlow<Config>(null, blocks[9]);   // sent at once
        registry->EmptyCursor = heaps[10];
        ThreadHeap* last = registry->LastFree, before = last->PreviousFree;
        last->PreviousFree = null;   // who walks from the end does not get there
        ThreadHeap* made = FirstClassHeap.Create<Config>();
        last->PreviousFree = before;
        Assert.True(made == heaps[9]);
        Assert.True(registry->EmptyCursor == heaps[8]);
        Assert.Equal(Released - 1, PlaceInFreeList(registry, null));
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

    [Fact]
    public void Released_heaps_that_a_pass_finds_empty_are_spare() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        _ = TestHeap.CurrentHeap();
        nuint[] sizes = [64, 100_000, 3 << 20];
        BlockLedger left = new();
        foreach (nuint size in sizes)
        {
            ThreadHeap* heap = FirstClassHeap.Create<Config>();
            left.Add(FirstClassHeap.Alloc<Config>(heap, size, 1, false), size);
            FirstClassHeap.Release<Config>(heap);
        }

        HeapRegistry.SharedState* registry = Config.RegistryState;
        for (uint spare = 0; spare <= sizes.Length; spare++)
        {
            TestHeap.Trim();
            Assert.Equal((spare, (uint)sizes.Length - spare, (uint)sizes.Length + 1), (registry->SpareHeaps, registry->FreeHeaps, registry->Heaps));
            if (left.Count != 0) TestHeap.Free(left.Take(0));
        }

        for (int i = 0; i < sizes.Length; i++) Assert.True(FirstClassHeap.Create<Config>() != null);
        Assert.Equal((0u, (uint)sizes.Length + 1), (registry->SpareHeaps, registry->Heaps));
        Assert.Equal(0, PlaceInFreeList(registry, null));
    });

    /// <summary>A thread takes what a thread left; who makes a heap, what was released.</summary>
    [Fact]
    public void Threads_that_come_and_go_take_no_heaps_from_those_who_make_some() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        _ = TestHeap.CurrentHeap();
        for (int round = 0; round < 50; round++)
        {
            ThreadHeap* heap = FirstClassHeap.Create<Config>(), other = FirstClassHeap.Create<Config>();
            void* block = FirstClassHeap.Alloc<Config>(heap, 64, 1, false);
            FirstClassHeap.Release<Config>(heap);
            FirstClassHeap.Release<Config>(other);
            OwnThread.Run(() => TestHeap.Free(TestHeap.Alloc(64)));
            OwnThread.Run(() => TestHeap.Free(TestHeap.Alloc(64)));
            TestHeap.Free(block);
            if (round % 3 == 0) TestHeap.Trim();
        }

        AllocatorStatistics statistics;
        TestHeap.ReadStatistics(&statistics);
        Assert.InRange(statistics.Heaps, 3UL, 8UL);
    });

    private static int PlaceInFreeList(HeapRegistry.SharedState* registry, ThreadHeap* wanted)
    {
        int place = 0;
        for (ThreadHeap* heap = registry->FirstFree; heap != null && heap != wanted; heap = heap->NextFree)
        {
            Assert.True(heap->NextFree == null || heap->NextFree->PreviousFree == heap);
            place++;
        }

        return place;
    }

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
