using Xunit;
using Config = HakMem.Boxes.Tests.TestHeap.Config;

namespace HakMem.Boxes.Tests;

/// <summary>In a small program, fresh memory that is needed while used memory is free: as much goes back.</summary>
public unsafe class ExchangeTests
{
    private const int Large = 150_000, LargeChunks = 3, Page = 4096;

    /// <summary>What the cache of large blocks holds is of no use to slabs.</summary>
    [Fact]
    public void For_fresh_pages_a_free_large_block_goes_back() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        FaultyMemory.Clock = 1000;   // nothing goes back by time
        TestHeap.Free(TestHeap.Alloc(Large));
        for (int page = 0; page < 8; page++) _ = TestHeap.Alloc(Page);
        Assert.Equal(0, FaultyMemory.Purges);
        for (int page = 8; page < 20; page++) _ = TestHeap.Alloc(Page);   // a chunk, as they are cut in batches
        Assert.Equal((1, 65536), (FaultyMemory.Purges, FaultyMemory.PurgedBytes));
        for (int page = 20; page < 16 * LargeChunks + 20; page++) _ = TestHeap.Alloc(Page);
        Assert.Equal((1, 0UL), (FaultyMemory.Purges, Config.PageArenaState->DirtyChunks));   // the other two have become slabs
        HeapWalk.AssertValid<Config>();
    });

    /// <summary>Chunks of given-up slabs that lie apart are of no use to it.</summary>
    [Fact]
    public void For_a_fresh_large_block_free_chunks_go_back() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        FaultyMemory.Clock = 1000;   // nothing goes back by time
        _ = TestHeap.CurrentHeap();
        ChunkSpan* spans = stackalloc ChunkSpan[8];
        Assert.Equal(8u, Config.TryTakeSpans(1, false, 8, spans));
        _ = TestHeap.Alloc(Page);
        for (int i = 0; i < 8; i += 2) Config.ReturnSpan(spans[i].FirstChunk, 1, true);
        Assert.Equal(0, FaultyMemory.Purges);
        void* block = TestHeap.Alloc(Large);
        Assert.True(block != null);
        Assert.Equal((LargeChunks * 65536, 1UL), (FaultyMemory.PurgedBytes, Config.PageArenaState->DirtyChunks));
        HeapWalk.AssertValid<Config>();
    });

    /// <summary>Else the one would go back for the other for ever, and each time at the cost of its page faults.</summary>
    [Fact]
    public void Up_to_what_the_program_touched_at_once_nothing_goes_back() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        FaultyMemory.Clock = 1000;   // nothing goes back by time
        void* first = TestHeap.Alloc(Large), second = TestHeap.Alloc(Large), third = TestHeap.Alloc(Large);
        Assert.Equal(3UL * LargeChunks, Config.PageArenaState->MostTouchedChunks);
        PageArena.SharedState* arena = Config.PageArenaState;
        TestHeap.Free(first);
        TestHeap.Free(second);
        TestHeap.Free(third);
        SpinLock.Enter<Config>(&TestHeap.CurrentHeap()->Lock);
        Config.DrainLarge(TestHeap.CurrentHeap());
        SpinLock.Exit<Config>(&TestHeap.CurrentHeap()->Lock);
        PurgeQueue.GiveBack<Config>(4);
        Assert.Equal((0UL, 5UL, 4 * 65536), (arena->UsedChunks, arena->DirtyChunks, FaultyMemory.PurgedBytes));
        ChunkSpan run;
        Assert.Equal(1u, Config.TryTakeSpans(5, false, 1, &run));   // all that is dirty
        Assert.True(run.Dirty);
        Config.ReturnSpan(run.FirstChunk + 1, 1, true);
        Config.ReturnSpan(run.FirstChunk + 3, 1, true);
        Assert.True(TestHeap.Alloc(Large) != null);   // fresh, and 8 are touched: 9 were
        Assert.Equal(4 * 65536, FaultyMemory.PurgedBytes);
        Assert.True(TestHeap.Alloc(Large) != null);   // 11
        Assert.Equal((6 * 65536, 9UL), (FaultyMemory.PurgedBytes, arena->MostTouchedChunks));
        HeapWalk.AssertValid<Config>();
    });

    [Theory]
    [InlineData("purge")]
    [InlineData("prefault")]
    [InlineData("huge pages")]
    [InlineData("large program")]
    public void Nothing_goes_back_where_memory_is_to_stay(string why) => OwnThread.RunFresh(TestHeap.Reset, () =>
    {
        FaultyMemory.Clock = 1000;   // nothing goes back by time
        _ = TestHeap.CurrentHeap();
        Composition* composition = Config.Composition;
        if (why == "purge") composition->PurgeEnabled = false;
        if (why == "prefault") composition->Prefault = true;
        if (why == "huge pages") composition->HugePages = HugePagePolicy.Always;
        ChunkSpan span;
        for (int i = 0; why == "large program" && i < 9; i++) Assert.Equal(1u, Config.TryTakeSpans(32, true, 1, &span));
        TestHeap.Free(TestHeap.Alloc(Large));
        for (int page = 0; page < 100; page++) _ = TestHeap.Alloc(Page);
        Assert.Equal(0, FaultyMemory.Purges);
    });
}
