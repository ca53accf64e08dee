using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using HakMem.Tests.Support;
using Xunit;
using Config = HakMem.Boxes.Tests.TestHeap.Config;

namespace HakMem.Boxes.Tests;

public unsafe class BigCacheTests
{
    [Theory]
    [InlineData(21)]
    [InlineData(22)]
    public void The_table_agrees_with_a_dictionary(int seed) => OwnThread.RunFresh(TestHeap.Reset, () =>
    {
        _ = TestHeap.CurrentHeap();
        Random random = new(seed);
        Dictionary<nint, nuint> model = [];
        List<nint> blocks = [];
        for (int step = 0; step < 4000; step++)
        {
            if (blocks.Count == 0 || random.Next(100) < (step < 2000 ? 65 : 40))
            {
                nuint size = (nuint)random.Next(1, 40_000);
                void* block = BigCache.Alloc<Config>(size, (nuint)1 << random.Next(17), false);
                Assert.True(block != null && model.TryAdd((nint)block, size));
                blocks.Add((nint)block);
            }
            else
            {
                int index = random.Next(blocks.Count);
                Assert.True(BigCache.UsableSize<Config>((void*)blocks[index]) >= model[blocks[index]]);
                BigCache.Free<Config>((void*)blocks[index]);
                model.Remove(blocks[index]);
                blocks[index] = blocks[^1];
                blocks.RemoveAt(blocks.Count - 1);
            }

            Assert.Equal((nuint)model.Count, Config.Space->BigCount);
            if (step % 200 == 0) Assert.All(model.Keys, static block => BigCache.UsableSize<Config>((void*)block));
        }

        Assert.True(Config.Space->BigLog2 > 7);
        foreach (nint block in blocks) BigCache.Free<Config>((void*)block);
        BigCache.Drain<Config>(true);
        Assert.Equal((0L, 0L, (nuint)0), (Config.BigCacheState->Blocks, Config.BigCacheState->LiveBytes, Config.BigCacheState->Bytes));
    });

    /// <summary>What the system refuses is memory for the table: blocks go on as long as it has slots, and one that finds none leaves nothing behind.</summary>
    [SystemFact(SystemNeeds.SmallPages)]
    public void A_table_that_cannot_grow_is_filled_further() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        const int Slots = 128, Most = Slots - (Slots / 8);
        _ = TestHeap.CurrentHeap();
        TestHeap.Free(TestHeap.Alloc(3_000_000));
        void* kept = TestHeap.Alloc(3_000_000);
        new Span<byte>(kept, 3_000_000).Fill(1);
        TestHeap.Free(kept);
        FaultyMemory.Affected = MemoryCalls.Map | MemoryCalls.Unmap;
        List<nint> blocks = [];
        for (int i = 0; i < Most; i++)
        {
            FaultyMemory.FailAt = FaultyMemory.Calls + 1;   // the table's mapping: the block is cut from the kept one
            void* block = BigCache.Alloc<Config>(100, 1, false);
            Assert.True(block != null, $"block {i}");
            blocks.Add((nint)block);
        }

        Assert.Equal((7, (nuint)Most), (Config.Space->BigLog2, Config.Space->BigCount));
        long mapped = FaultyMemory.MappedBytes;
        FaultyMemory.FailAt = FaultyMemory.Calls + 1;
        Assert.True(BigCache.Alloc<Config>(100, 1, false) == null);
        Assert.Equal((mapped - 4096, (long)Most, (long)Most * 4096), (FaultyMemory.MappedBytes, Config.BigCacheState->Blocks, Config.BigCacheState->LiveBytes));

        // A mapping that was kept, and that the system does not take either: its memory goes back.
        long purged = FaultyMemory.PurgedBytes;
        FaultyMemory.FailAt = FaultyMemory.Calls + 1;
        FaultyMemory.FailTimes = 2;
        Assert.True(BigCache.Alloc<Config>(3_000_000, 1, false) == null);
        Assert.Equal((0u, (nuint)0, purged + 3_002_368), (Config.BigCacheState->Count, Config.BigCacheState->Bytes, FaultyMemory.PurgedBytes));

        FaultyMemory.FailAt = 0;
        blocks.Add((nint)BigCache.Alloc<Config>(100, 1, false));
        Assert.Equal(8, Config.Space->BigLog2);
        foreach (nint block in blocks) BigCache.Free<Config>((void*)block);
        Assert.Equal((0L, (nuint)0), (Config.BigCacheState->Blocks, Config.Space->BigCount));
    });

    [Fact]
    public void A_freed_mapping_serves_again_zeroed_if_asked_and_grows_old() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        FaultyMemory.Clock = 5000;
        TestHeap.Free(TestHeap.Alloc(2_100_000));
        void* block = TestHeap.Alloc(4_000_000);
        new Span<byte>(block, 4_000_000).Fill(1);
        TestHeap.Free(block);
        long maps = FaultyMemory.Maps;
        Assert.True(TestHeap.AllocZeroed(3_900_000) == block);
        Assert.Equal((maps, 1UL), (FaultyMemory.Maps, Config.BigCacheState->Hits));
        Assert.False(new ReadOnlySpan<byte>(block, 3_900_000).ContainsAnyExcept((byte)0));
        TestHeap.Free(block);
        long unmaps = FaultyMemory.Unmaps;
        FaultyMemory.Clock = 5099;
        BigCache.Drain<Config>(false);
        Assert.Equal((unmaps, 1u), (FaultyMemory.Unmaps, Config.BigCacheState->Count));
        FaultyMemory.Clock = 9000;
        Config.Composition->PurgeEnabled = false;   // then only a trim gives back
        BigCache.Drain<Config>(false);
        Assert.Equal((unmaps, 1u), (FaultyMemory.Unmaps, Config.BigCacheState->Count));
        Config.Composition->PurgeEnabled = true;
        FaultyMemory.Clock = 5100;
        BigCache.Drain<Config>(false);
        Assert.Equal((unmaps + 1, 0u), (FaultyMemory.Unmaps, Config.BigCacheState->Count));
    });

    [Fact]
    public void The_largest_goes_back_the_first_time_and_is_kept_from_then_on() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        _ = TestHeap.CurrentHeap();
        (int Size, bool IsKept)[] blocks = [(5_000_000, false), (5_000_000, true), (9_900_000, true), (10_100_000, false), (10_100_000, true)];
        nint[] starts = [.. blocks.Select(static block => (nint)TestHeap.Alloc((nuint)block.Size))];
        nuint kept = 0;
        for (int i = 0; i < blocks.Length; i++)
        {
            long unmaps = FaultyMemory.Unmaps;
            TestHeap.Free((void*)starts[i]);
            kept += blocks[i].IsKept ? Chunk.WholePages((nuint)blocks[i].Size) : 0;
            Assert.Equal((kept, blocks[i].IsKept ? 0 : 1), (Config.BigCacheState->Bytes, FaultyMemory.Unmaps - unmaps));   // neighbours may have become one
        }
    });

    [Fact]
    public void The_cache_is_bounded_in_bytes_and_cuts_what_is_too_large() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        TestHeap.Free(TestHeap.Alloc(20_000_000));
        void* small = TestHeap.Alloc(4_800_512), huge = TestHeap.Alloc(40_000_000);   // 1,172 pages
        TestHeap.Free(huge);
        Assert.Equal(0u, Config.BigCacheState->Count);
        TestHeap.Free(small);
        Assert.Equal(1u, Config.BigCacheState->Count);
        long maps = FaultyMemory.Maps;
        Assert.True(TestHeap.Alloc(2_200_000) == small);
        Assert.Equal((1u, (nuint)(4_800_512 - 2_228_224), 2_228_224L), (Config.BigCacheState->Count, Config.BigCacheState->Bytes, Config.BigCacheState->LiveBytes));   // 34 chunks
        Assert.True(TestHeap.Alloc(2_400_000) == (byte*)small + 2_228_224);   // less than an eighth more would be left: it is part of the block
        Assert.Equal((maps, 0u, (nuint)0, 4_800_512L), (FaultyMemory.Maps, Config.BigCacheState->Count, Config.BigCacheState->Bytes, Config.BigCacheState->LiveBytes));
    });

    /// <summary>A mapping that was cut for several blocks is one again when they are free, in whatever order that comes, and serves for one of its old size.</summary>
    [SystemTheory(SystemNeeds.SmallPages)]
    [InlineData(0, 1, 2)]
    [InlineData(2, 0, 1)]
    [InlineData(1, 2, 0)]
    public void Pieces_of_a_mapping_become_one_again(int first, int second, int third) => OwnThread.RunFresh(TestHeap.Reset, () =>
    {
        TestHeap.Free(TestHeap.Alloc(20_000_000));
        void* whole = TestHeap.Alloc(9_000_000);
        TestHeap.Free(whole);
        long maps = FaultyMemory.Maps, unmaps = FaultyMemory.Unmaps;
        for (int round = 0; round < 3; round++)
        {
            nint[] pieces = [(nint)TestHeap.Alloc(3_000_000), (nint)TestHeap.Alloc(3_000_000), (nint)TestHeap.Alloc(2_900_000)];
            Assert.Equal((0u, 9_003_008L), (Config.BigCacheState->Count, Config.BigCacheState->LiveBytes));
            foreach (nint piece in pieces) new Span<byte>((void*)piece, 2_900_000).Fill((byte)round);
            foreach (int piece in new[] { first, second, third }) TestHeap.Free((void*)pieces[piece]);
            Assert.Equal((1u, (nuint)9_003_008, 0L), (Config.BigCacheState->Count, Config.BigCacheState->Bytes, Config.BigCacheState->LiveBytes));
            Assert.True(TestHeap.Alloc(9_000_000) == whole);
            TestHeap.Free(whole);
        }

        Assert.Equal((maps, unmaps), (FaultyMemory.Maps, FaultyMemory.Unmaps));
    });

    /// <summary>A block grows into what is kept behind it: without a call to the system when that is long enough, else with one for the rest.</summary>
    [SystemFact(SystemNeeds.SmallPages)]
    public void A_block_grows_into_what_is_kept_behind_it() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        TestHeap.Free(TestHeap.Alloc(20_000_000));
        void* whole = TestHeap.Alloc(9_000_000);
        TestHeap.Free(whole);
        BlockLedger ledger = new();
        ledger.Add(TestHeap.Alloc(3_000_000), 3_000_000);
        Assert.True(ledger[0] == whole);
        (long maps, long unmaps, long calls) = (FaultyMemory.Maps, FaultyMemory.Unmaps, FaultyMemory.Calls);
        foreach (nuint size in new nuint[] { 4_000_000, 6_000_000, 8_900_000 }) ledger.Move(0, TestHeap.Realloc(ledger[0], size), size);
        Assert.True(ledger[0] == whole);
        Assert.Equal((maps, unmaps, calls), (FaultyMemory.Maps, FaultyMemory.Unmaps, FaultyMemory.Calls));
        Assert.Equal((0u, 9_003_008L, (nuint)9_003_008), (Config.BigCacheState->Count, Config.BigCacheState->LiveBytes, TestHeap.UsableSize(whole)));
        ledger.Move(0, TestHeap.Realloc(ledger[0], 5_000_000), 5_000_000);
        Assert.Equal((0u, 5_001_216L), (Config.BigCacheState->Count, Config.BigCacheState->LiveBytes));   // what a block leaves when it is cut goes back at once
        TestHeap.Free(ledger.Take(0));
        ledger.Add(TestHeap.Alloc(3_000_000), 3_000_000);
        ledger.Move(0, TestHeap.Realloc(ledger[0], 12_000_000), 12_000_000);
        Assert.Equal((0u, 12_001_280L), (Config.BigCacheState->Count, Config.BigCacheState->LiveBytes));
        ledger.Check();
        TestHeap.Free(ledger.Take(0));
    });

    /// <summary>Each block a little larger than the one before: the mappings grow instead of being made anew.</summary>
    [SystemFact(SystemNeeds.Linux | SystemNeeds.SmallPages)]
    public void A_mapping_that_is_too_small_for_the_next_block_grows() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        const int First = 3 << 20, Step = 100_000, Last = 10 << 20;
        _ = TestHeap.CurrentHeap();
        TestHeap.Free(TestHeap.Alloc(Last));   // all of these are kept from here on
        byte* block = (byte*)TestHeap.Alloc(First);
        long maps = FaultyMemory.Maps;
        ulong hits = Config.BigCacheState->Hits;
        uint grown = 0;
        for (int size = First; size + Step < Last; size += Step, grown++)
        {
            new Span<byte>(block, size).Fill(1);
            byte* next = (byte*)TestHeap.AllocZeroed((nuint)size + Step);
            Assert.False(new ReadOnlySpan<byte>(next, size + Step).ContainsAnyExcept((byte)0));
            TestHeap.Free(block);
            block = next;
            Assert.Equal((1L, Chunk.WholePages((nuint)size + Step)), (Config.BigCacheState->Blocks, (nuint)Config.BigCacheState->LiveBytes));
        }

        Assert.Equal((1L, hits + grown - 1, 1u), (FaultyMemory.Maps - maps, Config.BigCacheState->Hits, Config.BigCacheState->Count));   // two in turn

        // Only what is large enough that it is worth it, and where the system may move it.
        maps = FaultyMemory.Maps;
        nuint kept = Config.BigCacheState->Bytes;
        void* larger = TestHeap.Alloc((kept * 2) + 8192), aligned = TestHeap.AlignedAlloc(kept + 8192, 8192);
        Assert.Equal((2L, 1u), (FaultyMemory.Maps - maps, Config.BigCacheState->Count));
        TestHeap.Free(larger);
        TestHeap.Free(aligned);
        TestHeap.Free(block);
        TestHeap.Trim();
        Assert.Equal((0L, (nuint)0), (Config.BigCacheState->LiveBytes, Config.BigCacheState->Bytes));
    });

    [SystemFact(SystemNeeds.SmallPages)]
    public void A_mapping_that_the_system_does_not_make_longer_goes_back() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        _ = TestHeap.CurrentHeap();
        for (int i = 0; i < 2; i++) TestHeap.Free(TestHeap.Alloc(4_000_000));
        (long maps, long mapped) = (FaultyMemory.Maps, FaultyMemory.MappedBytes - (long)Config.BigCacheState->Bytes);
        FaultyMemory.Affected = MemoryCalls.Remap;
        FaultyMemory.FailAt = FaultyMemory.Calls + 1;
        BlockLedger ledger = new();
        ledger.Add(TestHeap.Alloc(5_000_000), 5_000_000);
        Assert.Equal((maps + 1, mapped + 5_001_216, 0u, (nuint)0), (FaultyMemory.Maps, FaultyMemory.MappedBytes, Config.BigCacheState->Count, Config.BigCacheState->Bytes));
        TestHeap.Free(ledger.Take(0));
    });

    /// <summary>A block that grew by a copy takes what the last such block left, as much as it needs, and goes on growing into the rest.</summary>
    [SystemFact(SystemNeeds.Linux | SystemNeeds.SmallPages)]
    public void A_block_that_grows_takes_a_larger_mapping_a_part_at_a_time() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        FaultyMemory.Clock = 1000;   // nothing goes back by time
        TestHeap.Free(TestHeap.Alloc(4_000_000));   // from here on mappings up to twice as large are kept
        void* grown = TestHeap.Realloc(AllocHemmedIn(), 330_000);
        grown = TestHeap.Realloc(grown, 1_100_000);
        TestHeap.Free(grown);
        Assert.Equal((1u, (nuint)1_101_824), (Config.BigCacheState->Count, Config.BigCacheState->Bytes));
        (long maps, long unmaps) = (FaultyMemory.Maps, FaultyMemory.Unmaps);
        byte* next = AllocHemmedIn();
        for (int i = 0; i < 270_000; i++) next[i] = (byte)i;
        next = (byte*)TestHeap.Realloc(next, 330_000);
        Assert.True(next == grown);
        Assert.Equal((331_776L, 1u), (Config.BigCacheState->LiveBytes, Config.BigCacheState->Count));
        Assert.True(TestHeap.Realloc(next, 660_000) == next);
        Assert.True(TestHeap.Realloc(next, 1_100_000) == next);
        Assert.Equal((maps, unmaps, 1_101_824L, 0u), (FaultyMemory.Maps, FaultyMemory.Unmaps, Config.BigCacheState->LiveBytes, Config.BigCacheState->Count));
        for (int i = 0; i < 270_000; i++) Assert.Equal((byte)i, next[i]);
        TestHeap.Free(next);

        static byte* AllocHemmedIn()
        {
            void* block = TestHeap.Alloc(270_000);
            _ = TestHeap.Alloc(270_000);   // behind it
            return (byte*)block;
        }
    });

    /// <summary>Whoever holds the locks, as a thread that forks does, finds the length of a block and the count of live bytes the same, whatever is done to it.</summary>
    [Fact]
    public void A_block_that_is_resized_is_counted_right_under_the_locks() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        TestHeap.Free(TestHeap.Alloc(20_000_000));
        void* block = TestHeap.Alloc(3_000_000);
        bool stop = false;
        OwnThread.Handle other = OwnThread.Start(() =>
        {
            while (!Volatile.Read(ref stop))
            {
                foreach (nuint size in new nuint[] { 5_900_000, 3_000_000 }) block = TestHeap.Realloc(block, size);
            }
        });
        int wrong = 0;
        for (int i = 0; i < 30_000; i++)
        {
            SpinLock.Enter<Config>(&Config.BigCacheState->Lock);
            SpinLock.Enter<Config>(&Config.Space->BigLock);
            long bytes = 0;
            for (nuint slot = 0; slot < (nuint)1 << Config.Space->BigLog2; slot++) bytes += Config.Space->BigBlocks[slot].Start == null ? 0 : (long)Config.Space->BigBlocks[slot].Bytes;
            if (bytes != Config.BigCacheState->LiveBytes) wrong++;
            SpinLock.Exit<Config>(&Config.Space->BigLock);
            SpinLock.Exit<Config>(&Config.BigCacheState->Lock);
        }

        Volatile.Write(ref stop, true);
        other.Join();
        Assert.Equal(0, wrong);
        TestHeap.Free(block);
    });

    [SystemFact(SystemNeeds.SmallPages)]
    public void A_big_block_is_resized_by_the_system_not_copied() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        BlockLedger ledger = new();
        ledger.Add(TestHeap.Alloc(3_000_000), 3_000_000);
        long maps = FaultyMemory.Maps;
        foreach (nuint size in OperatingSystem.IsWindows() ? new nuint[] { 5_900_000, 2_500_000, 4_000_000 } : [30_000_000, 2_500_000, 8_000_000])   // there up to twice what it began with
        {
            ledger.Move(0, TestHeap.Realloc(ledger[0], size), size);
            Assert.Equal((long)((size + 4095) & ~4095u), Config.BigCacheState->LiveBytes);
        }

        Assert.Equal(maps, FaultyMemory.Maps);
        ledger.Move(0, TestHeap.Realloc(ledger[0], 100_000), 100_000);
        TestHeap.Free(ledger.Take(0));
        Assert.Equal(0L, Config.BigCacheState->Blocks);
    });
}
