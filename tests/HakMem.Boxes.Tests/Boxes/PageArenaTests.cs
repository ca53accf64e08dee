using System;
using System.Collections.Generic;
using System.Linq;
using HakMem.Tests.Support;
using Xunit;
using Config = HakMem.Boxes.Tests.TestHeap.Config;

namespace HakMem.Boxes.Tests;

public unsafe class PageArenaTests
{
    private static readonly uint[] s_lengths = [1, 1, 1, 2, 3, 4, 5, 8, 13, 16, 31, 32];

    [Theory]
    [InlineData(11)]
    [InlineData(12)]
    public void A_random_program_agrees_with_a_bitmap(int seed) => OwnThread.RunFresh(TestHeap.Reset, () =>
    {
        _ = TestHeap.CurrentHeap();
        Random random = new(seed);
        bool[] used = new bool[1024], dirty = new bool[1024];
        List<(uint First, uint Chunks)> spans = [];
        PageArena.SharedState* arena = Config.PageArenaState;
        FaultyMemory.Clock = 1;   // nothing is purged
        for (int step = 0; step < 6000; step++)
        {
            int choice = random.Next(10);
            if (choice < 5 || spans.Count == 0) Take(random, spans, used, dirty);
            else if (choice < 6) Extend(random, spans, used, dirty);
            else Return(random, spans, used, dirty);
            Assert.Equal((ulong)used.Count(static chunk => chunk), arena->UsedChunks);
            Assert.Equal((ulong)dirty.Count(static chunk => chunk), arena->DirtyChunks);
        }

        foreach ((uint first, uint chunks) in spans) Config.ReturnSpan(first, chunks, false);
        Assert.Equal(0UL, arena->UsedChunks);
        PurgeQueue.Poll<Config>(true);
        PageArena.ReleaseUnused<Config>();
        Assert.Equal((0u, 0UL, 0UL), (arena->SuperSlabs, arena->DirtyChunks, arena->Listed));
    });

    [Fact]
    public void The_tightest_run_that_fits_serves_first() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        ChunkSpan* spans = stackalloc ChunkSpan[2];
        TakeTwoSuperSlabs(spans);
        PageArena.Return<Config>(spans[0].FirstChunk + 4, 5, false);
        PageArena.Return<Config>(spans[1].FirstChunk + 9, 3, false);
        ChunkSpan taken;
        Assert.Equal(1u, PageArena.TryTake<Config>(3, false, 1, &taken));
        Assert.Equal(spans[1].FirstChunk + 9, taken.FirstChunk);
        Assert.Equal(1u, PageArena.TryTake<Config>(4, true, 1, &taken));
        Assert.Equal(spans[0].FirstChunk + 4, taken.FirstChunk);
    });

    [Fact]
    public void Dirty_chunks_serve_before_fresh_ones() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        _ = TestHeap.CurrentHeap();
        ChunkSpan* spans = stackalloc ChunkSpan[4];
        Assert.Equal(4u, PageArena.TryTake<Config>(1, false, 4, spans));
        PageArena.Return<Config>(spans[1].FirstChunk, 1, false);
        PageArena.Return<Config>(spans[3].FirstChunk, 1, true);
        ChunkSpan taken;
        Assert.Equal(1u, PageArena.TryTake<Config>(1, false, 1, &taken));
        Assert.Equal((spans[3].FirstChunk, true), (taken.FirstChunk, taken.Dirty));
        Assert.Equal(1u, PageArena.TryTake<Config>(1, false, 1, &taken));
        Assert.Equal((spans[1].FirstChunk, false), (taken.FirstChunk, taken.Dirty));
    });

    [Fact]
    public void Dirty_chunks_serve_before_fresh_ones_of_a_tighter_SuperSlab() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        ChunkSpan* spans = stackalloc ChunkSpan[2];
        TakeTwoSuperSlabs(spans);
        PageArena.Return<Config>(spans[0].FirstChunk + 4, 3, false);
        PageArena.Return<Config>(spans[1].FirstChunk + 9, 8, true);
        ChunkSpan taken;
        Assert.Equal(1u, PageArena.TryTake<Config>(2, true, 1, &taken));
        Assert.Equal((spans[1].FirstChunk + 10, true), (taken.FirstChunk, taken.Dirty));
        Assert.Equal(1u, PageArena.TryTake<Config>(5, false, 1, &taken));
        Assert.Equal((spans[1].FirstChunk + 12, true), (taken.FirstChunk, taken.Dirty));
        Assert.Equal(1u, PageArena.TryTake<Config>(2, false, 1, &taken));   // one dirty chunk is left: too short
        Assert.Equal((spans[0].FirstChunk + 4, false), (taken.FirstChunk, taken.Dirty));
    });

    [Fact]
    public void A_batch_takes_one_lock() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        _ = TestHeap.CurrentHeap();
        ChunkSpan* spans = stackalloc ChunkSpan[16];
        Assert.Equal(1u, PageArena.TryTake<Config>(1, false, 1, spans));
        long before = SharedLockCount.Taken;
        Assert.Equal(16u, PageArena.TryTake<Config>(1, false, 16, spans));
        Assert.Equal(1, SharedLockCount.Taken - before);
    });

    private static void TakeTwoSuperSlabs(ChunkSpan* spans)
    {
        _ = TestHeap.CurrentHeap();
        Assert.Equal(1u, PageArena.TryTake<Config>(32, true, 1, spans));
        Assert.Equal(1u, PageArena.TryTake<Config>(32, true, 1, spans + 1));
    }

    private static void Take(Random random, List<(uint First, uint Chunks)> spans, bool[] used, bool[] dirty)
    {
        uint chunks = s_lengths[random.Next(s_lengths.Length)];
        bool aligned = (chunks & (chunks - 1)) == 0 && random.Next(2) == 0;
        uint want = (uint)random.Next(1, 5);
        ChunkSpan* taken = stackalloc ChunkSpan[4];
        uint got = PageArena.TryTake<Config>(chunks, aligned, want, taken);
        for (uint i = 0; i < got; i++)
        {
            uint first = taken[i].FirstChunk;
            bool anyDirty = false;
            Assert.True(!aligned || first % chunks == 0);
            Assert.Equal(first / 32, (first + chunks - 1) / 32);
            for (uint chunk = first; chunk < first + chunks; chunk++)
            {
                Assert.False(used[chunk]);
                used[chunk] = true;
                anyDirty |= dirty[chunk];
                dirty[chunk] = false;
            }

            Assert.Equal((chunks, anyDirty), (taken[i].Chunks, taken[i].Dirty));
            spans.Add((first, chunks));
        }
    }

    private static void Extend(Random random, List<(uint First, uint Chunks)> spans, bool[] used, bool[] dirty)
    {
        int index = random.Next(spans.Count);
        (uint first, uint chunks) = spans[index];
        uint longer = chunks + (uint)random.Next(1, 6);
        bool free = (first % 32) + longer <= 32;
        for (uint chunk = first + chunks; free && chunk < first + longer; chunk++) free = !used[chunk];
        Assert.Equal(free, PageArena.TryExtend<Config>(first, chunks, longer));
        if (!free) return;
        for (uint chunk = first + chunks; chunk < first + longer; chunk++) (used[chunk], dirty[chunk]) = (true, false);
        spans[index] = (first, longer);
    }

    private static void Return(Random random, List<(uint First, uint Chunks)> spans, bool[] used, bool[] dirty)
    {
        int index = random.Next(spans.Count);
        (uint first, uint chunks) = spans[index];
        spans[index] = spans[^1];
        spans.RemoveAt(spans.Count - 1);
        bool written = random.Next(2) == 0;
        PageArena.Return<Config>(first, chunks, written);
        for (uint chunk = first; chunk < first + chunks; chunk++) (used[chunk], dirty[chunk]) = (false, written);
    }

    [Fact]
    public void With_huge_pages_a_SuperSlab_that_a_clean_chunk_makes_whole_is_purged() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        _ = TestHeap.CurrentHeap();
        FaultyMemory.Clock = 1000;
        Config.Composition->HugePages = HugePagePolicy.Always;
        ChunkSpan a, b;
        Assert.Equal(1u, Config.TryTakeSpans(31, false, 1, &a));
        Assert.Equal(1u, Config.TryTakeSpans(1, false, 1, &b));   // as a prefilled slab in a warm pool
        Assert.Equal(a.FirstChunk / 32, b.FirstChunk / 32);
        Config.ReturnSpan(a.FirstChunk, 31, true);
        FaultyMemory.Clock = 5000;
        PurgeQueue.Poll<Config>(false);                            // not whole: leaves the queue
        Config.ReturnSpan(b.FirstChunk, 1, b.Dirty);               // drained from the warm pool, never cut
        Assert.False(b.Dirty);
        FaultyMemory.Clock = 50000;
        TestHeap.Trim();
        AllocatorStatistics statistics;
        TestHeap.ReadStatistics(&statistics);
        Assert.Equal((0UL, 0UL), (Config.PageArenaState->DirtyChunks, statistics.CommittedBytes));
    });

    [Fact]
    public void Cleared_chunks_that_come_back_untouched_are_purged_and_counted() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        _ = TestHeap.CurrentHeap();
        FaultyMemory.Clock = 1000;
        Config.Composition->PreZero = true;
        ChunkSpan* spans = stackalloc ChunkSpan[4];
        Assert.Equal(4u, Config.TryTakeSpans(1, false, 4, spans));
        for (int i = 0; i < 4; i++)
        {
            new Span<byte>(PageMap.Address<Config>(spans[i].FirstChunk), 65536).Fill(1);
            Config.ReturnSpan(spans[i].FirstChunk, 1, true);
        }

        FaultyMemory.Clock = 1200;
        PurgeQueue.Poll<Config>(false);
        Assert.Equal(4UL, Config.PageArenaState->ZeroedChunks);
        Assert.Equal(4u, Config.TryTakeSpans(1, false, 4, spans));   // a prefill, kept in a warm pool
        byte* start = PageMap.Address<Config>(spans[0].FirstChunk);
        for (int i = 0; i < 4; i++) Config.ReturnSpan(spans[i].FirstChunk, 1, spans[i].Dirty);   // drained
        FaultyMemory.Clock = 50000;
        TestHeap.Trim();
        TestHeap.Trim();
        int pages = PageResidency.Count(start, 64);
        AllocatorStatistics statistics;
        TestHeap.ReadStatistics(&statistics);
        Assert.Equal((0, 0UL), (pages, statistics.CommittedBytes));
    });

    /// <summary>By time only what was used goes back, by a trim the rest, too; the slab that is in use keeps what it has.</summary>
    [SystemFact(SystemNeeds.Kernel)]
    public void Prefaulted_chunks_that_nobody_used_go_back_by_a_trim() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        const uint Chunks = Chunk.PerSuperSlab;
        _ = TestHeap.CurrentHeap();
        FaultyMemory.Clock = 1000;
        Config.Composition->Prefault = true;
        byte* large = (byte*)TestHeap.Alloc(3 * 65536), other = (byte*)TestHeap.Alloc(65536);
        new Span<byte>(other, 65536).Fill(1);
        SuperSlab* superSlab = SuperSlab.Of<Config>((uint)PageMap.ChunkOf<Config>(large));
        Assert.True(SuperSlab.IsValid<Config>(superSlab));
        Assert.Equal(((ulong)Chunks << Chunk.Log2, (int)Chunks * 16), (MemoryLimit.Committed<Config>(), Resident(superSlab)));

        uint written = TakeOne(), clean = TakeOne();
        Config.ReturnSpan(written, 1, true);
        Config.ReturnSpan(clean, 1, false);   // handed out, so time gives it back though nobody wrote to it
        FaultyMemory.Clock = 1200;
        PurgeQueue.Poll<Config>(false);
        Assert.Equal(2 * 65536, FaultyMemory.PurgedBytes);
        Assert.Equal((Chunks - 2UL) << Chunk.Log2, MemoryLimit.Committed<Config>());

        TestHeap.Trim();
        Assert.Equal((Chunks - 4) * 65536L, FaultyMemory.PurgedBytes);
        Assert.Equal((4UL << Chunk.Log2, 4 * 16, 0UL), (MemoryLimit.Committed<Config>(), Resident(superSlab), Config.PageArenaState->ZeroedChunks));
        Assert.True(SuperSlab.IsValid<Config>(superSlab));

        // What came back unused, and the whole of it at the end.
        Assert.False(new ReadOnlySpan<byte>(TestHeap.AllocZeroed(20 * 65536), 20 * 65536).ContainsAnyExcept((byte)0));
        TestHeap.Free(large);
        TestHeap.Free(other);
        TestHeap.Trim();
        Assert.Equal((20UL << Chunk.Log2, 1u), (MemoryLimit.Committed<Config>(), Config.PageArenaState->SuperSlabs));
    });

    /// <summary>A huge page goes back whole, so by time what nobody used goes back with it.</summary>
    [Fact]
    public void Prefaulted_chunks_that_nobody_used_go_back_with_their_huge_page() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        _ = TestHeap.CurrentHeap();
        FaultyMemory.Clock = 1000;
        Config.Composition->Prefault = true;
        Config.Composition->HugePages = HugePagePolicy.Always;
        uint chunk = TakeOne();
        SuperSlab* superSlab = SuperSlab.Of<Config>(chunk);
        for (int round = 0; round < 3; round++)
        {
            Config.ReturnSpan(chunk, 1, true);
            FaultyMemory.Clock += 200;
            PurgeQueue.Poll<Config>(false);
            Assert.Equal((0, 0UL, 0UL), (Resident(superSlab), MemoryLimit.Committed<Config>(), Config.PageArenaState->ZeroedChunks));
            Assert.True(SuperSlab.IsValid<Config>(superSlab));
            Assert.Equal(chunk, TakeOne());
            Assert.Equal(1UL << Chunk.Log2, MemoryLimit.Committed<Config>());
        }
    });

    /// <summary>A SuperSlab that nobody uses must not go to others with the memory behind it.</summary>
    [Fact]
    public void A_prefaulted_SuperSlab_is_given_up_without_its_memory() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        _ = TestHeap.CurrentHeap();
        Config.Composition->Prefault = true;
        uint chunk = TakeOne();
        SuperSlab* superSlab = SuperSlab.Of<Config>(chunk);
        Config.ReturnSpan(chunk, 1, true);
        Config.ReleaseUnusedSuperSlabs();
        Assert.Equal(1u, Config.PageArenaState->SuperSlabs);
        TestHeap.Trim();
        Assert.Equal((0u, 0, 0UL), (Config.PageArenaState->SuperSlabs, Resident(superSlab), MemoryLimit.Committed<Config>()));
    });

    /// <summary>Near a limit everything unused goes back before anything is refused.</summary>
    [Fact]
    public void Prefaulted_chunks_give_way_to_a_limit() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        _ = TestHeap.CurrentHeap();
        Config.Composition->Prefault = true;
        Config.Composition->SoftLimit = Config.Composition->HardLimit = 1 << 20;
        for (int i = 0; i < 8; i++) Assert.True(TestHeap.TryAlloc(2 * 65536, out _));
        Assert.False(TestHeap.TryAlloc(2 * 65536, out _));
        Assert.Equal(1UL << 20, MemoryLimit.Committed<Config>());
    });

    private static uint TakeOne()
    {
        ChunkSpan span;
        Assert.Equal(1u, Config.TryTakeSpans(1, false, 1, &span));
        return span.FirstChunk;
    }

    private static int Resident(SuperSlab* superSlab) => PageResidency.Count(PageMap.Address<Config>(superSlab->FirstChunk), 512);
}
