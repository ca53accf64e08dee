using System.Collections.Generic;
using HakMem.Tests.Support;
using Xunit;
using Config = HakMem.Boxes.Tests.CheckedHeap.Config;

namespace HakMem.Boxes.Tests;

public unsafe class DebugCountersTests
{
    [Fact]
    public void Every_counter_moves_and_the_sums_agree() => OwnThread.RunFresh(CheckedHeap.Reset, static () =>
    {
        List<nint> blocks = [];
        for (int i = 0; i < 4000; i++) blocks.Add((nint)CheckedHeap.Alloc(1024));
        for (int i = 0; i < 600; i++) blocks.Add((nint)CheckedHeap.Alloc(128));
        for (int i = 0; i < 5; i++) CheckedHeap.Trim();   // stacks shrink to their first size
        OwnThread.Run(() =>
        {
            CheckedHeap.Free(CheckedHeap.Alloc(10));
            for (int i = 0; i < 1100; i++) CheckedHeap.Free((void*)blocks[i]);
        });
        for (int i = 1100; i < 4600; i++) CheckedHeap.Free((void*)blocks[i]);
        CheckedHeap.Free(CheckedHeap.Alloc(100_000));
        CheckedHeap.Free(CheckedHeap.AllocZeroed(2048));
        CheckedHeap.Free(CheckedHeap.AllocZeroed(2048));
        CheckedHeap.Free(null);
        CheckedHeap.Trim();
        DebugCounters.HeapState counters = CheckedHeap.ReadDebugCounters();
        Assert.Equal(4603UL, counters.FrontAllocs + counters.CarvedZeroed);
        Assert.Equal(counters.FrontAllocs, counters.FrontHits + counters.FrontMisses);
        Assert.Equal(4603UL, counters.FrontFrees + counters.FlushingFrees + counters.RemoteFrees);
        Assert.Equal(counters.RefilledBlocks + counters.CarvedZeroed, counters.FlushedBlocks + counters.CollectedBlocks);
        Assert.Equal((counters.NewSlabs, 1100UL, 1UL, 1UL), (counters.RetiredSlabs, counters.RemoteFrees, counters.LargeAllocs, counters.LargeFrees));
        Assert.Equal(1UL, DebugCounters.ExitsBy(&counters, SlowExit.NullFree));
        Assert.InRange(DebugCounters.ExitsBy(&counters, SlowExit.CombinedFree), 1000UL, 1099UL);
        Assert.InRange(DebugCounters.ExitsBy(&counters, SlowExit.GrownStack), 1UL, 8UL);
        Assert.Equal(Config.PageArenaState->SuperSlabs + Released(), counters.SuperSlabs);
        FreelistValidation.HeapState checks = CheckedHeap.ReadFreelistValidation();
        Assert.Equal((counters.RefilledBlocks + counters.CarvedZeroed, counters.FlushedBlocks), (checks.RefilledBlocks, checks.FlushedBlocks));
    });

    [Fact]
    public void Each_stage_that_serves_a_refill_is_counted() => OwnThread.RunFresh(CheckedHeap.Reset, static () =>
    {
        // 64 blocks of 1 KiB fill a slab. Batches of slabs: 1, 2, 4.
        List<nint> blocks = [];
        void Take(int count)
        {
            for (int i = 0; i < count; i++) blocks.Add((nint)CheckedHeap.Alloc(1024));
        }

        void Give(int count)
        {
            for (; count != 0; count--)
            {
                CheckedHeap.Free((void*)blocks[^1]);
                blocks.RemoveAt(blocks.Count - 1);
            }
        }

        Take(64 * 3);
        AssertStages(arena: 2, warm: 1, stack: 0, listed: 0);
        Take(64);
        AssertStages(arena: 3, warm: 1, stack: 0, listed: 0);
        Give(256);
        Take(192);
        AssertStages(arena: 3, warm: 1, stack: 0, listed: 2);

        static void AssertStages(ulong arena, ulong warm, ulong stack, ulong listed)
        {
            DebugCounters.HeapState counters = CheckedHeap.ReadDebugCounters();
            Assert.Equal(
                (arena, warm, stack, listed),
                (DebugCounters.SlabsFrom(&counters, RefillStage.Arena), DebugCounters.SlabsFrom(&counters, RefillStage.WarmPool), DebugCounters.SlabsFrom(&counters, RefillStage.SharedStack), DebugCounters.SlabsFrom(&counters, RefillStage.PartialList)));
            Assert.Equal(arena + warm + stack, counters.NewSlabs);
        }
    });

    [Fact]
    public void A_slab_of_an_ended_thread_counts_as_adopted() => OwnThread.RunFresh(CheckedHeap.Reset, static () =>
    {
        _ = CheckedHeap.CurrentHeap();
        OwnThread.Run(static () => _ = CheckedHeap.Alloc(1024));
        _ = CheckedHeap.Alloc(1024);
        DebugCounters.HeapState counters = CheckedHeap.ReadDebugCounters();
        Assert.Equal(1UL, DebugCounters.SlabsFrom(&counters, RefillStage.Adoption));
        Assert.Equal(1UL, counters.NewSlabs);
    });

    [Fact]
    public void A_first_class_heap_counts_its_allocations_and_frees() => OwnThread.RunFresh(CheckedHeap.Reset, static () =>
    {
        _ = CheckedHeap.CurrentHeap();
        ThreadHeap* heap = FirstClassHeap.Create<Config>();
        for (int i = 0; i < 10; i++)
        {
            void* block = FirstClassHeap.Alloc<Config>(heap, 1024, 1, false);
            if (i < 4) FirstClassHeap.Free<Config>(heap, block);
        }

        FirstClassHeap.Destroy<Config>(heap);
        DebugCounters.HeapState counters = CheckedHeap.ReadDebugCounters();
        Assert.Equal((10UL, 4UL), (counters.FrontAllocs, counters.FrontFrees));
        SizeHistogram.Totals sizes = CheckedHeap.ReadSizeHistogram();
        Assert.Equal((10UL, 4UL), (sizes.Allocs[SizeClasses.ClassOf(1024)], sizes.Frees[SizeClasses.ClassOf(1024)]));
    });

    private static ulong Released()
    {
        ulong released = 0;
        for (SuperSlab* free = Config.Space->FreeSuperSlabs; free != null; free = free->Next) released++;
        return released;
    }
}

public unsafe class WarmPoolStatsTests
{
    [Fact]
    public void The_rate_is_of_all_attempts() => OwnThread.RunFresh(CheckedHeap.Reset, static () =>
    {
        for (int i = 0; i < 64 * 12; i++) _ = CheckedHeap.Alloc(1024);
        WarmPoolStats.HeapState stats = CheckedHeap.ReadWarmPoolStats();

        // Twelve slabs in batches of 1, 2, 4, 4 and one more: one slab of each is used at once.
        Assert.Equal((7UL, 5UL, 4UL, 14UL, 10UL, 0UL), (stats.Hits, stats.Misses, stats.Prefills, stats.PrefilledSlabs, stats.Kept, stats.Refused));
        Assert.Equal(583u, WarmPoolStats.HitPermille(&stats));
        stats = default;
        Assert.Equal(0u, WarmPoolStats.HitPermille(&stats));
    });
}

public unsafe class LockStatsTests
{
    [Fact]
    public void Each_kind_of_lock_has_its_count() => OwnThread.RunFresh(CheckedHeap.Reset, static () =>
    {
        _ = CheckedHeap.CurrentHeap();
        ulong[] before = Acquisitions();
        CheckedHeap.Free(CheckedHeap.Alloc(1024));
        CheckedHeap.Free(CheckedHeap.Alloc(5 << 20));
        FirstClassHeap.Free<Config>(FirstClassHeap.Create<Config>(), CheckedHeap.Alloc(1024));
        ulong[] after = Acquisitions();
        foreach (LockKind kind in new[] { LockKind.Heap, LockKind.User, LockKind.Registry, LockKind.Arena, LockKind.AddressSpace, LockKind.BigTable, LockKind.BigCache })
        {
            Assert.True(after[(int)kind] > before[(int)kind], kind.ToString());
        }

        Assert.Equal(before[(int)LockKind.User] + 1, after[(int)LockKind.User]);
        Assert.Equal(before[(int)LockKind.Other], after[(int)LockKind.Other]);
    });

    [Fact]
    public void Who_waits_is_counted_with_the_waits() => OwnThread.RunFresh(CheckedHeap.Reset, static () =>
    {
        ThreadHeap* heap = CheckedHeap.CurrentHeap();
        SpinLock.Enter<Config>(&heap->Lock);
        LockStats.Totals before = CheckedHeap.ReadLockStats();
        nint word = (nint)(&heap->Lock);
        OwnThread.Handle waiter = OwnThread.Start(() =>
        {
            SpinLock.Enter<Config>((int*)word);
            SpinLock.Exit<Config>((int*)word);
        });
        System.Threading.Thread.Sleep(30);
        SpinLock.Exit<Config>(&heap->Lock);
        waiter.Join();
        LockStats.Totals after = CheckedHeap.ReadLockStats();
        Assert.Equal(before.Contended[(int)LockKind.Heap] + 1, after.Contended[(int)LockKind.Heap]);
        Assert.True(after.Waits[(int)LockKind.Heap] > before.Waits[(int)LockKind.Heap]);
    });

    private static ulong[] Acquisitions()
    {
        LockStats.Totals totals = CheckedHeap.ReadLockStats();
        ulong[] counts = new ulong[LockStats.Kinds];
        for (int i = 0; i < counts.Length; i++) counts[i] = totals.Acquisitions[i];
        return counts;
    }
}

public unsafe class SizeHistogramTests
{
    [Fact]
    public void Allocations_and_frees_are_told_by_class_and_misses_sample_what_was_asked_for() => OwnThread.RunFresh(CheckedHeap.Reset, static () =>
    {
        List<nint> blocks = [];
        for (int i = 0; i < 10; i++) CheckedHeap.Free(CheckedHeap.Alloc(100));   // lent by the class of 128 bytes
        for (int i = 0; i < 1000; i++) blocks.Add((nint)CheckedHeap.Alloc(1000));   // 24 bytes of each are unused
        for (int i = 0; i < 100; i++) blocks.Add((nint)CheckedHeap.Alloc(24_000));  // 576
        OwnThread.Run(() =>
        {
            CheckedHeap.Free(CheckedHeap.Alloc(1024));
            for (int i = 0; i < 300; i++) CheckedHeap.Free((void*)blocks[i]);
        });
        for (int i = 300; i < 1050; i++) CheckedHeap.Free((void*)blocks[i]);
        CheckedHeap.Free(CheckedHeap.Alloc(100_000));
        CheckedHeap.Free(CheckedHeap.Alloc(3 << 20));
        SizeHistogram.Totals sizes = CheckedHeap.ReadSizeHistogram();
        uint small = SizeClasses.ClassOf(1000), mid = SizeClasses.ClassOf(24_000), home = SizeClasses.ClassOf(128);
        Assert.Equal((1001UL, 1001UL, 100UL, 50UL), (sizes.Allocs[small], sizes.Frees[small], sizes.Allocs[mid], sizes.Frees[mid]));
        Assert.Equal((10UL, 10UL), (sizes.Allocs[home], sizes.Frees[home]));   // lent
        Assert.InRange(sizes.Samples[small], 2UL, 100UL);
        Assert.Equal(100UL, sizes.Samples[mid]);
        Assert.Equal(100UL * 24_000, sizes.SampledBytes[mid]);
        Assert.Equal((1UL, 1UL), (sizes.Larger[16], sizes.Larger[21]));
    });

    [Fact]
    public void Totals_agree_with_the_statistics() => OwnThread.RunFresh(CheckedHeap.Reset, static () =>
    {
        System.Random random = new(7);
        List<nint> blocks = [];
        for (int i = 0; i < 20_000; i++)
        {
            if (random.Next(5) < 3 || blocks.Count == 0)
            {
                nuint size = (nuint)random.Next(1, 3000);
                blocks.Add((nint)(random.Next(2) == 0 ? CheckedHeap.Alloc(size) : CheckedHeap.AllocZeroed(size)));
            }
            else
            {
                int at = random.Next(blocks.Count);
                CheckedHeap.Free((void*)blocks[at]);
                blocks[at] = blocks[^1];
                blocks.RemoveAt(blocks.Count - 1);
            }
        }

        AllocatorStatistics statistics;
        CheckedHeap.ReadStatistics(&statistics);
        SizeHistogram.Totals sizes = CheckedHeap.ReadSizeHistogram();
        for (uint sizeClass = 1; sizeClass < SizeClasses.Count; sizeClass++)
        {
            Assert.Equal(statistics.ClassBlocks[sizeClass], sizes.Allocs[sizeClass] - sizes.Frees[sizeClass]);
        }
    });
}

public unsafe class FreelistValidationTests
{
    [Theory]
    [InlineData("carve position", "corrupted records of the block at 0x")]
    [InlineData("start", "corrupted records of the block at 0x")]
    [InlineData("class", "corrupted records of the block at 0x")]
    [InlineData("page map", "double free of the block at 0x")]
    [InlineData("bitmap", "double free of the block at 0x")]
    public void A_planted_corruption_is_found_in_the_next_flush(string what, string message) => OwnThread.RunFresh(CheckedHeap.Reset, () =>
    {
        void* block = CheckedHeap.Alloc(1024);
        while (Config.CountFront(CheckedHeap.CurrentHeap(), SizeClasses.ClassOf(1024)) != 0) _ = CheckedHeap.Alloc(1024);
        CheckedHeap.Free(block);
        Slab* slab = Slab.At<Config>(PageMap.ChunkOf<Config>(block));
        switch (what)
        {
            case "carve position": slab->Carved = 0; break;
            case "start": slab->Start += 16; break;
            case "class": slab->Class = 0; break;
            case "page map": PageMap.Set<Config>(slab->FirstChunk, 1, 0); break;
            default: slab->Bits[0] |= 1; break;
        }

        AbortException found = Assert.Throws<AbortException>(() => CheckedHeap.Trim());
        Assert.Equal($"hakmem: {message}{(nint)block:x}", found.Message);
    });

    /// <summary>A small block with an alignment above 2 MiB is served from a cached mapping, which may be twice as long.</summary>
    [SystemFact(SystemNeeds.SmallPages)]
    public void A_sized_free_of_a_small_block_with_its_own_mapping_is_right() => OwnThread.RunFresh(CheckedHeap.Reset, static () =>
    {
        for (int i = 0; i < 2; i++) CheckedHeap.Free(CheckedHeap.AlignedAlloc(30_000, 4 << 20));   // the first of its size goes back
        void* block = CheckedHeap.AlignedAlloc(8193, 4 << 20);
        Assert.Equal((nuint)12_288, CheckedHeap.UsableSize(block));
        CheckedHeap.Free(block, 8193);
    });

    [Fact]
    public void A_planted_corruption_is_found_in_the_next_refill() => OwnThread.RunFresh(CheckedHeap.Reset, static () =>
    {
        void* block = CheckedHeap.Alloc(1024);
        Slab* slab = Slab.At<Config>(PageMap.ChunkOf<Config>(block));
        slab->Bits[0] |= 1UL << 63;   // never cut
        slab->FreeBlocks++;
        AbortException found = Assert.Throws<AbortException>(static () =>
        {
            for (int i = 0; i < 64; i++) _ = CheckedHeap.Alloc(1024);
        });
        Assert.Equal($"hakmem: corrupted records of the block at 0x{(nint)slab->Start + (63 * 1024):x}", found.Message);
    });

    [Theory]
    [InlineData("heap id", "corrupted heap at 0x")]
    [InlineData("bin top", "corrupted bin at 0x")]
    [InlineData("bin empty", "corrupted bin at 0x")]
    [InlineData("slab count", "corrupted header of the slab at 0x")]
    public void A_planted_contradiction_of_a_record_is_found_in_the_next_refill(string what, string message) => OwnThread.RunFresh(CheckedHeap.Reset, () =>
    {
        uint sizeClass = SizeClasses.ClassOf(1024);
        _ = CheckedHeap.Alloc(1024);
        ThreadHeap* heap = CheckedHeap.CurrentHeap();
        Bin* bin = ThreadHeap.BinOf(heap, sizeClass);
        Slab* slab = bin->Current;
        Config.ClearFront(heap, sizeClass);
        nint at = what.StartsWith("bin", System.StringComparison.Ordinal) ? (nint)bin : what.StartsWith("slab", System.StringComparison.Ordinal) ? (nint)slab->Start : (nint)heap;
        switch (what)
        {
            case "heap id": heap->IdShifted ^= 1u << 20; break;
            case "bin top": FrontHot.Of(heap, sizeClass)->Top += 300; break;
            case "bin empty": bin->Empty = slab; break;
            default: slab->FreeBlocks++; break;
        }

        AbortException found = Assert.Throws<AbortException>(() => Config.RefillFront(heap, sizeClass, 0));
        Assert.Equal($"hakmem: {message}{at:x}", found.Message);
    });

    [Fact]
    public void A_planted_contradiction_of_a_SuperSlab_is_found_when_the_arena_uses_it() => OwnThread.RunFresh(CheckedHeap.Reset, static () =>
    {
        void* block = CheckedHeap.Alloc(100_000);
        SuperSlab* superSlab = SuperSlab.Of<Config>((uint)PageMap.ChunkOf<Config>(block));
        superSlab->Dirty |= ~superSlab->Free;
        AbortException found = Assert.Throws<AbortException>(() => CheckedHeap.Alloc(100_000));
        Assert.Equal($"hakmem: corrupted record of the SuperSlab at 0x{(nint)Config.Base:x}", found.Message);
    });

    [Theory]
    [InlineData(1000, 1000, true)]
    [InlineData(1000, 1024, true)]
    [InlineData(1000, 1025, false)]
    [InlineData(1000, 1, true)]       // an aligned block may have asked for as little
    [InlineData(900, 896, true)]
    [InlineData(900, 480, true)]
    [InlineData(900, 479, false)]
    [InlineData(100_000, 131_072, true)]
    [InlineData(100_000, 131_073, false)]
    [InlineData(5_000_000, 5_000_000, true)]
    [InlineData(5_000_000, 6_000_000, false)]
    public void A_free_with_a_size_is_compared_with_the_block(int size, int said, bool right) => OwnThread.RunFresh(CheckedHeap.Reset, () =>
    {
        for (int i = 0; i < 40; i++) _ = CheckedHeap.Alloc((nuint)size);   // past the blocks that the home class lends
        void* block = CheckedHeap.Alloc((nuint)size);
        nuint usable = CheckedHeap.UsableSize(block);
        if (right)
        {
            CheckedHeap.Free(block, (nuint)said);
            CheckedHeap.Free(null, (nuint)said);
            return;
        }

        AbortException found = Assert.Throws<AbortException>(() => CheckedHeap.Free(block, (nuint)said));
        Assert.Equal($"hakmem: free of the block at 0x{(nint)block:x} with the size {said}: it has {usable}", found.Message);
    });

    /// <summary>Of the thread that frees, of another one, and of a first-class heap.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void What_could_not_shrink_for_want_of_memory_is_freed_with_its_new_size(int owner) => OwnThread.RunFresh(CheckedHeap.Reset, () =>
    {
        _ = CheckedHeap.CurrentHeap();
        ThreadHeap* heap = FirstClassHeap.Create<Config>();
        void* block = null;
        for (int i = 0; i < 40; i++) block = owner == 2 ? FirstClassHeap.Alloc<Config>(heap, 900, 1, false) : CheckedHeap.Alloc(900);
        Assert.Equal((nuint)960, CheckedHeap.UsableSize(block));
        FaultyMemory.Affected = MemoryCalls.Commit | MemoryCalls.Map;
        FaultyMemory.FailAt = FaultyMemory.Calls + 1;
        FaultyMemory.FailTimes = long.MaxValue;
        while (FirstClassHeap.Alloc<Config>(heap, 112, 1, false) != null)
        {
        }

        while (CheckedHeap.TryAlloc(112, out _))
        {
        }

        if (owner == 1) OwnThread.Run(() => Shrink(null, block));
        else Shrink(owner == 2 ? heap : null, block);
    });

    private static void Shrink(ThreadHeap* heap, void* block)
    {
        void* same = null;
        if (heap != null) same = FirstClassHeap.Realloc<Config>(heap, block, 112, 1);
        else Assert.True(CheckedHeap.TryRealloc(block, 112, out same));
        Assert.True(same == block);
        CheckedHeap.Free(block, 112);
    }
}

public unsafe class PageFaultTelemetryTests
{
    [Theory]
    [InlineData(1024)]
    [InlineData(48)]
    [InlineData(3072)]
    [InlineData(20480)]
    public void Pages_are_those_that_the_cut_blocks_reach_into(int size) => OwnThread.RunFresh(CheckedHeap.Reset, () =>
    {
        for (int i = 0; i < 3000 && i * size < 20_000_000; i++) _ = CheckedHeap.Alloc((nuint)size);
        ulong pages = 0, blocks = 0;
        for (nuint chunk = 0; chunk < Config.Space->NextChunk; chunk++)
        {
            uint sizeClass = PageMap.Get<Config>(chunk) & 255;
            if (sizeClass is 0 or >= SizeClasses.Count || chunk % Config.Classes[sizeClass].Chunks != 0) continue;
            Slab* slab = Slab.At<Config>(chunk);
            blocks += slab->Carved;
            pages += (((ulong)slab->Carved * Config.Classes[sizeClass].SizeBytes) + Chunk.OsPageBytes - 1) / Chunk.OsPageBytes;
        }

        PageFaultTelemetry.HeapState seen = CheckedHeap.ReadPageFaultTelemetry();
        Assert.Equal((blocks, pages), (seen.FreshBlocks, seen.FreshPages));
    });

    [SystemFact(SystemNeeds.SmallPages)]
    public void Pages_used_before_are_not_counted_again_until_they_were_purged() => OwnThread.RunFresh(CheckedHeap.Reset, static () =>
    {
        BlockLedger ledger = new();
        void Use()
        {
            for (int i = 0; i < 256; i++) ledger.Add(CheckedHeap.Alloc(1024), 1024);
            while (ledger.Count != 0) CheckedHeap.Free(ledger.Take(0));
        }

        Use();
        ulong once = CheckedHeap.ReadPageFaultTelemetry().FreshPages;
        Use();
        Assert.Equal(once, CheckedHeap.ReadPageFaultTelemetry().FreshPages);
        CheckedHeap.Trim();
        Use();
        Assert.InRange(CheckedHeap.ReadPageFaultTelemetry().FreshPages, once + 32, (2 * once) + 32);
    });

    [SystemFact(SystemNeeds.SmallPages)]
    public void A_page_that_serves_again_counts_as_touched_once() => OwnThread.RunFresh(CheckedHeap.Reset, static () =>
    {
        BlockLedger ledger = new();
        for (int round = 0; round < 5; round++)
        {
            // Another class each time, so that the same chunks are cut anew.
            for (int i = 0; i < 64; i++) ledger.Add(CheckedHeap.Alloc((nuint)(2048 << (round % 3))), 8);
            while (ledger.Count != 0) CheckedHeap.Free(ledger.Take(0));
            CheckedHeap.Trim();
        }

        PageFaultTelemetry.HeapState seen = CheckedHeap.ReadPageFaultTelemetry();
        HashSet<nuint> chunks = [];
        for (nuint chunk = 0; chunk < Config.Space->NextChunk; chunk++) chunks.Add(chunk);
        Assert.InRange(seen.FirstTouches, 64UL, (ulong)chunks.Count * 16);
        Assert.True(seen.FreshPages > seen.FirstTouches, $"{seen.FreshPages} faults on {seen.FirstTouches} pages");
    });

    [SystemFact(SystemNeeds.SmallPages)]
    public void Pages_given_back_inside_a_slab_are_counted_when_they_are_used_again() => OwnThread.RunFresh(CheckedHeap.Reset, static () =>
    {
        List<nint> blocks = [];
        for (int i = 0; i < 64; i++) blocks.Add((nint)CheckedHeap.Alloc(1024));
        for (int i = 8; i < 64; i++) CheckedHeap.Free((void*)blocks[i]);
        CheckedHeap.Trim();
        ThreadHeap* heap = CheckedHeap.CurrentHeap();
        ulong purged = (ulong)heap->PurgedPages;
        Assert.InRange(purged, 10UL, 14UL);
        for (int i = 8; i < 64; i++) _ = CheckedHeap.Alloc(1024);
        Assert.Equal((purged, 0L), (CheckedHeap.ReadPageFaultTelemetry().RefaultedPages, heap->PurgedPages));
    });
}
