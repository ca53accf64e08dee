using System;
using System.Collections.Generic;
using HakMem.Tests.Support;
using Xunit;
using Config = HakMem.Boxes.Tests.TestHeap.Config;

namespace HakMem.Boxes.Tests;

public unsafe class AllocGateTests
{
    [Fact]
    public void Every_size_gets_a_block_that_holds_it() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        ThreadHeap* heap = TestHeap.CurrentHeap();
        for (nuint size = 0; size <= 33_000; size++)
        {
            Assert.Equal(size <= 1024, AllocGate.TryClassify<Config>(heap, size, out uint sizeClass));
            if (size is > 0 and <= 1024) Assert.Equal(SizeClasses.ClassOf(size), sizeClass);
            void* block = TestHeap.Alloc(size);
            Assert.True(TestHeap.UsableSize(block) >= Math.Max(1, size) && (nuint)block % 16 == 0);
            TestHeap.Free(block);
        }

        foreach (nuint size in new nuint[] { nuint.MaxValue, nuint.MaxValue - 4095, (nuint)1 << 47, ((nuint)1 << 47) + 1 })
        {
            Assert.False(TestHeap.TryAlloc(size, out void* none));
            Assert.True(none == null);
            Assert.Throws<OutOfMemoryException>(() => TestHeap.Alloc(size));
            Assert.False(TestHeap.TryAllocZeroed(size, out _));
            Assert.False(TestHeap.TryAlignedAlloc(size, 64, out _));
        }
    });

    [Fact]
    public void Aligned_blocks_are_aligned_in_every_tier() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        BlockLedger ledger = new();
        for (nuint alignment = 1; alignment <= 8u << 20; alignment *= 2)
        {
            foreach (nuint size in new nuint[] { 0, 1, 48, 500, 1025, 9000, 33_000, 130_000, 2_000_000, 2_100_000 })
            {
                void* block = TestHeap.AlignedAlloc(size, alignment);
                Assert.Equal((nuint)0, (nuint)block % alignment);
                ledger.Add(block, size);
                if (ledger.Count > 12) TestHeap.Free(ledger.Take(0));
            }
        }

        ledger.Check();
        Assert.Throws<ArgumentException>(() => TestHeap.AlignedAlloc(10, 48));
        Assert.False(TestHeap.TryAlignedAlloc(10, 0, out _));
    });

    [Fact]
    public void Zeroed_blocks_are_zero_also_when_their_memory_was_used() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        for (int round = 0; round < 3; round++)
        {
            foreach (nuint size in new nuint[] { 1, 16, 1000, 1025, 3000, 20_000, 32_768, 50_000, 1_000_000, 2_500_000 })
            {
                List<nint> blocks = [];
                for (int i = 0; i < 9; i++)
                {
                    void* block = TestHeap.AllocZeroed(size);
                    Assert.False(new ReadOnlySpan<byte>(block, (int)size).ContainsAnyExcept((byte)0));
                    new Span<byte>(block, (int)TestHeap.UsableSize(block)).Fill(0xAB);
                    blocks.Add((nint)block);
                }

                foreach (nint block in blocks) TestHeap.Free((void*)block);
            }
        }
    });

    [Fact]
    public void A_batch_is_blocks_like_others() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        void** blocks = stackalloc void*[300];
        foreach (nuint size in new nuint[] { 8, 640, 5000, 70_000 })
        {
            uint count = size > 32768 ? 20u : 300;
            BlockLedger ledger = new();
            Assert.Equal(count, TestHeap.AllocBatch(size, blocks, count));
            for (uint i = 0; i < count; i++) ledger.Add(blocks[i], size);
            ledger.Check();
            TestHeap.FreeBatch(blocks, count);
        }

        AllocatorStatistics statistics;
        TestHeap.ReadStatistics(&statistics);
        Assert.Equal(0UL, statistics.InUseBlocks);
    });
}

public unsafe class FreeGateTests
{
    [Fact]
    public void A_thread_knows_its_own_blocks() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        ThreadHeap* heap = TestHeap.CurrentHeap();
        void* tiny = TestHeap.Alloc(1000), large = TestHeap.Alloc(100_000), big = TestHeap.Alloc(3_000_000);
        Assert.True(FreeGate.TryOwn<Config>(heap, tiny, out uint sizeClass) && sizeClass == SizeClasses.ClassOf(1024));
        Assert.False(FreeGate.TryOwn<Config>(heap, large, out _));
        Assert.False(FreeGate.TryOwn<Config>(heap, big, out _));
        Assert.False(FreeGate.TryOwn<Config>(heap, null, out _));
        OwnThread.Run(() => Assert.False(FreeGate.TryOwn<Config>(TestHeap.CurrentHeap(), tiny, out _)));
        TestHeap.Free(null);
        Assert.Equal((nuint)0, TestHeap.UsableSize(null));
    });

    [Fact]
    public void The_class_that_is_flushed_again_and_again_is_only_a_guess() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        ThreadHeap* heap = TestHeap.CurrentHeap();
        uint small = SizeClasses.ClassOf(64), middle = SizeClasses.ClassOf(1024);
        void* other = TestHeap.Alloc(1024), large = TestHeap.Alloc(100_000);
        List<nint> blocks = [];
        for (int i = 0; i < 10_000; i++) blocks.Add((nint)TestHeap.Alloc(64));
        void* kept = TestHeap.Alloc(64);   // not one that another class lends
        foreach (nint block in blocks) TestHeap.Free((void*)block);
        Assert.Equal(small, heap->GuessedClass);
        void* second = TestHeap.Alloc(1024), third = TestHeap.Alloc(1024);
        heap->FlushedClass = small;
        UnifiedCacheRefill.Flush<Config>(heap, middle, second);
        Assert.Equal(0u, heap->GuessedClass);   // another class: no guess before its next flush
        UnifiedCacheRefill.Flush<Config>(heap, middle, third);
        Assert.Equal(middle, heap->GuessedClass);
        _ = TestHeap.Alloc(3000);
        Assert.Equal(0u, heap->GuessedClass);
        for (uint guess = 0; guess < SizeClasses.Count; guess++)
        {
            heap->GuessedClass = guess;
            Assert.True(FreeGate.TryOwn<Config>(heap, kept, out uint sizeClass) && sizeClass == small);
            Assert.True(FreeGate.TryOwn<Config>(heap, other, out sizeClass) && sizeClass == middle);
            Assert.False(FreeGate.TryOwn<Config>(heap, large, out _));
            OwnThread.Run(() =>
            {
                ThreadHeap* another = TestHeap.CurrentHeap();
                another->GuessedClass = small;
                Assert.False(FreeGate.TryOwn<Config>(another, kept, out _));
            });
        }
    });

    [Theory]
    [InlineData("stack", "free of an address that is not allocated: 0x")]
    [InlineData("free chunk", "free of an address that is not allocated: 0x")]
    [InlineData("inside large", "free of an address inside a block: 0x")]
    [InlineData("inside large head", "free of an address inside a block: 0x")]
    [InlineData("inside big", "free of an address inside a block: 0x")]
    [InlineData("large twice", "free of an address that is not allocated: 0x")]
    [InlineData("big twice", "free of an address that is not allocated: 0x")]
    [InlineData("tiny twice", "double free of the block at 0x")]
    [InlineData("inside tiny", "free of an address inside a block: 0x")]
    public void What_is_no_block_is_refused_with_its_address(string what, string message) => OwnThread.RunFresh(TestHeap.Reset, () =>
    {
        byte* large = (byte*)TestHeap.Alloc(200_000), big = (byte*)TestHeap.Alloc(3_000_000), tiny = (byte*)TestHeap.Alloc(1024);
        byte local;
        byte* wrong = what switch
        {
            "stack" => &local,
            "free chunk" => Config.Base + (60 << 20),
            "inside large" => large + 65536,
            "inside large head" => large + 16,
            "inside big" => big + 4096,
            "large twice" => large,
            "big twice" => big,
            "inside tiny" => tiny + 16,
            _ => tiny,
        };
        AbortException found = Assert.Throws<AbortException>(() =>
        {
            if (what.EndsWith("twice", StringComparison.Ordinal)) TestHeap.Free(wrong);
            TestHeap.Free(wrong);
            TestHeap.Trim();   // what the front stack took is looked at when it is flushed
        });
        Assert.Equal($"hakmem: {message}{(nint)wrong:x}", found.Message);
    });

    [Fact]
    public void A_block_of_another_composition_is_refused() => OwnThread.Run(static () =>
    {
        // Both in the process-wide range; PlainHeap ends the process, so the check is asked here, by its box.
        byte* tiny = (byte*)DiagnosedHeap.Alloc(100), large = (byte*)DiagnosedHeap.Alloc(100_000);
        _ = PlainHeap.CurrentHeap();
        Assert.False(FreeGate.TryOwn<PlainHeap.Config>(PlainHeap.CurrentHeap(), tiny, out _));
        foreach (nint block in new[] { (nint)tiny, (nint)large })
        {
            uint owner = PageMap.Get<PlainHeap.Config>(PageMap.ChunkOf<PlainHeap.Config>((void*)block)) >> 8;
            Assert.Equal(DiagnosedHeap.Config.Composition->Id, PlainHeap.Config.Space->Owners[owner].Composition);
            Assert.NotEqual(PlainHeap.Config.Composition->Id, PlainHeap.Config.Space->Owners[owner].Composition);
        }

        DiagnosedHeap.Free(tiny);
        DiagnosedHeap.Free(large);
    });
}

public unsafe class ReallocGateTests
{
    [Fact]
    public void A_block_stays_while_half_of_it_is_used_and_moves_with_its_contents() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        void* block = TestHeap.Alloc(1024);
        Assert.True(TestHeap.Realloc(block, 512) == block);
        Assert.True(TestHeap.Realloc(block, 1000) == block);
        void* moved = TestHeap.Realloc(block, 511);
        Assert.True(moved != block);
        Assert.True(TestHeap.Realloc(null, 100) != null);

        Random random = new(5);
        BlockLedger ledger = new();
        for (int step = 0; step < 1500; step++)
        {
            nuint size = (nuint)Math.Pow(2, random.NextDouble() * 21.7);
            if (ledger.Count < 20) ledger.Add(TestHeap.Alloc(size), size);
            int index = random.Next(ledger.Count);
            size = (nuint)Math.Pow(2, random.NextDouble() * 21.7);
            nuint alignment = (nuint)1 << random.Next(14);
            void* there = random.Next(2) == 0 ? TestHeap.Realloc(ledger[index], size) : TestHeap.AlignedRealloc(ledger[index], size, alignment);
            ledger.Move(index, there, size);
            if (random.Next(4) == 0) TestHeap.Free(ledger.Take(random.Next(ledger.Count)));
        }

        ledger.Check();
        while (ledger.Count != 0) TestHeap.Free(ledger.Take(0));
        HeapWalk.AssertValid<Config>();
    });

    /// <summary>A large block that keeps less than half of its memory moves: what it leaves serves the next of its size, instead of being too short for it for as long as the rest lives.</summary>
    [Theory]
    [InlineData(1_000_000, 400_000, true)]
    [InlineData(1_000_000, 100, true)]
    [InlineData(1_000_000, 600_000, false)]
    [InlineData(300_000, 100_000, true)]
    public void What_shrinks_below_half_leaves_its_memory_whole(int size, int shrunk, bool moves) => OwnThread.RunFresh(TestHeap.Reset, () =>
    {
        BlockLedger ledger = new();
        for (int i = 0; i < 5; i++)
        {
            ledger.Add(TestHeap.Alloc((nuint)size), (nuint)size);
            void* there = ledger[i];
            ledger.Move(i, TestHeap.Realloc(there, (nuint)shrunk), (nuint)shrunk);
            Assert.Equal(moves, ledger[i] != there);
        }

        ulong chunks = Config.PageArenaState->UsedChunks + Config.PageArenaState->DirtyChunks;
        Assert.InRange(chunks << Chunk.Log2, 0UL, moves ? (ulong)(size + (5 * shrunk) + (7 << Chunk.Log2)) : ulong.MaxValue);
        ledger.Check();
        HeapWalk.AssertValid<Config>();
    });

    /// <summary>A mapping gives back what a shrinking block leaves of it, also where what is left would be no mapping as a new block.</summary>
    [SystemFact(SystemNeeds.SmallPages)]
    public void A_big_block_that_shrinks_to_a_large_ones_size_gives_the_rest_back() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        void* block = TestHeap.Alloc(3_000_000);
        Assert.True(TestHeap.Realloc(block, 1_600_000) == block);
        Assert.Equal((1L, 1_601_536L, (nuint)1_601_536), (Config.BigCacheState->Blocks, Config.BigCacheState->LiveBytes, TestHeap.UsableSize(block)));
        TestHeap.Free(block);
    });

    /// <summary>From 256 KiB on, a block that cannot grow in place is copied once; after that the system moves its mapping.</summary>
    [SystemFact(SystemNeeds.SmallPages)]
    public void A_block_that_outgrows_its_place_again_is_copied_once() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        BlockLedger ledger = new();
        ledger.Add(TestHeap.Alloc(150_000), 150_000);
        ledger.Add(TestHeap.Alloc(60_000), 60_000);   // behind it
        ledger.Move(0, TestHeap.Realloc(ledger[0], 300_000), 300_000);
        Assert.Equal(0L, Config.BigCacheState->Blocks);
        ledger.Add(TestHeap.Alloc(250_000), 250_000);   // behind it again: too long for the place that became free
        ledger.Move(0, TestHeap.Realloc(ledger[0], 500_000), 500_000);
        Assert.Equal((1L, 503_808L), (Config.BigCacheState->Blocks, Config.BigCacheState->LiveBytes));
        long maps = FaultyMemory.Maps;
        foreach (nuint size in new nuint[] { 700_000, 1_500_000, 900_000, 3_000_000 }) ledger.Move(0, TestHeap.Realloc(ledger[0], size), size);
        Assert.Equal((OperatingSystem.IsWindows() ? maps + 1 : maps, 1L), (FaultyMemory.Maps, Config.BigCacheState->Blocks));   // no mapping moves there: it grows up to twice what it began with
        ledger.Move(0, TestHeap.Realloc(ledger[0], 300_000), 300_000);
        Assert.Equal(0L, Config.BigCacheState->Blocks);
        ledger.Check();
    });

    /// <summary>From 128 KiB on, the memory that a block was copied out of goes back at once, if the system takes it; of smaller ones it stays for the next.</summary>
    [Theory]
    [InlineData(150_000, false, 0)]
    [InlineData(150_000, true, 3)]
    [InlineData(60_000, false, 0)]
    public void What_is_outgrown_goes_back(int bytes, bool refused, int dirty) => OwnThread.RunFresh(TestHeap.Reset, () =>
    {
        BlockLedger ledger = new();
        ledger.Add(TestHeap.Alloc((nuint)bytes), (nuint)bytes);
        ledger.Add(TestHeap.Alloc(60_000), 60_000);   // behind it
        FaultyMemory.FailAt = refused ? FaultyMemory.Calls + 1 : 0;
        FaultyMemory.FailTimes = 1;
        ledger.Move(0, TestHeap.Realloc(ledger[0], 300_000), 300_000);
        FaultyMemory.FailAt = 0;
        ThreadHeap* heap = TestHeap.CurrentHeap();
        uint cached = ((LargePool.HeapState*)Config.LargePoolOf(heap))->Chunks;
        Assert.Equal((bytes < (int)ReallocGate.OutgrownBytes ? 1u : 0u, (ulong)dirty), (cached, Config.PageArenaState->DirtyChunks));
        ledger.Check();
        HeapWalk.AssertValid<Config>();
    });

    /// <summary>A chunk that was cleared while it was unused has memory behind it; not any more when its block was outgrown and went back.</summary>
    [Fact]
    public void What_is_outgrown_is_counted_right_where_it_had_been_cleared() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        FaultyMemory.Clock = 1000;
        _ = TestHeap.CurrentHeap();
        Config.Composition->PreZero = true;
        ChunkSpan span;
        Assert.Equal(1u, Config.TryTakeSpans(3, false, 1, &span));
        Config.ReturnSpan(span.FirstChunk, 3, true);
        FaultyMemory.Clock = 1102;
        PurgeQueue.Poll<Config>(false);
        Assert.Equal(3UL, Config.PageArenaState->ZeroedChunks);
        BlockLedger ledger = new();
        ledger.Add(TestHeap.Alloc(150_000), 150_000);
        Assert.Equal(0UL, Config.PageArenaState->ZeroedChunks);
        ledger.Add(TestHeap.Alloc(60_000), 60_000);   // behind it
        ledger.Move(0, TestHeap.Realloc(ledger[0], 300_000), 300_000);
        Assert.Equal((0UL, 0UL), (Config.PageArenaState->ZeroedChunks, Config.PageArenaState->DirtyChunks));
        ledger.Check();
        HeapWalk.AssertValid<Config>();
    });

    [Fact]
    public void Where_blocks_are_outgrown_again_and_again_their_memory_stays() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        for (int time = 0; time < 20; time++)
        {
            void* block = TestHeap.Alloc(150_000), behind = TestHeap.Alloc(60_000);
            long purges = FaultyMemory.Purges;
            block = TestHeap.Realloc(block, 5 << 16);
            Assert.Equal(time < 16 ? 1 : 0, FaultyMemory.Purges - purges);
            TestHeap.Free(behind);
            TestHeap.Free(block);
        }
    });

    [Fact]
    public void A_refused_move_leaves_the_block() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        BlockLedger ledger = new();
        ledger.Add(TestHeap.Alloc(3_000_000), 3_000_000);
        FaultyMemory.FailAt = FaultyMemory.Calls + 1;
        FaultyMemory.FailTimes = long.MaxValue;
        Assert.False(TestHeap.TryRealloc(ledger[0], 9_000_000, out void* result));
        Assert.True(result == null);
        Assert.False(TestHeap.TryRealloc(ledger[0], nuint.MaxValue, out _));
        FaultyMemory.FailAt = 0;
        ledger.Check();
        TestHeap.Free(ledger.Take(0));
    });

    [Fact]
    public void A_realloc_that_takes_over_the_slab_of_its_block_loses_none() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        ThreadHeap* mine = TestHeap.CurrentHeap();
        uint sizeClass = SizeClasses.ClassOf(128);
        Bin* bin = ThreadHeap.BinOf(mine, sizeClass);
        List<nint> own = [];   // until the stack cannot grow and nothing is left of the class
        while (FrontHot.Of(mine, sizeClass)->Limit - FrontHot.Of(mine, sizeClass)->Bottom < 256) own.Add((nint)TestHeap.Alloc(128));
        while (bin->Current != null || bin->Partial != null || bin->Sparse != null || Config.CountFront(mine, sizeClass) != 0) own.Add((nint)TestHeap.Alloc(128));
        nint[] theirs = new nint[512];
        OwnThread.Run(() =>
        {
            for (int i = 0; i < 512; i++) theirs[i] = (nint)TestHeap.Alloc(128);
            TestHeap.Free((void*)theirs[300]);
        });
        nint old = theirs[100];   // its slab's thread has ended; the one free block there becomes the new one
        void* moved = TestHeap.Realloc((void*)old, 40);
        Assert.Equal(theirs[300], (nint)moved);
        HashSet<nint> live = [.. theirs, .. own];
        live.Remove(old);
        for (int i = 0; i < 600; i++)
        {
            nint block = (nint)TestHeap.Alloc(128);
            Assert.True(live.Add(block), $"{block:x} has two users");
        }
    });

    [Fact]
    public void A_realloc_that_takes_over_the_slab_of_its_block_loses_none_where_stacks_never_grow() => OwnThread.RunFresh(SmallFrontHeap.Reset, static () =>
    {
        _ = SmallFrontHeap.CurrentHeap();
        nint[] theirs = new nint[512];
        OwnThread.Run(() =>
        {
            for (int i = 0; i < 512; i++) theirs[i] = (nint)SmallFrontHeap.Alloc(128);
            SmallFrontHeap.Free((void*)theirs[300]);
        });
        nint old = theirs[100];
        *(long*)old = 0x1234;
        void* moved = SmallFrontHeap.Realloc((void*)old, 40);
        Assert.Equal(0x1234, *(long*)moved);
        Assert.Equal(theirs[300], (nint)moved);
        HashSet<nint> live = [.. theirs];
        live.Remove(old);
        for (int i = 0; i < 600; i++)
        {
            nint block = (nint)SmallFrontHeap.Alloc(128);
            Assert.True(live.Add(block), $"{block:x} has two users");
        }
    });
}
