using System;
using System.Collections.Generic;
using System.Linq;
using Xunit;
using Config = HakMem.Boxes.Tests.ListHeap.Config;

namespace HakMem.Boxes.Tests;

public unsafe class FrontListTests
{
    private static readonly uint s_class = SizeClasses.ClassOf(1024);

    [Fact]
    public void The_newest_block_comes_first_and_full_and_empty_are_said() => OwnThread.RunFresh(ListHeap.Reset, static () =>
    {
        ThreadHeap* heap = ListHeap.CurrentHeap();
        nint[] blocks = Blocks(heap, 17);
        Assert.False(FrontList.TryPop<Config>(heap, s_class, out void* block));
        Assert.True(block == null);
        for (int i = 0; i < 16; i++) Assert.True(FrontList.TryPush<Config>(heap, s_class, (void*)blocks[i]));
        Assert.False(FrontList.TryPush<Config>(heap, s_class, (void*)blocks[16]));
        Assert.Equal(16u, FrontList.Count<Config>(heap, s_class));
        for (int i = 15; i >= 0; i--) Assert.True(FrontList.TryPop<Config>(heap, s_class, out block) && (nint)block == blocks[i]);
        Assert.False(FrontList.TryPop<Config>(heap, s_class, out _));
        Assert.Equal(0u, FrontList.Count<Config>(heap, s_class));
    });

    [Fact]
    public void The_oldest_go_and_the_newest_stay_in_their_order() => OwnThread.RunFresh(ListHeap.Reset, static () =>
    {
        ThreadHeap* heap = ListHeap.CurrentHeap();
        nint[] blocks = Blocks(heap, 16);
        foreach (nint block in blocks) Assert.True(FrontList.TryPush<Config>(heap, s_class, (void*)block));
        void** oldest = FrontList.Oldest<Config>(heap, s_class, 12);
        Assert.Equal(blocks[..12], Sorted(oldest, 12));
        FrontList.DropOldest<Config>(heap, s_class, 12);
        Assert.Equal(4u, FrontList.Count<Config>(heap, s_class));
        for (int i = 15; i >= 12; i--) Assert.True(FrontList.TryPop<Config>(heap, s_class, out void* block) && (nint)block == blocks[i]);
        Assert.False(FrontList.TryPop<Config>(heap, s_class, out _));

        foreach (nint block in blocks) Assert.True(FrontList.TryPush<Config>(heap, s_class, (void*)block));
        Assert.Equal(blocks, Sorted(FrontList.Oldest<Config>(heap, s_class, 16), 16));
        FrontList.DropOldest<Config>(heap, s_class, 16);
        Assert.False(FrontList.TryPop<Config>(heap, s_class, out _));
        Assert.Equal(0u, FrontList.Count<Config>(heap, s_class));
    });

    [Fact]
    public void Fresh_blocks_come_in_ascending_order_in_batches_that_double() => OwnThread.RunFresh(ListHeap.Reset, static () =>
    {
        List<ulong> batches = [];
        byte* before = null;
        ulong moved = 0;
        for (int i = 0; i < 500; i++)
        {
            byte* block = (byte*)ListHeap.Alloc(128);
            if (before != null) Assert.Equal(128, block - before);
            before = block;
            DebugCounters.HeapState counters = ListHeap.ReadDebugCounters();
            if (counters.RefilledBlocks != moved) batches.Add(counters.RefilledBlocks - moved);
            moved = counters.RefilledBlocks;
        }

        Assert.Equal([8UL, 16, 32, 64, 128, 128, 128], batches.GetRange(0, 7).ToArray());
    });

    [Fact]
    public void Lists_grow_and_shrink_within_the_bytes_of_all() => OwnThread.RunFresh(ListHeap.Reset, static () =>
    {
        ThreadHeap* heap = ListHeap.CurrentHeap();
        FrontList.HeapState* state = (FrontList.HeapState*)Config.FrontOf(heap);
        for (uint sizeClass = 1; sizeClass < SizeClasses.Count; sizeClass++)
        {
            uint most = Math.Clamp(65536 / SizeClasses.SizeOf(sizeClass), 4, 256);
            Assert.Equal((most, Math.Min(16, most)), (FrontList.Of(heap, sizeClass)->MaxCapacity, FrontList.Of(heap, sizeClass)->Capacity));
            while (FrontList.TryGrow<Config>(heap, sizeClass)) { }
            Assert.Equal(most, FrontList.Of(heap, sizeClass)->Capacity);
        }

        Assert.InRange(state->GrownBytes, 1UL, Config.HeapFrontBytes);
        for (uint sizeClass = 1; sizeClass < SizeClasses.Count; sizeClass++)
        {
            for (int i = 0; i < 5; i++) FrontList.Shrink<Config>(heap, sizeClass);
            Assert.InRange(FrontList.Of(heap, sizeClass)->Capacity, 4u, 16u);
        }

        Assert.Equal(0UL, state->GrownBytes);
        state->GrownBytes = Config.HeapFrontBytes - 255;
        Assert.False(FrontList.TryGrow<Config>(heap, 1));   // 16 more blocks of 16 bytes
        state->GrownBytes = Config.HeapFrontBytes - 256;
        Assert.True(FrontList.TryGrow<Config>(heap, 1));
    });

    /// <summary>Else what a program did first would decide for ever which classes have large stacks.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_list_that_is_not_used_gives_its_room_to_one_that_is(bool frees) => OwnThread.RunFresh(ListHeap.Reset, () =>
    {
        ThreadHeap* heap = ListHeap.CurrentHeap();
        FrontList.HeapState* state = (FrontList.HeapState*)Config.FrontOf(heap);
        uint idle = SizeClasses.ClassOf(1024), used = SizeClasses.ClassOf(512), small = SizeClasses.ClassOf(64);
        void** blocks = stackalloc void*[4000];
        state->GrownBytes = Config.HeapFrontBytes;   // as if other classes held it all
        if (frees)
        {
            for (int i = 0; i < 4000; i++) blocks[i] = ListHeap.Alloc(64);
        }

        state->GrownBytes = 0;
        InTurn(1024, 60);
        while (FrontList.TryGrow<Config>(heap, idle) || FrontList.TryGrow<Config>(heap, used)) { }
        InTurn(1024, 60);
        Assert.InRange(FrontList.Count<Config>(heap, idle), 60u, 64u);
        Assert.Equal((64u, 128u), (Capacity(heap, idle), Capacity(heap, used)));
        Assert.InRange(Capacity(heap, small), 0u, 16u);
        state->GrownBytes = Config.HeapFrontBytes;
        state->Refused = 0;
        for (int i = 0; i < 4000; i++)
        {
            if (frees) ListHeap.Free(blocks[i]);   // flushes only
            else blocks[i] = ListHeap.Alloc(64);   // refills only
            if (i % 50 == 0) ThreadHeap.BinOf(heap, used)->LastMove = FrontMove.Flushed;   // as if it were used now and then
            Assert.InRange(state->GrownBytes, 1UL, Config.HeapFrontBytes);
            Assert.Equal(128u, Capacity(heap, used));
        }

        Assert.Equal((256u, 0u), (Capacity(heap, small), FrontList.Count<Config>(heap, idle)));
        Assert.InRange(Capacity(heap, idle), 16u, 32u);
        HeapWalk.AssertValid<Config>();
    });

    [Fact]
    public void Room_is_made_of_a_list_that_two_looks_find_unused() => OwnThread.RunFresh(ListHeap.Reset, static () =>
    {
        ThreadHeap* heap = ListHeap.CurrentHeap();
        FrontList.HeapState* state = (FrontList.HeapState*)Config.FrontOf(heap);
        uint[] classes = [SizeClasses.ClassOf(128), SizeClasses.ClassOf(256), SizeClasses.ClassOf(512), SizeClasses.ClassOf(1024)];
        for (int i = 0; i < 4; i++)
        {
            InTurn(128u << i, 60);
            while (FrontList.TryGrow<Config>(heap, classes[i])) { }
            InTurn(128u << i, 60);
        }

        Look(classes[0], 63);
        Assert.Equal([256, 256, 128, 64], Capacities());   // refused too seldom to look
        ThreadHeap.BinOf(heap, classes[3])->LastMove = FrontMove.None;
        Look(classes[0], 64);
        Assert.Equal([256, 256, 128, 64], Capacities());   // nobody has looked before, whatever it saw twice in this look
        ThreadHeap.BinOf(heap, classes[1])->LastMove = FrontMove.Refilled;
        Assert.True(FrontList.TryPop<Config>(heap, classes[2], out void* popped));
        Look(classes[0], 64);
        Assert.Equal([256, 256, 128, 32], Capacities());   // one's own, one that was filled, one that holds fewer; one that is not used
        Assert.Equal(0u, FrontList.Count<Config>(heap, classes[3]));
        Assert.True(FrontList.Count<Config>(heap, classes[0]) > 0 && FrontList.Count<Config>(heap, classes[1]) > 0);
        ListHeap.Free(popped);
        HeapWalk.AssertValid<Config>();

        void Look(uint own, uint refusals)
        {
            state->Refused = refusals;
            state->Hand = 0;
            UnifiedCacheRefill.MakeRoom<Config>(heap, own);
        }

        uint[] Capacities() => [.. classes.Select(sizeClass => Capacity(heap, sizeClass))];
    });

    /// <summary>With few stacks a look comes round to where it began.</summary>
    [Theory]
    [InlineData(64, 64, 1000)]
    [InlineData(64, 128, 300)]
    [InlineData(512, 512, 500)]
    [InlineData(64, 512, 400)]
    public void Little_room_for_all_serves(int one, int other, int count) => OwnThread.RunFresh(TightListHeap.Reset, () =>
    {
        nint[] blocks = new nint[count];
        for (int round = 0; round < 500; round++)
        {
            for (int i = 0; i < count; i++) blocks[i] = (nint)TightListHeap.Alloc((nuint)(i % 2 == 0 ? one : other));
            Assert.Equal(count, blocks.Distinct().Count());
            for (int i = 0; i < count; i++) TightListHeap.Free((void*)blocks[i]);
        }

        HeapWalk.AssertValid<TightListHeap.Config>();
    });

    [Fact]
    public void Pages_of_blocks_in_a_list_are_not_purged() => OwnThread.RunFresh(ListHeap.Reset, static () =>
    {
        List<nint> blocks = [];
        for (int i = 0; i < 60; i++) blocks.Add((nint)ListHeap.Alloc(8192));
        for (int i = 0; i < 59; i++) ListHeap.Free((void*)blocks[i]);   // at most eight stay in the list
        ThreadHeap* heap = ListHeap.CurrentHeap();
        uint sizeClass = SizeClasses.ClassOf(8192), listed = FrontList.Count<Config>(heap, sizeClass);
        Assert.InRange(listed, 1u, 8u);
        OwnThread.Run(ListHeap.Trim);   // another thread's: what is in this thread's front stays
        Assert.True(heap->PurgedPages > 0);
        void** copied = stackalloc void*[8];
        Assert.Equal(listed, FrontList.CopyTo<Config>(heap, sizeClass, copied, 8));
        HashSet<nint> again = [];
        for (uint i = 0; i < listed; i++) Assert.True(FrontList.TryPop<Config>(heap, sizeClass, out void* block) && (nint)block == (nint)copied[i] && again.Add((nint)block));
        Assert.False(FrontList.TryPop<Config>(heap, sizeClass, out _));
    });

    [Fact]
    public void A_link_that_leads_nowhere_is_found_by_the_flush() => OwnThread.RunFresh(ListHeap.Reset, static () =>
    {
        void* first = ListHeap.Alloc(1024), second = ListHeap.Alloc(1024);
        ListHeap.Free(first);
        ListHeap.Free(second);
        *(nuint*)second = 0xDEAD;
        AbortException found = Assert.Throws<AbortException>(ListHeap.Trim);
        Assert.Equal($"hakmem: corrupted records of the block at 0x{(nint)second:x}", found.Message);
    });

    [Fact]
    public void A_link_that_leads_nowhere_is_found_by_the_pop_of_a_checked_composition() => OwnThread.RunFresh(CheckedListHeap.Reset, static () =>
    {
        void* first = CheckedListHeap.Alloc(1024), second = CheckedListHeap.Alloc(1024);
        CheckedListHeap.Free(first);
        CheckedListHeap.Free(second);
        *(nuint*)second = (nuint)first + 16;   // inside a block
        AbortException found = Assert.Throws<AbortException>(() => CheckedListHeap.Alloc(1024));
        Assert.Equal($"hakmem: corrupted records of the block at 0x{(nint)second:x}", found.Message);
    });

    [Fact]
    public void A_block_freed_twice_is_found_by_the_flush() => OwnThread.RunFresh(ListHeap.Reset, static () =>
    {
        void* block = ListHeap.Alloc(1024);
        ListHeap.Free(block);
        ListHeap.Free(block);
        AbortException found = Assert.Throws<AbortException>(ListHeap.Trim);
        Assert.Equal($"hakmem: double free of the block at 0x{(nint)block:x}", found.Message);
    });

    [Fact]
    public void A_first_class_heap_keeps_its_blocks_in_lists() => OwnThread.RunFresh(ListHeap.Reset, static () =>
    {
        _ = ListHeap.CurrentHeap();
        ThreadHeap* heap = FirstClassHeap.Create<Config>();
        nint[] blocks = new nint[300];
        for (int i = 0; i < blocks.Length; i++) blocks[i] = (nint)FirstClassHeap.Alloc<Config>(heap, 64, 16, false);
        for (int i = 0; i < 200; i++) FirstClassHeap.Free<Config>(heap, (void*)blocks[i]);
        HeapStatistics statistics;
        FirstClassHeap.ReadStatistics<Config>(heap, &statistics);
        Assert.Equal(100UL, statistics.Blocks);
        Assert.True(statistics.CachedBytes > 0);
        FirstClassHeap.Destroy<Config>(heap);
        FirstClassHeap.ReadStatistics<Config>(heap, &statistics);
        Assert.Equal((0UL, 0UL), (statistics.Blocks, statistics.CachedBytes));
        HeapWalk.AssertValid<Config>();
    });

    // Blocks of a slab of their own class, the front emptied.
    private static nint[] Blocks(ThreadHeap* heap, int count)
    {
        nint[] blocks = new nint[count];
        for (int i = 0; i < count; i++) blocks[i] = (nint)ListHeap.Alloc(1024);
        SpinLock.Enter<Config>(&heap->Lock);
        Config.FlushAllFronts(heap);
        SpinLock.Exit<Config>(&heap->Lock);
        return blocks;
    }

    private static nint[] Sorted(void** blocks, int count)
    {
        nint[] sorted = new nint[count];
        for (int i = 0; i < count; i++) sorted[i] = (nint)blocks[i];
        Array.Sort(sorted);
        return sorted;
    }

    private static uint Capacity(ThreadHeap* heap, uint sizeClass) => FrontList.Of(heap, sizeClass)->Capacity;

    private static void InTurn(nuint size, int count)
    {
        void** blocks = stackalloc void*[count];
        for (int i = 0; i < count; i++) blocks[i] = ListHeap.Alloc(size);
        for (int i = 0; i < count; i++) ListHeap.Free(blocks[i]);
    }
}
