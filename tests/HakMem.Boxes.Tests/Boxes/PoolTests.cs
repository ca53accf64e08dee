using System.Collections.Generic;
using Xunit;
using Config = HakMem.Boxes.Tests.TestHeap.Config;

namespace HakMem.Boxes.Tests;

public unsafe class WarmPoolTests
{
    [Fact]
    public void The_warmest_slab_comes_first_until_the_stash_is_full() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        ThreadHeap* heap = TestHeap.CurrentHeap();
        Assert.False(WarmPool.TryTake<Config>(heap, out _));
        ChunkSpan* spans = stackalloc ChunkSpan[5];
        Assert.Equal(5u, Config.TryTakeSpans(1, false, 1, spans) + Config.TryTakeSpans(1, false, 4, spans + 1));
        for (int i = 0; i < 5; i++)
        {
            spans[i].Dirty = i % 2 == 0;
            Assert.Equal(i < 4, WarmPool.TryPut<Config>(heap, spans[i]));
        }

        for (int i = 3; i >= 1; i--)
        {
            Assert.True(WarmPool.TryTake<Config>(heap, out ChunkSpan span));
            Assert.Equal((spans[i].FirstChunk, 1u, spans[i].Dirty), (span.FirstChunk, span.Chunks, span.Dirty));
        }

        WarmPool.Drain<Config>(heap);
        Assert.Equal(0u, Config.CountWarm(heap));
        Assert.Equal(1, Config.SharedPoolState->Stacked);
        WarmPoolStats.HeapState counters = TestHeap.ReadWarmPoolStats();
        Assert.Equal((3UL, 1UL, 4UL, 1UL), (counters.Hits, counters.Misses, counters.Kept, counters.Refused));
    });
}

public unsafe class PrefillTests
{
    [Fact]
    public void One_slab_for_now_the_rest_for_the_warm_pool() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        ThreadHeap* heap = TestHeap.CurrentHeap();
        ChunkSpan span;
        Slab* partial;
        foreach (uint kept in new uint[] { 0, 1, 4 })   // batches of 1, 2 and 4
        {
            Assert.True(Prefill.TryTake<Config>(heap, 8, out span, out partial));
            Assert.True(partial == null && span.Chunks == 1);
            Assert.Equal(kept, Config.CountWarm(heap));
        }

        Assert.True(Prefill.TryTake<Config>(heap, SizeClasses.ClassOf(32768), out span, out partial));
        Assert.Equal((4u, 0u, 4u), (span.Chunks, span.FirstChunk % 4, Config.CountWarm(heap)));
        WarmPoolStats.HeapState counters = TestHeap.ReadWarmPoolStats();
        Assert.Equal((2UL, 6UL), (counters.Prefills, counters.PrefilledSlabs));
    });

    /// <summary>The heap of an ended thread is nobody's to look for slabs in.</summary>
    [Fact]
    public void What_was_prefilled_leaves_with_its_thread() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        _ = TestHeap.CurrentHeap();
        nint ended = 0;
        OwnThread.Run(() =>
        {
            ThreadHeap* heap = TestHeap.CurrentHeap();
            for (int i = 0; i < 3; i++)
            {
                Assert.True(Prefill.TryTake<Config>(heap, 8, out ChunkSpan span, out _));
                Config.ReleaseSlab(span.FirstChunk, span.Dirty);
            }

            Assert.Equal(4u, Config.CountWarm(heap));
            ended = (nint)heap;
        });
        HeapRegistry.ReleaseEnded<Config>();
        Assert.Equal((HeapLife.Free, 0u), (((ThreadHeap*)ended)->Life, Config.CountWarm((ThreadHeap*)ended)));
    });

    [Fact]
    public void A_refusal_is_told() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        ThreadHeap* heap = TestHeap.CurrentHeap();
        FaultyMemory.FailAt = FaultyMemory.Calls + 1;
        FaultyMemory.FailTimes = long.MaxValue;
        Assert.False(Prefill.TryTake<Config>(heap, 8, out _, out Slab* partial));
        Assert.True(partial == null);
    });
}

public unsafe class MidPoolTests
{
    [Fact]
    public void Mid_blocks_fit_are_aligned_by_their_power_and_come_back() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        BlockLedger ledger = new();
        for (nuint size = 1025; size <= 32768; size += 97)
        {
            void* block = TestHeap.Alloc(size);
            Assert.Equal(SizeClasses.GoodSize(TestHeap.UsableSize(block)), TestHeap.UsableSize(block));
            ledger.Add(block, size);
        }

        for (nuint size = 2048; size <= 32768; size *= 2)
        {
            void* block = TestHeap.Alloc(size);
            Assert.Equal((nuint)0, (nuint)block % size);
            ledger.Add(block, size);
        }

        ledger.Check();
        ThreadHeap* heap = TestHeap.CurrentHeap();
        while (ledger.Count != 0) TestHeap.Free(ledger.Take(ledger.Count - 1));
        Assert.True(FrontHot.Of(heap, SizeClasses.ClassOf(32768))->MaxCapacity == 4);
        ulong hits = TestHeap.ReadDebugCounters().FrontHits;
        void* again = MidPool.Alloc<Config>(heap, 20_000);
        Assert.Equal(hits + 1, TestHeap.ReadDebugCounters().FrontHits);
        TestHeap.Free(again);
        HeapWalk.AssertValid<Config>();
    });
}

public unsafe class LargePoolTests
{
    [Fact]
    public void A_freed_span_serves_again_without_the_arena() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        ThreadHeap* heap = TestHeap.CurrentHeap();
        void* block = TestHeap.Alloc(300_000);
        TestHeap.Free(block);
        Assert.Equal((1u, 5u), (Config.LargePoolOf(heap)->Count, Config.LargePoolOf(heap)->Chunks));
        long locks = SharedLockCount.Taken;
        Assert.True(TestHeap.Alloc(310_000) == block);
        Assert.Equal(locks, SharedLockCount.Taken);
        DebugCounters.HeapState counters = TestHeap.ReadDebugCounters();
        Assert.Equal((2UL, 1UL, 1L, 5L), (counters.LargeAllocs, counters.LargeFrees, Config.LargePoolState->Blocks, Config.LargePoolState->Chunks));
    });

    /// <summary>Each heap counts what it hands out and takes back; only the sum means anything.</summary>
    [Fact]
    public void Large_blocks_are_counted_wherever_they_are_freed() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        ThreadHeap* heap = TestHeap.CurrentHeap(), other = null;
        nint* blocks = stackalloc nint[4];
        AllocatorStatistics statistics;
        OwnThread.Run(() =>
        {
            other = TestHeap.CurrentHeap();
            TestHeap.Free(TestHeap.Alloc(100_000));   // in the cache: the first of those below comes from there
            for (int i = 0; i < 4; i++) blocks[i] = (nint)TestHeap.Alloc(100_000);
        });
        TestHeap.ReadStatistics(&statistics);
        Assert.Equal((4UL, 8UL << Chunk.Log2, 0L), (statistics.LargeBlocks, statistics.LargeBytes, Config.LargePoolOf(heap)->LiveBlocks));
        for (int i = 0; i < 3; i++) TestHeap.Free((void*)blocks[i]);
        Assert.Equal((-3L, 0L), (Config.LargePoolOf(heap)->LiveBlocks, Config.LargePoolOf(other)->LiveBlocks));
        TestHeap.ReadStatistics(&statistics);
        Assert.Equal((1UL, 2UL << Chunk.Log2, 1UL), (statistics.LargeBlocks, statistics.LargeBytes, statistics.InUseBlocks));
        TestHeap.Free((void*)blocks[3]);
        TestHeap.ReadStatistics(&statistics);
        Assert.Equal((0UL, 0UL, 0UL), (statistics.LargeBlocks, statistics.LargeBytes, statistics.InUseBlocks));
    });

    [Fact]
    public void The_cache_is_bounded_and_drained() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        ThreadHeap* heap = TestHeap.CurrentHeap();
        List<nint> blocks = [];
        for (int i = 0; i < 12; i++) blocks.Add((nint)TestHeap.Alloc(130_000));
        foreach (nint block in blocks) TestHeap.Free((void*)block);
        Assert.Equal((8u, 16u), (Config.LargePoolOf(heap)->Count, Config.LargePoolOf(heap)->Chunks));
        LargePool.Drain<Config>(heap);
        Assert.Equal((0u, 0u, 0UL), (Config.LargePoolOf(heap)->Count, Config.LargePoolOf(heap)->Chunks, Config.PageArenaState->UsedChunks));
    });

    [Fact]
    public void A_block_grows_and_shrinks_where_it_is() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        BlockLedger ledger = new();
        byte* block = (byte*)TestHeap.Alloc(100_000);
        ledger.Add(block, 100_000);
        foreach (nuint size in new nuint[] { 1_000_000, 2_097_152, 1_100_000, 600_000, 330_000, 200_000, 131_072, 131_073 })
        {
            Assert.True(TestHeap.Realloc(block, size) == block);
            ledger.Move(0, block, size);
            Assert.Equal(SizeClasses.GoodSize(size), TestHeap.UsableSize(block));
            nuint chunks = SizeClasses.GoodSize(size) >> 16;
            for (nuint chunk = 1; chunk < 32; chunk++) Assert.Equal(chunk < chunks, PageMap.Get<Config>(PageMap.ChunkOf<Config>(block) + chunk) != 0);
        }

        void* behind = TestHeap.Alloc(2_000_000);
        ledger.Add(behind, 2_000_000);
        void* moved = TestHeap.Realloc(block, 2_097_153);
        Assert.True(moved != block);
        ledger.Move(0, moved, 2_097_153);
        ledger.Check();
    });

    [Fact]
    public void Another_thread_may_free_it_but_once() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        void* block = TestHeap.Alloc(100_000);
        OwnThread.Run(() => TestHeap.Free(block));
        AbortException found = Assert.Throws<AbortException>(() => LargePool.Free<Config>(TestHeap.CurrentHeap(), block, (uint)PageMap.ChunkOf<Config>(block)));
        Assert.Equal($"hakmem: double free of the block at 0x{(nint)block:x}", found.Message);
    });
}
