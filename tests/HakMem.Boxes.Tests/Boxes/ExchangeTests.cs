using System;
using System.Collections.Generic;
using HakMem.Tests.Support;
using Xunit;
using Config = HakMem.Boxes.Tests.TestHeap.Config;

namespace HakMem.Boxes.Tests;

/// <summary>In a small program, fresh memory that is needed while used memory is free: as much goes back as is touched beyond the most before.</summary>
public unsafe class ExchangeTests
{
    private const int LargeChunks = 3, Large = (LargeChunks << 16) - 100, Mid = 16384, Page = 4096, EndPages = 13;

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
        Assert.Equal((4 * 65536, 0UL), (FaultyMemory.PurgedBytes, Config.PageArenaState->DirtyChunks));   // nobody has looked before, so all is more than ever
        HeapWalk.AssertValid<Config>();
    });

    /// <summary>Else the one would go back for the other for ever, and each time at the cost of its page faults.</summary>
    [Fact]
    public void Up_to_what_the_program_touched_at_once_nothing_goes_back() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        FaultyMemory.Clock = 1000;   // nothing goes back by time
        void* first = TestHeap.Alloc(Large), second = TestHeap.Alloc(Large), third = TestHeap.Alloc(Large);
        PageArena.SharedState* arena = Config.PageArenaState;
        Assert.Equal(3L * LargeChunks * 65536, arena->MostTouchedBytes);
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
        Assert.Equal(6 * 65536, FaultyMemory.PurgedBytes);
        Assert.Equal(9 * 65536, arena->MostTouchedBytes);
        HeapWalk.AssertValid<Config>();
    });

    /// <summary>Slabs of blocks above a page keep them, and the front does, too: a large block has no use for either.</summary>
    [SystemFact(SystemNeeds.SmallPages)]
    public void For_a_fresh_large_block_free_blocks_above_a_page_go_back() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        FaultyMemory.Clock = 1000;   // nothing goes back by time
        FreeMany(Mid, 16);
        ThreadHeap* heap = TestHeap.CurrentHeap();
        uint sizeClass = SizeClasses.ClassOf(Mid);
        Assert.NotEqual(0u, Config.CountFront(heap, sizeClass));
        long before = PageArena.TouchedBytes(Config.PageArenaState);
        Assert.True(TestHeap.Alloc(Large) != null);
        Assert.Equal(0u, Config.CountFront(heap, sizeClass));
        Assert.InRange(heap->PurgedPages, 12, 16 * Mid / Page);
        Assert.Equal((heap->PurgedPages * Page) + 65536, FaultyMemory.PurgedBytes);   // and a slab that has none in use once the front is empty
        Assert.InRange(PageArena.TouchedBytes(Config.PageArenaState) - before, -65536, 65536);
        HeapWalk.AssertValid<Config>();

        // They are fresh memory for who takes them again, and the large block's neighbour goes back for them.
        long purged = heap->PurgedPages;
        FreeMany(Mid, 16);
        Assert.InRange(heap->PurgedPages, 0, purged - 12);
        HeapWalk.AssertValid<Config>();
    });

    /// <summary>It is fresh memory again: with more of them in front, nobody would know whose pages came back.</summary>
    [SystemFact(SystemNeeds.SmallPages)]
    public void Of_a_slab_whose_pages_went_back_one_block_at_a_time_is_taken() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        FaultyMemory.Clock = 1000;   // nothing goes back by time
        FreeMany(Mid, 16);
        ThreadHeap* heap = TestHeap.CurrentHeap();
        Assert.True(TestHeap.Alloc(Large) != null);
        int pages = 0;
        for (; heap->PurgedPages != 0; pages += Mid / Page)
        {
            long purged = heap->PurgedPages;
            Assert.True(TestHeap.Alloc(Mid) != null);
            if (purged == heap->PurgedPages) break;   // its pages had stayed
            Assert.Equal((Mid / Page, 0u), (purged - heap->PurgedPages, Config.CountFront(heap, SizeClasses.ClassOf(Mid))));
        }

        Assert.InRange(pages, 3 * Mid / Page, 16 * Mid / Page);
        HeapWalk.AssertValid<Config>();
    });

    /// <summary>The largest classes give first, and no more than it takes.</summary>
    [Fact]
    public void Other_classes_keep_their_free_blocks_when_those_of_one_are_enough() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        FaultyMemory.Clock = 1000;   // nothing goes back by time
        FreeMany(32768, 16);
        FreeMany(8192, 6);
        ThreadHeap* heap = TestHeap.CurrentHeap();
        long purged = heap->PurgedPages;
        uint kept = Config.CountFront(heap, SizeClasses.ClassOf(8192));
        Assert.True(TestHeap.Alloc(Large) != null);
        Assert.NotEqual(purged, heap->PurgedPages);
        Assert.NotEqual(0u, kept);
        Assert.Equal((0u, kept), (Config.CountFront(heap, SizeClasses.ClassOf(32768)), Config.CountFront(heap, SizeClasses.ClassOf(8192))));
    });

    /// <summary>Nothing of the class is in front. When the slab is given up later, what went back of it is known to the arena.</summary>
    [Fact]
    public void Free_blocks_in_slabs_alone_go_back() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        FaultyMemory.Clock = 1000;   // nothing goes back by time
        void* kept = TestHeap.Alloc(Mid);
        FreeMany(Mid, 7);
        ThreadHeap* heap = TestHeap.CurrentHeap();
        SpinLock.Enter<Config>(&heap->Lock);
        Config.FlushAllFronts(heap);
        SpinLock.Exit<Config>(&heap->Lock);
        Assert.True(TestHeap.Alloc(Large) != null);
        Assert.NotEqual(0L, heap->PurgedPages);
        TestHeap.Free(kept);
        SpinLock.Enter<Config>(&heap->Lock);
        Config.FlushAllFronts(heap);
        Config.RetireEmptySlabs(heap);
        SpinLock.Exit<Config>(&heap->Lock);
        Assert.Equal(0L, heap->PurgedPages);
        HeapWalk.AssertValid<Config>();
    });

    [Fact]
    public void Blocks_up_to_a_page_stay_where_they_are() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        FaultyMemory.Clock = 1000;   // nothing goes back by time
        FreeMany(Page, 64);
        uint front = Config.CountFront(TestHeap.CurrentHeap(), SizeClasses.ClassOf(Page));
        Assert.NotEqual(0u, front);
        Assert.True(TestHeap.Alloc(Large) != null);
        Assert.Equal((front, 0L), (Config.CountFront(TestHeap.CurrentHeap(), SizeClasses.ClassOf(Page)), TestHeap.CurrentHeap()->PurgedPages));
    });

    /// <summary>Blocks that push each other out do so for a bounded part of the program's time: where that is used up, the memory of both stays.</summary>
    [SystemFact(SystemNeeds.SmallPages)]
    public void What_takes_turns_stays_when_it_has_cost_its_part_of_the_time() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        FaultyMemory.Clock = 1000;   // no time goes by
        int rounds = 0, quiet = 0;
        for (; quiet < 20; rounds++)
        {
            Assert.InRange(rounds, 0, 1000);
            long purges = FaultyMemory.Purges;
            FreeMany(Mid, 32);
            FreeMany(40_000, 8);
            quiet = FaultyMemory.Purges == purges ? quiet + 1 : 0;
        }

        Assert.InRange(FaultyMemory.PurgedBytes, 20L << 20, 26L << 20);
        Assert.InRange(Config.PageArenaState->ExchangePaid, 1_000_001UL, 1_010_000UL);
        HeapWalk.AssertValid<Config>();

        // Each millisecond pays for 400 KiB more, where still more memory is wanted.
        FaultyMemory.Clock = 1015;
        long before = FaultyMemory.PurgedBytes;
        for (int i = 0; i < 32; i++) _ = TestHeap.Alloc(40_000);
        Assert.InRange(FaultyMemory.PurgedBytes - before, 200 << 10, 2 << 20);
        HeapWalk.AssertValid<Config>();
    });

    /// <summary>What other threads' heaps have is not theirs to give, and each call interrupts them.</summary>
    [Fact]
    public void Blocks_above_a_page_stay_where_there_is_a_second_heap() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        FaultyMemory.Clock = 1000;   // nothing goes back by time
        ThreadHeap* heap = TestHeap.CurrentHeap();
        OwnThread.Run(static () => TestHeap.Free(TestHeap.Alloc(64)));
        FreeMany(Mid, 16);
        Assert.True(Config.FirstHeap() != heap || heap->NextInComposition != null);
        Assert.True(TestHeap.Alloc(Large) != null);
        Assert.Equal(0L, heap->PurgedPages);
    });

    /// <summary>Whole chunks are more than was asked for: what is behind that counts as touched by nobody.</summary>
    [SystemTheory(SystemNeeds.SmallPages)]
    [InlineData(140_000)]
    [InlineData(143_360)]
    public void What_lies_behind_a_large_block_counts_as_touched_by_nobody(int size) => OwnThread.RunFresh(TestHeap.Reset, () =>
    {
        FaultyMemory.Clock = 1000;   // nothing goes back by time
        _ = TestHeap.CurrentHeap();
        PageArena.SharedState* arena = Config.PageArenaState;
        void* block = TestHeap.Alloc((nuint)size);
        Assert.Equal((EndPages * Page, 35L * Page, 35L * Page), (arena->UntouchedBytes, PageArena.TouchedBytes(arena), arena->MostTouchedBytes));
        HeapWalk.AssertValid<Config>();
        TestHeap.Free(block);
        Assert.Equal((0L, LargeChunks * 65536L), (arena->UntouchedBytes, PageArena.TouchedBytes(arena)));   // who knows

        // Of used memory it goes back.
        block = TestHeap.Alloc((nuint)size);
        Assert.Equal((EndPages * Page, EndPages * Page), (FaultyMemory.PurgedBytes, arena->UntouchedBytes));
        Assert.Equal(1_000_000UL - 60_000 + (EndPages * 10), arena->ExchangePaid);
        HeapWalk.AssertValid<Config>();
        void* same = TestHeap.Realloc(block, 141_000);   // into the page that it has
        Assert.Equal(((nint)block, EndPages * Page), ((nint)same, arena->UntouchedBytes));
        same = TestHeap.Realloc(block, 150_000);   // the user writes to more of it
        Assert.Equal(((nint)block, 0L), ((nint)same, arena->UntouchedBytes));
        HeapWalk.AssertValid<Config>();
        TestHeap.Free(block);
        block = TestHeap.Alloc((nuint)size);
        Assert.Equal(EndPages * Page, arena->UntouchedBytes);
        block = TestHeap.Realloc(block, 4 << 16);
        Assert.Equal(0, arena->UntouchedBytes);
        HeapWalk.AssertValid<Config>();
        TestHeap.Free(block);
        HeapWalk.AssertValid<Config>();
    });

    /// <summary>Whoever uses memory again and again, and no more of it, would pay for its page faults each time.</summary>
    [Fact]
    public void Ends_of_large_blocks_go_back_while_the_program_grows() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        FaultyMemory.Clock = 1000;   // nothing goes back by time
        for (int round = 0; round < 2; round++)
        {
            Assert.True(TestHeap.Alloc(Large) != null);
            long purges = FaultyMemory.Purges;
            TestHeap.Free(TestHeap.Alloc(140_000));
            for (int i = 0; i < 40; i++)
            {
                Assert.InRange(FaultyMemory.Purges - purges, i < 16 ? i : 16, i < 16 ? i + 1 : 16);   // the first may be of used memory, too
                TestHeap.Free(TestHeap.Alloc(140_000));
            }
        }
    });

    [Theory]
    [InlineData("purge")]
    [InlineData("prefault")]
    [InlineData("huge pages")]
    [InlineData("large program")]
    [InlineData("second heap")]
    [InlineData("not paid for")]
    [InlineData("refused")]
    [InlineData("short")]
    public void The_end_of_a_large_block_stays(string why) => OwnThread.RunFresh(TestHeap.Reset, () =>
    {
        FaultyMemory.Clock = 1000;   // nothing goes back by time
        TestHeap.Free(TestHeap.Alloc(Large));
        PageArena.SharedState* arena = Config.PageArenaState;
        Assert.NotEqual(0u, arena->EndsLeft);
        Composition* composition = Config.Composition;
        if (why == "purge") composition->PurgeEnabled = false;
        if (why == "prefault") composition->Prefault = true;
        if (why == "huge pages") composition->HugePages = HugePagePolicy.Always;
        if (why == "not paid for") arena->ExchangePaid = 1_000_001;
        if (why == "second heap") OwnThread.Run(static () => TestHeap.Free(TestHeap.Alloc(64)));
        ChunkSpan span;
        for (int i = 0; why == "large program" && i < 4; i++) Assert.Equal(1u, Config.TryTakeSpans(32, true, 1, &span));
        FaultyMemory.Affected = MemoryCalls.Purge;
        if (why == "refused") FaultyMemory.FailAt = FaultyMemory.Calls + 1;
        long untouched = arena->UntouchedBytes;
        void* block = TestHeap.Alloc((nuint)(why == "short" ? (LargeChunks << 16) - (3 * Page) : 140_000));
        Assert.Equal((0L, untouched, why == "refused"), (FaultyMemory.PurgedBytes, arena->UntouchedBytes, FaultyMemory.Failures != 0));
        HeapWalk.AssertValid<Config>();
        TestHeap.Free(block);
        if (why == "refused")
        {
            // Not for ever: each such call costs as much as one that helps.
            FaultyMemory.FailTimes = int.MaxValue;
            long calls = FaultyMemory.Failures;
            for (int i = 0; i < 40; i++) TestHeap.Free(TestHeap.Alloc(140_000u));
            Assert.Equal(15, FaultyMemory.Failures - calls);
        }

        if (why != "short") return;
        Assert.True(TestHeap.Alloc((LargeChunks << 16) - (4 * Page)) != null);
        Assert.Equal(4 * Page, FaultyMemory.PurgedBytes);
    });

    /// <summary>It may not come by for long, or never: with many heaps much would count as touched by nobody.</summary>
    [Fact]
    public void What_a_heap_has_cut_is_counted_when_it_comes_to_rest() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        FreeMany(64, 8);
        ThreadHeap* heap = TestHeap.CurrentHeap();
        Assert.NotEqual(0u, heap->FreshBytes);
        SpinLock.Enter<Config>(&heap->Lock);
        Config.FlushAllFronts(heap);
        SpinLock.Exit<Config>(&heap->Lock);
        Assert.Equal(0u, heap->FreshBytes);
        HeapWalk.AssertValid<Config>();

        ThreadHeap* own = FirstClassHeap.Create<Config>();
        for (int i = 0; i < 8; i++) Assert.True(FirstClassHeap.Alloc<Config>(own, 64, 1, false) != null);
        Assert.NotEqual(0u, own->FreshBytes);
        FirstClassHeap.Destroy<Config>(own);
        Assert.Equal(0u, own->FreshBytes);
        HeapWalk.AssertValid<Config>();
    });

    /// <summary>It is as large as it was, though little of it is in use now: it would pay for its page faults each time that it fills up again.</summary>
    [Fact]
    public void A_large_program_that_has_freed_most_of_its_memory_keeps_it() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        FaultyMemory.Clock = 1000;   // nothing goes back by time
        for (int round = 0; round < 3; round++)
        {
            FreeMany(1 << 20, 20);
            PageArena.SharedState* arena = Config.PageArenaState;
            Assert.InRange(arena->DirtyChunks, 200UL, 400UL);
            for (int i = 0; i < 20; i++) _ = TestHeap.Alloc(4400);
            Assert.InRange(FaultyMemory.PurgedBytes, 0, 4 * 65536);   // the first slabs of two classes are cut from pages that hold nothing
            Assert.InRange(arena->MostTouchedBytes, 20L << 20, 40L << 20);
            FaultyMemory.Clock += 50;
        }
    });

    /// <summary>A call that fails loses nothing, and what is touched is more than ever then.</summary>
    [Fact]
    public void What_the_system_does_not_take_back_stays() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        FaultyMemory.Clock = 1000;   // nothing goes back by time
        FreeMany(Mid, 16);
        FaultyMemory.Affected = MemoryCalls.Purge;
        FaultyMemory.FailAt = FaultyMemory.Calls + 1;
        FaultyMemory.FailTimes = int.MaxValue;
        Assert.True(TestHeap.Alloc(Large) != null);
        Assert.NotEqual(0L, FaultyMemory.Failures);
        Assert.Equal((0L, PageArena.TouchedBytes(Config.PageArenaState)), (TestHeap.CurrentHeap()->PurgedPages, Config.PageArenaState->MostTouchedBytes));
        HeapWalk.AssertValid<Config>();
    });

    /// <summary>In a program that has touched more than 8 MiB they stay.</summary>
    [Fact]
    public void Blocks_above_a_page_stay_in_a_larger_program() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        FaultyMemory.Clock = 1000;   // nothing goes back by time
        FreeMany(Mid, 16);
        for (int i = 0; i < 6; i++) Assert.True(TestHeap.Alloc(1 << 20) != null);
        long purged = TestHeap.CurrentHeap()->PurgedPages;
        Assert.NotEqual(0L, purged);
        for (int i = 0; i < 2; i++) Assert.True(TestHeap.Alloc(1 << 20) != null);
        FreeMany(Mid, 16);
        Assert.Equal(0L, TestHeap.CurrentHeap()->PurgedPages);
        Assert.True(TestHeap.Alloc(1 << 20) != null);
        Assert.Equal(0L, TestHeap.CurrentHeap()->PurgedPages);
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

    private static void FreeMany(int bytes, int count)
    {
        nint* blocks = stackalloc nint[count];
        for (int i = 0; i < count; i++) blocks[i] = (nint)TestHeap.Alloc((nuint)bytes);
        for (int i = 0; i < count; i++) TestHeap.Free((void*)blocks[i]);
    }

    /// <summary>Freed in no order, blocks of many sizes that stay in front keep a slab each. As the program grows they go back, so that other sizes use the slabs.</summary>
    [Fact]
    public void Idle_fronts_go_back_as_a_program_grows() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        FaultyMemory.Clock = 1000;
        Random random = new(3);
        nuint most = 0;
        for (int phase = 0; phase < 4; phase++)
        {
            List<nint> blocks = [];
            for (nuint bytes = 0; bytes < 10 << 20;)
            {
                nuint size = (nuint)(500 + (phase * 700) + random.Next(700));
                blocks.Add((nint)TestHeap.Alloc(size));
                bytes += size;
            }

            nint[] shuffled = [.. blocks];
            random.Shuffle(shuffled);
            foreach (nint block in shuffled) TestHeap.Free((void*)block);
            most = nuint.Max(most, (nuint)(Config.PageArenaState->UsedChunks + Config.PageArenaState->DirtyChunks) << Chunk.Log2);
        }

        Assert.InRange(most, 10u << 20, 17u << 20);
    });
}
