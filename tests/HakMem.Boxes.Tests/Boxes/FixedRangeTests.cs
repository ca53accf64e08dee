using System;
using System.Collections.Generic;
using System.Threading;
using Xunit;
using Config = HakMem.Boxes.Tests.RangeHeap.Config;

namespace HakMem.Boxes.Tests;

public unsafe class FixedRangeTests
{
    private const nuint RangeBytes = 4 * Chunk.SuperSlabBytes;

    [Fact]
    public void The_whole_range_is_taken_at_once_and_nothing_after_it() => OwnThread.RunFresh(RangeHeap.Reset, static () =>
    {
        FaultyMemory.Affected = MemoryCalls.Populate | MemoryCalls.AdviseHugePages;
        _ = RangeHeap.CurrentHeap();
        long calls = -FaultyMemory.Calls;
        byte* first = (byte*)RangeHeap.Alloc(100_000);
        calls += FaultyMemory.Calls;
        long maps = FaultyMemory.Maps;
        FaultyMemory.Affected = MemoryCalls.All;
        long before = FaultyMemory.Calls;
        List<nint> blocks = FillUp(out nuint lowest, out nuint highest);
        Assert.True(highest - lowest <= RangeBytes);
        Assert.InRange((nuint)blocks.Count * 65536, RangeBytes * 9 / 10, RangeBytes);
        Assert.Equal((before, maps), (FaultyMemory.Calls, FaultyMemory.Maps));
        Assert.Equal(1, calls);
        RangeHeap.Free(first);
        foreach (nint block in blocks) RangeHeap.Free((void*)block);
    });

    /// <summary>What went back by a trim is backed anew; where the system does not populate the range, nothing is counted as backed.</summary>
    [Theory]
    [InlineData(false, HugePagePolicy.System, 1, 4)]
    [InlineData(false, HugePagePolicy.Never, 2, 8)]
    [InlineData(true, HugePagePolicy.System, 1, 4)]
    public void A_range_is_prepared_once(bool refused, HugePagePolicy hugePages, int first, int again) => OwnThread.RunFresh(RangeHeap.Reset, () =>
    {
        _ = RangeHeap.CurrentHeap();
        Config.Composition->HugePages = hugePages;
        FaultyMemory.Affected = MemoryCalls.Populate | MemoryCalls.AdviseHugePages;
        FaultyMemory.FailAt = refused ? FaultyMemory.Calls + 1 : 0;
        long calls = FaultyMemory.Calls;
        List<nint> blocks = FillUp(out _, out _);
        Assert.Equal(calls + first, FaultyMemory.Calls);
        foreach (nint block in blocks) RangeHeap.Free((void*)block);
        RangeHeap.Trim();
        Assert.Equal((0UL, 0UL), (MemoryLimit.Committed<Config>(), Config.PageArenaState->ZeroedChunks));
        calls = FaultyMemory.Calls;
        blocks = FillUp(out _, out _);
        Assert.InRange(FaultyMemory.Calls - calls, hugePages == HugePagePolicy.System ? again : 0, again);
        foreach (nint block in blocks) RangeHeap.Free((void*)block);
        HeapWalk.AssertValid<Config>();
    });

    [Fact]
    public void What_is_freed_serves_again_and_no_other_gets_it() => OwnThread.RunFresh(RangeHeap.Reset, static () =>
    {
        List<nint> blocks = FillUp(out _, out _);
        int count = blocks.Count;
        for (int round = 0; round < 3; round++)
        {
            foreach (nint block in blocks) RangeHeap.Free((void*)block);
            RangeHeap.Trim();
            Assert.True(Config.Space->FreeSuperSlabs == null);
            Assert.True(((FixedRange.SharedState*)Config.AddressSpaceState)->Free != null);
            blocks = FillUp(out _, out _);
            Assert.Equal(count, blocks.Count);
        }
    });

    [Fact]
    public void Pages_go_back_for_a_trim_only() => OwnThread.RunFresh(RangeHeap.Reset, static () =>
    {
        FaultyMemory.Clock = 1000;
        List<nint> blocks = FillUp(out _, out _);
        foreach (nint block in blocks) RangeHeap.Free((void*)block);
        FaultyMemory.Clock = 100_000;
        for (int i = 0; i < 1000; i++) RangeHeap.Free(RangeHeap.Alloc((nuint)(i * 40)));
        Config.PollScavenge();
        Assert.Equal(0, FaultyMemory.Purges);
        RangeHeap.Trim();
        Assert.True(FaultyMemory.Purges > 0);
    });

    [Fact]
    public void What_does_not_fit_is_refused_and_changes_nothing() => OwnThread.RunFresh(RangeHeap.Reset, static () =>
    {
        Assert.False(RangeHeap.TryAlloc(Chunk.SuperSlabBytes + 1, out _));
        Assert.False(RangeHeap.TryAllocZeroed(50 << 20, out _));
        Assert.False(RangeHeap.TryAlignedAlloc(100, 4 << 20, out _));
        byte* block = (byte*)RangeHeap.Alloc(100_000);
        new Span<byte>(block, 100_000).Fill(7);
        Assert.False(RangeHeap.TryRealloc(block, 3 << 20, out _));
        Assert.False(new ReadOnlySpan<byte>(block, 100_000).ContainsAnyExcept((byte)7));
        RangeHeap.Free(block);
        AllocatorStatistics statistics;
        RangeHeap.ReadStatistics(&statistics);
        Assert.Equal((0UL, 0UL, 0UL), (statistics.InUseBlocks, statistics.BigBlocks, statistics.BigBytes));
        byte* foreign = stackalloc byte[16];
        nint address = (nint)foreign;
        AbortException found = Assert.Throws<AbortException>(() => RangeHeap.Free((void*)address));
        Assert.Equal($"hakmem: free of an address that is not allocated: 0x{address:x}", found.Message);
    });

    [Fact]
    public void A_range_without_room_refuses_everything_until_reset() => OwnThread.RunFresh(TooLongRangeHeap.Reset, static () =>
    {
        Assert.False(TooLongRangeHeap.TryAlloc(64, out _));
        Assert.False(TooLongRangeHeap.TryAlloc(100_000, out _));
        TooLongRangeHeap.Free(null);
        TooLongRangeHeap.Trim();
    });

    private static List<nint> FillUp(out nuint lowest, out nuint highest)
    {
        List<nint> blocks = [];
        lowest = nuint.MaxValue;
        highest = 0;
        while (RangeHeap.TryAlloc(65536, out void* block))
        {
            blocks.Add((nint)block);
            lowest = nuint.Min(lowest, (nuint)block);
            highest = nuint.Max(highest, (nuint)block + 65536);
        }

        return blocks;
    }

    /// <summary>When the range is used up, what an ended thread left is waited for, also while a pass is in its heap: nothing is refused that is there.</summary>
    [Fact]
    public void The_last_free_blocks_are_found_while_a_pass_is_among_them() => OwnThread.RunFresh(RangeHeap.Reset, static () =>
    {
        nint ended = 0;
        OwnThread.Run(() =>
        {
            ended = (nint)RangeHeap.CurrentHeap();
            List<nint> blocks = [];
            while (RangeHeap.TryAlloc(512, out void* block)) blocks.Add((nint)block);
            for (int i = 0; i < blocks.Count; i += 2) RangeHeap.Free((void*)blocks[i]);
        });
        HeapRegistry.ReleaseEnded<Config>();
        ThreadHeap* left = (ThreadHeap*)ended, other = HeapRegistry.TakeSpare<Config>();
        Assert.True(left->Life == HeapLife.Free && other != null && other != left);
        other->Kind = HeapKind.Thread;
        SpinLock.Enter<Config>(&left->Lock);   // as a pass does
        bool found = false;
        OwnThread.Handle thread = OwnThread.Start(() => found = UnifiedCacheRefill.Refill<Config>(other, SizeClasses.ClassOf(512), 0) != null);
        Thread.Sleep(100);
        SpinLock.Exit<Config>(&left->Lock);
        thread.Join();
        Assert.True(found);
    });

    [Fact]
    public void A_block_that_grows_by_a_copy_costs_no_call_to_the_system() => OwnThread.RunFresh(RangeHeap.Reset, static () =>
    {
        void* block = RangeHeap.Alloc(130_000);
        void* behind = RangeHeap.Alloc(130_000);
        long before = FaultyMemory.Purges;
        Assert.True(RangeHeap.TryRealloc(block, 400_000, out void* moved) && moved != block);
        Assert.Equal(before, FaultyMemory.Purges);
        _ = behind;
    });

    [Fact]
    public void An_aligned_run_is_found_behind_many_that_are_not() => OwnThread.RunFresh(LongRangeHeap.Reset, static () =>
    {
        _ = LongRangeHeap.CurrentHeap();
        ChunkSpan* spans = stackalloc ChunkSpan[32];
        List<uint> chunks = [];
        while (LongRangeHeap.Config.TryTakeSpans(1, false, 1, spans) != 0) chunks.Add(spans[0].FirstChunk);
        Assert.Equal(12 * 32, chunks.Count);
        chunks.Sort();
        LongRangeHeap.Config.ReturnSpan(chunks[4], 1, true);   // an aligned pair in the first SuperSlab: at the end of its list
        LongRangeHeap.Config.ReturnSpan(chunks[5], 1, true);
        for (int superSlab = 1; superSlab <= 8; superSlab++)
        {
            LongRangeHeap.Config.ReturnSpan(chunks[(superSlab * 32) + 5], 1, true);   // misaligned pairs
            LongRangeHeap.Config.ReturnSpan(chunks[(superSlab * 32) + 6], 1, true);
        }

        LongRangeHeap.Config.PollPurge(true);   // clean now
        Assert.Equal(1u, LongRangeHeap.Config.TryTakeSpans(2, true, 1, spans));
    });
}
