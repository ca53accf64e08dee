using System;
using System.Collections.Generic;
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

        Assert.InRange(state->Share.Bytes, 1u, Config.HeapFrontBytes);
        for (uint sizeClass = 1; sizeClass < SizeClasses.Count; sizeClass++)
        {
            for (int i = 0; i < 5; i++) FrontList.Shrink<Config>(heap, sizeClass);
            Assert.InRange(FrontList.Of(heap, sizeClass)->Capacity, 4u, 16u);
        }

        Assert.Equal(0u, state->Share.Bytes);
        state->Share.Bytes = Config.HeapFrontBytes - 255;
        Assert.False(FrontList.TryGrow<Config>(heap, 1));   // 16 more blocks of 16 bytes
        state->Share.Bytes = Config.HeapFrontBytes - 256;
        Assert.True(FrontList.TryGrow<Config>(heap, 1));
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
}
