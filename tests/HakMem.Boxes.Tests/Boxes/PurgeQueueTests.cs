using System;
using System.Numerics;
using Xunit;
using Config = HakMem.Boxes.Tests.TestHeap.Config;

namespace HakMem.Boxes.Tests;

public unsafe class PurgeQueueTests
{
    [Fact]
    public void Nothing_goes_before_its_deadline_then_neighbours_go_in_one_call() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        FaultyMemory.Clock = 1000;
        uint first = TakeWritten(12);
        for (uint chunk = 0; chunk < 12; chunk++)
        {
            if (chunk is not (4 or 5)) Config.ReturnSpan(first + chunk, 1, true);
        }

        PurgeQueue.Poll<Config>(false);
        FaultyMemory.Clock = 1099;
        PurgeQueue.Poll<Config>(false);
        Assert.Equal(0, FaultyMemory.Purges);
        FaultyMemory.Clock = 1102;
        PurgeQueue.Poll<Config>(false);
        Assert.Equal((2, 10 * 65536), (FaultyMemory.Purges, FaultyMemory.PurgedBytes));   // 0–3 and 6–11
        Assert.Equal((10UL, 0UL, 0UL), (Config.PurgeQueueState->PurgedChunks, Config.PurgeQueueState->Deadline, Config.PageArenaState->DirtyChunks));

        ChunkSpan* again = stackalloc ChunkSpan[10];
        Assert.Equal(10u, Config.TryTakeSpans(1, false, 10, again));
        for (int i = 0; i < 10; i++)
        {
            Assert.False(again[i].Dirty);
            Assert.False(new ReadOnlySpan<byte>(PageMap.Address<Config>(again[i].FirstChunk), 65536).ContainsAnyExcept((byte)0));
        }
    });

    [Fact]
    public void So_many_go_back_at_once_as_are_asked_for() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        FaultyMemory.Clock = 1000;
        uint first = TakeWritten(8);
        Config.ReturnSpan(first, 4, true);
        Config.ReturnSpan(first + 6, 2, true);
        PurgeQueue.GiveBack<Config>(5);
        Assert.Equal((2, 5 * 65536), (FaultyMemory.Purges, FaultyMemory.PurgedBytes));   // 0–3 and 6
        SuperSlab* superSlab = SuperSlab.Of<Config>(first);
        Assert.Equal((5UL, 1UL, 1u << (int)((first + 7) % 32), 0u), (Config.PurgeQueueState->PurgedChunks, Config.PageArenaState->DirtyChunks, superSlab->Dirty, superSlab->Hidden));
        PurgeQueue.GiveBack<Config>(5);
        PurgeQueue.GiveBack<Config>(5);   // there is nothing any more
        Assert.Equal((3, 6 * 65536), (FaultyMemory.Purges, FaultyMemory.PurgedBytes));
        FaultyMemory.Clock = 2000;
        PurgeQueue.Poll<Config>(false);
        Assert.Equal((3, 0UL), (FaultyMemory.Purges, Config.PurgeQueueState->Deadline));
    });

    [Fact]
    public void What_the_system_does_not_take_back_at_once_waits_as_before() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        FaultyMemory.Clock = 1000;
        uint first = TakeWritten(8);
        Config.ReturnSpan(first, 8, true);
        FaultyMemory.Affected = MemoryCalls.Purge;
        FaultyMemory.FailAt = FaultyMemory.Calls + 1;
        FaultyMemory.FailTimes = 1;
        PurgeQueue.GiveBack<Config>(3);
        Assert.Equal((1L, 8UL, 0UL), (FaultyMemory.Failures, Config.PageArenaState->DirtyChunks, Config.PurgeQueueState->PurgedChunks));
        Assert.Equal((byte.MaxValue, 0u), ((byte)(SuperSlab.Of<Config>(first)->Dirty >> (int)(first % 32)), SuperSlab.Of<Config>(first)->Hidden));
        FaultyMemory.Clock = 1102;
        PurgeQueue.Poll<Config>(false);
        Assert.Equal(8 * 65536, FaultyMemory.PurgedBytes);
    });

    /// <summary>The one that waits longest may have nothing any more.</summary>
    [Fact]
    public void A_SuperSlab_whose_chunks_were_taken_again_is_passed_over() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        FaultyMemory.Clock = 1000;
        _ = TestHeap.CurrentHeap();
        ChunkSpan* whole = stackalloc ChunkSpan[2];
        Assert.Equal(1u, Config.TryTakeSpans(32, true, 1, whole));
        Assert.Equal(1u, Config.TryTakeSpans(32, true, 1, whole + 1));
        Config.ReturnSpan(whole[0].FirstChunk, 1, true);
        Config.ReturnSpan(whole[1].FirstChunk, 2, true);
        ChunkSpan again;
        Assert.Equal(1u, Config.TryTakeSpans(1, false, 1, &again));
        Assert.Equal(whole[0].FirstChunk, again.FirstChunk);
        PurgeQueue.GiveBack<Config>(2);
        Assert.Equal((1, 2 * 65536, 0UL), (FaultyMemory.Purges, FaultyMemory.PurgedBytes, Config.PageArenaState->DirtyChunks));
    });

    /// <summary>Who frees and takes the same memory again and again keeps it; only what nobody took for the whole delay goes back.</summary>
    [Fact]
    public void A_chunk_that_is_used_again_in_time_begins_anew() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        FaultyMemory.Clock = 1000;
        uint first = TakeWritten(8);
        ChunkSpan again;
        Config.ReturnSpan(first, 8, true);
        for (ulong time = 1050; time < 2000; time += 50)
        {
            FaultyMemory.Clock = time;
            PurgeQueue.Poll<Config>(false);
            Assert.Equal(1u, Config.TryTakeSpans(3, false, 1, &again));
            Assert.Equal((first, time <= 1100), (again.FirstChunk, FaultyMemory.Purges == 0));
            Config.ReturnSpan(first, 3, true);
        }

        Assert.Equal((1, 5 * 65536, 3UL), (FaultyMemory.Purges, FaultyMemory.PurgedBytes, Config.PageArenaState->DirtyChunks));
        Assert.InRange(Config.PurgeQueueState->Deadline, 2000UL, 2051UL);   // when the first of those that wait was free for 100 ms
        FaultyMemory.Clock = 2049;
        PurgeQueue.Poll<Config>(false);
        Assert.Equal(1, FaultyMemory.Purges);
        FaultyMemory.Clock = 2051;
        PurgeQueue.Poll<Config>(false);
        Assert.Equal((2, 8 * 65536, 0UL, 0UL), (FaultyMemory.Purges, FaultyMemory.PurgedBytes, Config.PageArenaState->DirtyChunks, Config.PurgeQueueState->Deadline));
    });

    /// <summary>The system backs 2 MiB at the first use of any of its pages: they go back with one call, those that nobody wrote to among them, and only when all have waited.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_huge_page_goes_back_whole_when_all_of_it_has_waited(bool preZero) => OwnThread.RunFresh(TestHeap.Reset, () =>
    {
        FaultyMemory.Clock = 1000;
        _ = TestHeap.CurrentHeap();
        Config.Composition->HugePages = HugePagePolicy.Always;
        Config.Composition->PreZero = preZero;
        uint first = TakeWritten(2);
        SuperSlab* superSlab = SuperSlab.Of<Config>(first);
        Config.ReturnSpan(first, 1, true);
        FaultyMemory.Clock = 1050;
        Config.ReturnSpan(first + 1, 1, true);
        FaultyMemory.Clock = 1101;
        PurgeQueue.Poll<Config>(false);   // the second has waited for half of it
        Assert.Equal(0, FaultyMemory.Purges);
        FaultyMemory.Clock = 1151;
        PurgeQueue.Poll<Config>(false);
        if (preZero)
        {
            Assert.Equal((0, 2UL, 0UL), (FaultyMemory.Purges, Config.PageArenaState->ZeroedChunks, Config.PageArenaState->DirtyChunks));
            FaultyMemory.Clock = 1300;
            PurgeQueue.Poll<Config>(false);
        }

        Assert.Equal((1, 2 << 20), (FaultyMemory.Purges, FaultyMemory.PurgedBytes));
        Assert.Equal((0UL, 0UL, 0UL), (Config.PageArenaState->ZeroedChunks, Config.PageArenaState->DirtyChunks, Config.PurgeQueueState->Deadline));
        Assert.True(SuperSlab.IsValid<Config>(superSlab));
        Assert.Equal(uint.MaxValue, superSlab->Free);
    });

    /// <summary>While the system takes chunks back they are nobody's, and the record tells which: whoever finds it so in the child of a fork shows them again.</summary>
    [Fact]
    public void What_is_being_purged_is_hidden_and_known() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        uint first = TakeWritten(4);
        Config.ReturnSpan(first, 3, true);
        SuperSlab* superSlab = SuperSlab.Of<Config>(first);
        uint mask = superSlab->Dirty;
        Config.HideChunks(superSlab, mask);
        Assert.Equal((3, mask, 0u, 0u), (BitOperations.PopCount(mask), superSlab->Hidden, superSlab->Free & mask, superSlab->Dirty));
        Assert.True(SuperSlab.IsValid<Config>(superSlab));
        Assert.Equal(3UL, Config.PageArenaState->DirtyChunks);
        ChunkSpan* others = stackalloc ChunkSpan[4];
        Assert.Equal(4u, Config.TryTakeSpans(1, false, 4, others));
        for (int i = 0; i < 4; i++) Assert.False(others[i].FirstChunk >= first && others[i].FirstChunk < first + 3);
        Config.ShowChunks(superSlab, superSlab->Hidden, superSlab->Hidden, 0);
        Assert.Equal((mask, 0u, mask, 3UL), (superSlab->Free & mask, superSlab->Hidden, superSlab->Dirty, Config.PageArenaState->DirtyChunks));
        Assert.True(SuperSlab.IsValid<Config>(superSlab));
    });

    /// <summary>With pre-zeroing a chunk is cleared at its first deadline, serves zeros with the memory it has, and goes back at the second.</summary>
    [Fact]
    public void Chunks_are_cleared_first_and_given_back_later_where_that_is_wanted() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        FaultyMemory.Clock = 1000;
        uint first = TakeWritten(8);
        Config.Composition->PreZero = true;
        ulong before = MemoryLimit.Committed<Config>();
        Config.ReturnSpan(first, 6, true);
        SuperSlab* superSlab = SuperSlab.Of<Config>(first);
        FaultyMemory.Clock = 1102;
        PurgeQueue.Poll<Config>(false);
        Assert.Equal((0, 6UL, 0UL, before), (FaultyMemory.Purges, Config.PageArenaState->ZeroedChunks, Config.PageArenaState->DirtyChunks, MemoryLimit.Committed<Config>()));
        Assert.True(SuperSlab.IsValid<Config>(superSlab));

        // Dirty chunks are preferred, then cleared ones, though fresh ones would fit, too.
        ChunkSpan* spans = stackalloc ChunkSpan[3];
        Config.ReturnSpan(first + 6, 1, true);
        Assert.Equal(3u, Config.TryTakeSpans(1, false, 3, spans));
        Assert.Equal((first + 6, true, first, false, first + 1, false), (spans[0].FirstChunk, spans[0].Dirty, spans[1].FirstChunk, spans[1].Dirty, spans[2].FirstChunk, spans[2].Dirty));
        Assert.False(new ReadOnlySpan<byte>(PageMap.Address<Config>(first), 2 * 65536).ContainsAnyExcept((byte)0));
        Assert.Equal(4UL, Config.PageArenaState->ZeroedChunks);

        // At the next deadline those go back that are cleared already, and what was freed since is cleared.
        FaultyMemory.Clock = 1150;
        Config.ReturnSpan(first, 1, true);
        FaultyMemory.Clock = 1300;
        PurgeQueue.Poll<Config>(false);
        Assert.Equal((1, 4 * 65536, 1UL), (FaultyMemory.Purges, FaultyMemory.PurgedBytes, Config.PageArenaState->ZeroedChunks));
        Assert.NotEqual(0UL, Config.PurgeQueueState->Deadline);
        FaultyMemory.Clock = 1500;
        PurgeQueue.Poll<Config>(false);
        Assert.Equal((2, 0UL, 0UL), (FaultyMemory.Purges, Config.PageArenaState->ZeroedChunks, Config.PurgeQueueState->Deadline));
    });

    /// <summary>A trim waits for nothing: what is dirty and what is cleared goes back at once.</summary>
    [Fact]
    public void Now_gives_cleared_chunks_back_too() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        FaultyMemory.Clock = 1000;
        uint first = TakeWritten(8);
        Config.Composition->PreZero = true;
        Config.ReturnSpan(first, 3, true);
        FaultyMemory.Clock = 1102;
        PurgeQueue.Poll<Config>(false);
        Config.ReturnSpan(first + 3, 5, true);
        PurgeQueue.Poll<Config>(true);
        Assert.Equal((8 * 65536, 0UL, 0UL, 0u), (FaultyMemory.PurgedBytes, Config.PageArenaState->ZeroedChunks, Config.PageArenaState->DirtyChunks, Config.PageArenaState->SuperSlabs));
    });

    [Fact]
    public void Now_means_now() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        FaultyMemory.Clock = 1000;
        uint first = TakeWritten(3);
        Config.ReturnSpan(first, 3, true);
        PurgeQueue.Poll<Config>(true);
        Assert.Equal((1, 3 * 65536), (FaultyMemory.Purges, FaultyMemory.PurgedBytes));
        Assert.Equal(0u, Config.PageArenaState->SuperSlabs);   // wholly free and clean: given back
    });

    [Fact]
    public void A_refusal_keeps_the_chunks_dirty_and_usable() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        uint first = TakeWritten(3);
        FaultyMemory.Affected = MemoryCalls.Purge;
        FaultyMemory.FailAt = FaultyMemory.Calls + 1;
        Config.ReturnSpan(first, 3, true);
        PurgeQueue.Poll<Config>(true);
        Assert.Equal((1L, 3UL, 0UL), (FaultyMemory.Failures, Config.PageArenaState->DirtyChunks, Config.PurgeQueueState->PurgedChunks));
        ChunkSpan again;
        Assert.Equal(1u, Config.TryTakeSpans(3, false, 1, &again));
        Assert.Equal((first, true), (again.FirstChunk, again.Dirty));
    });

    [Fact]
    public void What_was_refused_is_tried_again_by_the_next_trim() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        uint first = TakeWritten(3);
        FaultyMemory.Affected = MemoryCalls.Purge;
        FaultyMemory.FailAt = FaultyMemory.Calls + 1;
        FaultyMemory.FailTimes = 2;   // a trim tries twice
        Config.ReturnSpan(first, 3, true);
        TestHeap.Trim();
        Assert.Equal(3UL, Config.PageArenaState->DirtyChunks);
        TestHeap.Trim();
        Assert.Equal(0UL, Config.PageArenaState->DirtyChunks);
    });

    [Fact]
    public void Super_slabs_wait_in_the_order_they_came() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        FaultyMemory.Clock = 1000;
        uint a = TakeWritten(32), b = TakeWritten(32);
        Config.ReturnSpan(b, 2, true);
        FaultyMemory.Clock = 1050;
        Config.ReturnSpan(a, 1, true);
        FaultyMemory.Clock = 1101;
        PurgeQueue.Poll<Config>(false);
        Assert.Equal(2 * 65536, FaultyMemory.PurgedBytes);
        FaultyMemory.Clock = 1151;
        PurgeQueue.Poll<Config>(false);
        Assert.Equal(3 * 65536, FaultyMemory.PurgedBytes);
    });

    private static uint TakeWritten(uint chunks)
    {
        _ = TestHeap.CurrentHeap();
        ChunkSpan span;
        Assert.Equal(1u, Config.TryTakeSpans(chunks, false, 1, &span));
        new Span<byte>(PageMap.Address<Config>(span.FirstChunk), (int)(chunks * 65536)).Fill(0xEE);
        return span.FirstChunk;
    }
}
