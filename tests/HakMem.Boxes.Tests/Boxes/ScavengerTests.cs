using System;
using System.Numerics;
using HakMem.Tests.Support;
using Xunit;
using Config = HakMem.Boxes.Tests.TestHeap.Config;

namespace HakMem.Boxes.Tests;

public unsafe class ScavengerTests
{
    private const int Size = 1024, Count = 4000, KeepEvery = 25;

    [SystemFact(SystemNeeds.SmallPages)]
    public void Free_pages_inside_used_slabs_go_back_when_nothing_changes_and_serve_again() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        FaultyMemory.Clock = 1000;
        BlockLedger kept = Burst();
        ThreadHeap* heap = TestHeap.CurrentHeap();
        Config.PollScavenge();
        Assert.Equal((1, 0), (Config.Composition->Scavenge, FaultyMemory.Purges));   // asked for, not due
        FaultyMemory.Clock = 1100;
        Config.PollScavenge();
        Assert.Equal((1, 0L), (Config.Composition->Scavenge, heap->PurgedPages));   // seen for the first time; another pass is wanted
        FaultyMemory.Clock = 1200;
        Config.PollScavenge();
        Assert.InRange(heap->PurgedPages, Count / 8, Count / 4);
        AssertCommitted();
        kept.Check();

        // A pass over what did not change purges nothing again.
        long purges = FaultyMemory.Purges;
        for (ulong time = 1300; time < 2500; time += 100)
        {
            FaultyMemory.Clock = time;
            Config.PollScavenge();
        }

        Assert.InRange(FaultyMemory.Purges, purges, purges + 2);   // spans whose deadline came, at most
        Assert.Equal(0, Config.Composition->Scavenge);

        long before = heap->PurgedPages;
        for (int i = 0; i < Count; i++)
        {
            Assert.True(TestHeap.TryAllocZeroed(Size, out void* block));
            Assert.False(new ReadOnlySpan<byte>(block, Size).ContainsAnyExcept((byte)0));
            kept.Add(block, Size);
            Assert.InRange(heap->PurgedPages, 0, before);
        }

        kept.Check();
        Assert.Equal(0, heap->PurgedPages);
        AssertCommitted();
        while (kept.Count != 0) TestHeap.Free(kept.Take(0));
        TestHeap.Trim();
        Assert.Equal(0, heap->PurgedPages);
        HeapWalk.AssertValid<Config>();
    });

    /// <summary>Each part under the lock is short however many slabs there are, and none looks again at what the parts before have done.</summary>
    [Fact]
    public void A_heap_of_many_slabs_is_looked_through_in_short_parts() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        const int Slabs = 600, Large = 16384;   // four to a slab
        nint[] blocks = new nint[Slabs * 4];
        for (int i = 0; i < blocks.Length; i++) *(byte*)(blocks[i] = (nint)TestHeap.Alloc(Large)) = 1;
        for (int i = 0; i < blocks.Length; i++)
        {
            if (i % 4 != 0) TestHeap.Free((void*)blocks[i]);
        }

        ThreadHeap* heap = TestHeap.CurrentHeap();
        Config.FlushAllFronts(heap);
        uint sizeClass = SizeClasses.ClassOf(Large);
        long least = Slabs - 32;   // the last in the stack, the current one
        PurgeWalk walk = default;
        walk.Begin();
        int parts = 0;
        for (bool done = false; !done; parts++)
        {
            walk.Renew();
            long before = FaultyMemory.Purges;
            done = UnifiedCacheRefill.PurgePages<Config>(heap, sizeClass, &walk, true);
            Assert.InRange(FaultyMemory.Purges - before, 0, 8);
            if (parts == 20) Assert.InRange(FaultyMemory.Purges, 150, 168);   // every call of every part did something
        }

        Assert.InRange(FaultyMemory.Purges, least, Slabs * 2);
        Assert.InRange(parts, Slabs / 8, Slabs / 4);

        // With nothing to do it looks at 128 slabs at a time.
        walk.Begin();
        walk.Renew();
        Assert.False(UnifiedCacheRefill.PurgePages<Config>(heap, sizeClass, &walk, true));
        Slab* place = walk.At;
        walk.Renew();
        _ = UnifiedCacheRefill.PurgePages<Config>(heap, sizeClass, &walk, true);
        Assert.True(walk.At != place);

        // A slab that left its list meanwhile is no place to go on from.
        byte original = (byte)walk.At->Place;
        walk.At->Place = SlabPlace.Full;
        Assert.True(UnifiedCacheRefill.PurgePages<Config>(heap, sizeClass, &walk, false));
        Assert.True(walk.Changing);
        walk.At->Place = (SlabPlace)original;

        // Nor is one that another heap has by now, in a list of the same kind: its header's owner may still be read as it was, the page map is not.
        walk.Begin();
        walk.Slabs = 3;
        Assert.False(UnifiedCacheRefill.PurgePages<Config>(heap, sizeClass, &walk, false));
        uint entry = PageMap.Get<Config>(walk.At->FirstChunk);
        PageMap.Set<Config>(walk.At->FirstChunk, 1, ((heap->Id + 1) << 8) | sizeClass);
        Assert.True(UnifiedCacheRefill.PurgePages<Config>(heap, sizeClass, &walk, false));
        Assert.True(walk.Changing);
        PageMap.Set<Config>(walk.At->FirstChunk, 1, entry);

        // Who wants all of it begins again, but not for ever.
        walk.Begin();
        walk.Calls = 0;
        walk.Slabs = 1;
        Assert.False(UnifiedCacheRefill.PurgePages<Config>(heap, sizeClass, &walk, true));
        Slab* current = walk.At;
        original = (byte)current->Place;
        current->Place = SlabPlace.Full;
        for (int i = 0; i < PurgeWalk.MostRestarts; i++) Assert.False(UnifiedCacheRefill.PurgePages<Config>(heap, sizeClass, &walk, true));
        Assert.True(UnifiedCacheRefill.PurgePages<Config>(heap, sizeClass, &walk, true));
        current->Place = (SlabPlace)original;
    });

    /// <summary>A pass and a trim empty a first-class heap that nobody is in: nobody else would.</summary>
    [Fact]
    public void An_idle_first_class_heap_keeps_nothing() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        _ = TestHeap.CurrentHeap();
        FaultyMemory.Clock = 1000;
        ThreadHeap* heap = FirstClassHeap.Create<Config>();
        nint foreign = (nint)TestHeap.Alloc(300);
        for (int round = 0; round < 2; round++)
        {
            for (nuint size = 16; size <= 32768; size *= 2) FirstClassHeap.Free<Config>(heap, FirstClassHeap.Alloc<Config>(heap, size, 1, false));
            if (round == 1) FirstClassHeap.Free<Config>(heap, (void*)foreign);   // into its table
            HeapStatistics numbers;
            FirstClassHeap.ReadStatistics<Config>(heap, &numbers);
            Assert.NotEqual(0UL, numbers.CachedBytes);

            // Not while somebody is in it.
            SpinLock.Enter<Config>(&heap->UserLock);
            TestHeap.Trim();
            SpinLock.Exit<Config>(&heap->UserLock);
            FirstClassHeap.ReadStatistics<Config>(heap, &numbers);
            Assert.NotEqual(0UL, numbers.CachedBytes);
            if (round == 0) TestHeap.Trim();
            for (int i = 0; i < 4 && round != 0; i++) _ = Scavenger.Pass<Config>(false);
            FirstClassHeap.ReadStatistics<Config>(heap, &numbers);
            Assert.Equal((0UL, 0UL), (numbers.CachedBytes, numbers.Blocks));
        }

        AllocatorStatistics all;
        TestHeap.ReadStatistics(&all);
        Assert.Equal(0UL, all.InUseBlocks);
        FirstClassHeap.Destroy<Config>(heap);
    });

    /// <summary>A host's timer that does not come leaves the work to slow paths, after the delay has passed twice.</summary>
    [SystemFact(SystemNeeds.SmallPages)]
    public void A_pass_that_the_host_misses_is_run_by_a_slow_path() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        FaultyMemory.Clock = 1000;
        BlockLedger kept = Burst();
        Composition* composition = Config.Composition;
        Assert.Equal((1, 1100UL), (composition->Scavenge, composition->ScavengeAt));
        composition->HostWakes = true;
        FaultyMemory.Clock = 1299;
        Config.WantScavenge();
        Assert.Equal((1, 1100UL), (composition->Scavenge, composition->ScavengeAt));   // the host's
        FaultyMemory.Clock = 1300;
        Config.WantScavenge();
        Assert.Equal((1, 1400UL), (composition->Scavenge, composition->ScavengeAt));   // run, and another asked for
        composition->HostWakes = true;
        FaultyMemory.Clock = 1600;
        Config.WantScavenge();
        Assert.InRange(TestHeap.CurrentHeap()->PurgedPages, Count / 8, Count / 4);
        kept.Check();
    });

    /// <summary>Refills and flushes that come in one order again and again must not keep flushes from looking at the clock: none of these meets a multiple of any power of two above one.</summary>
    [Fact]
    public void A_flush_finds_a_missed_pass_in_whatever_order_blocks_move() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        ThreadHeap* heap = TestHeap.CurrentHeap();
        FaultyMemory.Clock = 1000;
        Composition* composition = Config.Composition;
        BlockLedger held = new();
        for (int round = 0; round < 1000 && composition->Scavenge != 1; round++) Move();
        Assert.Equal(1, composition->Scavenge);
        composition->HostWakes = true;
        ulong at = composition->ScavengeAt;
        FaultyMemory.Clock = 5000;
        uint moves = heap->Moves;
        while (composition->ScavengeAt == at && heap->Moves - moves < 1000) Move();
        Assert.InRange(heap->Moves - moves, 1u, 200u);

        void Move()
        {
            for (int i = 0; i < 200; i++) held.Add(TestHeap.Alloc(8128), 8128);
            while (held.Count != 0)
            {
                if ((heap->Moves & 1) != 0) heap->Moves++;   // as a refill between: a flush counts itself, and finds an odd number
                TestHeap.Free(held.Take(held.Count - 1));
            }
        }
    });

    /// <summary>Whoever asks for a pass may have to run it, over all heaps: others wait for the user lock meanwhile if that is still held.</summary>
    [Fact]
    public void A_free_in_a_first_class_heap_runs_a_pass_after_others_may_use_it() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        _ = TestHeap.CurrentHeap();
        FaultyMemory.Clock = 1000;
        ThreadHeap* heap = FirstClassHeap.Create<Config>(), other = FirstClassHeap.Create<Config>();
        void* foreign = FirstClassHeap.Alloc<Config>(other, 300, 1, false);
        FirstClassHeap.Free<Config>(heap, FirstClassHeap.Alloc<Config>(heap, 64, 1, false));
        _ = Scavenger.Pass<Config>(false);   // sees that it changed
        HeapStatistics numbers;
        FirstClassHeap.ReadStatistics<Config>(heap, &numbers);
        Assert.NotEqual(0UL, numbers.CachedBytes);
        Composition* composition = Config.Composition;
        (composition->Scavenge, composition->ScavengeAt, composition->HostWakes) = (1, 0, false);
        FirstClassHeap.Free<Config>(heap, foreign);
        Assert.NotEqual((1, 0UL), (composition->Scavenge, composition->ScavengeAt));   // the pass was run
        FirstClassHeap.ReadStatistics<Config>(heap, &numbers);
        Assert.Equal(0UL, numbers.CachedBytes);   // and could empty the heap
        FirstClassHeap.Destroy<Config>(heap);
        FirstClassHeap.Destroy<Config>(other);
    });

    /// <summary>What is behind the last block of a slab that was used by others before, nobody has freed.</summary>
    [SystemFact(SystemNeeds.SmallPages)]
    public void Used_pages_behind_the_last_block_that_was_cut_go_back() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        ThreadHeap* heap = TestHeap.CurrentHeap();
        UnifiedCacheRefillTests.UsedSpans(heap, 6);
        BlockLedger ledger = new();
        Slab* first = null, slab;
        do
        {
            void* block = TestHeap.Alloc(2048);
            ledger.Add(block, 2048);
            slab = Slab.At<Config>(PageMap.ChunkOf<Config>(block));
            if (first == null) first = slab;
        }
        while (slab == first);
        while (Config.CountFront(heap, slab->Class) != 0) ledger.Add(TestHeap.Alloc(2048), 2048);
        Assert.True(!slab->Zeroed && slab->FreeBlocks == 0 && slab->Carved is > 0 and < 32);
        Config.ScavengePass(false);
        Assert.Equal(0UL, slab->PurgedPages);   // seen for the first time
        Config.ScavengePass(false);
        ulong behind = ulong.MaxValue << (int)((slab->Carved + 1) / 2) & 0xFFFF;
        Assert.Equal((behind, (long)BitOperations.PopCount(behind)), (slab->PurgedPages, heap->PurgedPages));
        long purges = FaultyMemory.Purges;
        Config.ScavengePass(false);
        Config.ScavengePass(false);
        Assert.Equal(purges, FaultyMemory.Purges);
        TestHeap.Free(ledger.Take(ledger.Count - 1));
        SpinLock.Enter<Config>(&heap->Lock);
        Config.FlushAllFronts(heap);
        SpinLock.Exit<Config>(&heap->Lock);
        while (slab->Carved != slab->Blocks)   // a block that is used again brings none of them back
        {
            ledger.Add(TestHeap.Alloc(2048), 2048);
            behind = ulong.MaxValue << (int)((slab->Carved + 1) / 2) & 0xFFFF;
            Assert.Equal((behind, (long)BitOperations.PopCount(behind)), (slab->PurgedPages, heap->PurgedPages));
        }

        ledger.Check();
        HeapWalk.AssertValid<Config>();
    });

    /// <summary>Cutting is a change as freeing is: what is behind is about to be used.</summary>
    [Fact]
    public void A_slab_that_is_being_cut_keeps_its_pages() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        ThreadHeap* heap = TestHeap.CurrentHeap();
        UnifiedCacheRefillTests.UsedSpans(heap, 6);
        Slab* first = Alloc(), slab;
        do slab = Alloc();
        while (slab == first);
        Config.ScavengePass(false);
        uint carved = slab->Carved;
        while (slab->Carved == carved) _ = Alloc();
        Assert.True(slab->Carved < slab->Blocks && slab->FreeBlocks == 0);
        Config.ScavengePass(false);
        Assert.Equal(0UL, slab->PurgedPages);
        Config.ScavengePass(false);
        Assert.NotEqual(0UL, slab->PurgedPages);

        static Slab* Alloc()
        {
            ThreadHeap.BinOf(TestHeap.CurrentHeap(), SizeClasses.ClassOf(2048))->LastMove = FrontMove.None;   // so that the stack stays small, and a refill cuts a part of a slab
            return Slab.At<Config>(PageMap.ChunkOf<Config>(TestHeap.Alloc(2048)));
        }
    });

    [SystemFact(SystemNeeds.SmallPages)]
    public void The_page_in_which_the_last_free_block_ends_goes_back() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        ThreadHeap* heap = TestHeap.CurrentHeap();
        BlockLedger ledger = new();
        for (uint i = 0; i <= Config.Classes[SizeClasses.ClassOf(1280)].Lent; i++) ledger.Add(TestHeap.Alloc(1280), 1280);   // those of the home class, and one
        void* block = TestHeap.Alloc(1280);
        Slab* slab = Slab.At<Config>(PageMap.ChunkOf<Config>(block));
        uint pages = (uint)(((slab->Carved * 1280) + Chunk.OsPageBytes - 1) / Chunk.OsPageBytes);
        Assert.True(slab->Zeroed && slab->Carved * 1280 % Chunk.OsPageBytes != 0);
        TestHeap.Free(block);
        SpinLock.Enter<Config>(&heap->Lock);
        Config.FlushAllFronts(heap);
        SpinLock.Exit<Config>(&heap->Lock);
        Config.ScavengePass(false);
        Config.ScavengePass(false);
        Assert.Equal((1UL << (int)pages) - 2, slab->PurgedPages);   // the first page has a block in use
        uint carved = slab->Carved;
        for (int i = 0; i < 32; i++) ledger.Add(TestHeap.Alloc(1280), 1280);
        Assert.Equal(0UL, slab->PurgedPages);
        Assert.True(slab->Carved > carved);
        HeapWalk.AssertValid<Config>();   // the heap's sum, too
        ledger.Check();
    });

    [Fact]
    public void A_refused_purge_is_not_counted_and_not_repeated() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        FaultyMemory.Clock = 1000;
        BlockLedger kept = Burst();
        FaultyMemory.Affected = MemoryCalls.Purge;
        FaultyMemory.FailAt = FaultyMemory.Calls + 1;
        FaultyMemory.FailTimes = long.MaxValue;
        Config.ScavengePass(false);
        Config.ScavengePass(false);
        Assert.Equal(0, TestHeap.CurrentHeap()->PurgedPages);
        long tried = FaultyMemory.Purges;
        Config.ScavengePass(false);
        Assert.Equal(tried, FaultyMemory.Purges);
        AssertCommitted();
        kept.Check();
    });

    /// <summary>A heap that frees large blocks is at work: what it keeps of them stays until it rests.</summary>
    [Fact]
    public void What_is_kept_of_large_blocks_stays_while_some_are_freed() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        ThreadHeap* heap = TestHeap.CurrentHeap();
        for (int pass = 0; pass < 3; pass++)
        {
            TestHeap.Free(TestHeap.Alloc(100_000));
            Assert.True(Scavenger.Pass<Config>(false));
            Assert.Equal(1u, Config.LargePoolOf(heap)->Count);
        }

        _ = Scavenger.Pass<Config>(false);
        Assert.Equal(0u, Config.LargePoolOf(heap)->Count);
    });

    /// <summary>Where nobody wakes the scavenger, who takes a large block does what is due.</summary>
    [Fact]
    public void What_is_due_goes_back_when_a_large_block_is_taken() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        FaultyMemory.Clock = 1000;
        TestHeap.Free(TestHeap.Alloc(2_000_000));   // too long to be kept
        ulong dirty = Config.PageArenaState->DirtyChunks;
        Assert.Equal(31UL, dirty);
        FaultyMemory.Clock = 1000 + 150;
        void* taken = TestHeap.Alloc(100_000);
        Assert.Equal((0UL, 29UL), (Config.PageArenaState->DirtyChunks, Config.PurgeQueueState->PurgedChunks));
        TestHeap.Free(taken);
    });

    [SystemFact(SystemNeeds.SmallPages)]
    public void Without_purging_nothing_is_wanted_and_a_trim_does_it() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        FaultyMemory.Clock = 1000;
        ThreadHeap* heap = TestHeap.CurrentHeap();
        Config.Composition->PurgeEnabled = false;
        BlockLedger kept = Burst();
        FaultyMemory.Clock = 9000;
        TestHeap.Free(TestHeap.Alloc(Size));
        Config.PollScavenge();
        Assert.Equal((0, 0L, 0L), (Config.Composition->Scavenge, FaultyMemory.Purges, heap->PurgedPages));
        TestHeap.Trim();
        Assert.InRange(heap->PurgedPages, Count / 8, Count / 4);
        kept.Check();
    });

    [Fact]
    public void Under_always_only_whole_super_slabs_go_back() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        _ = TestHeap.CurrentHeap();
        Config.Composition->HugePages = HugePagePolicy.Always;
        BlockLedger kept = Burst();
        Config.ScavengePass(true);
        Config.ScavengePass(true);
        Assert.Equal((0L, 0L), (FaultyMemory.Purges, TestHeap.CurrentHeap()->PurgedPages));
        while (kept.Count != 0) TestHeap.Free(kept.Take(0));
        TestHeap.Trim();
        Assert.True(FaultyMemory.Purges > 0);
        Assert.Equal((0UL, 0UL), (Config.PageArenaState->DirtyChunks, Config.PageArenaState->UsedChunks));
    });

    [Theory]
    [InlineData(HugePagePolicy.System, false, 0, 0)]
    [InlineData(HugePagePolicy.Never, false, 1, 0)]
    [InlineData(HugePagePolicy.Always, false, 1, 0)]
    [InlineData(HugePagePolicy.Always, true, 1, 1)]
    [InlineData(HugePagePolicy.System, true, 0, 1)]
    public void A_fresh_super_slab_is_prepared_as_wanted_and_a_refusal_does_no_harm(HugePagePolicy policy, bool prefault, int advised, int populated)
    {
        foreach (bool refused in new[] { false, true })
        {
            OwnThread.RunFresh(TestHeap.Reset, () =>
            {
                _ = TestHeap.CurrentHeap();
                Config.Composition->HugePages = policy;
                Config.Composition->Prefault = prefault;
                FaultyMemory.Affected = MemoryCalls.AdviseHugePages | MemoryCalls.Populate;
                FaultyMemory.FailAt = refused ? 1 : 0;
                FaultyMemory.FailTimes = long.MaxValue;
                long before = FaultyMemory.Calls;
                BlockLedger ledger = new();
                ledger.Add(TestHeap.Alloc(100_000), 100_000);
                long first = FaultyMemory.Calls - before;
                for (int i = 0; i < 100; i++) ledger.Add(TestHeap.Alloc(100_000), 100_000);
                long superSlabs = Config.PageArenaState->SuperSlabs;
                Assert.True(superSlabs > 2);
                Assert.InRange(FaultyMemory.Calls - before - (superSlabs * (advised + populated)), 0, superSlabs);   // the address space forbids huge pages at first
                Assert.InRange(first, advised + populated, advised + populated + 1);
                ledger.Check();
                while (ledger.Count != 0) TestHeap.Free(ledger.Take(0));
                TestHeap.Trim();

                // Clean they are in any case; what was advised for one composition does not go to others.
                Assert.Equal((0UL, 0UL), (Config.PageArenaState->UsedChunks, Config.PageArenaState->DirtyChunks));
                Assert.Equal(policy == HugePagePolicy.System ? 0 : superSlabs, Config.PageArenaState->SuperSlabs);
            });
        }
    }

    /// <summary>What is freed while a pass runs may lie where it has been: the pass is told, or, when it ends before that, the next one is asked for.</summary>
    [Theory]
    [InlineData(false, 4)]
    [InlineData(true, 1)]
    public void A_wish_during_a_pass_is_not_lost(bool ends, int stage) => OwnThread.RunFresh(SteppedHeap.Reset, () =>
    {
        _ = SteppedHeap.CurrentHeap();
        Composition* composition = SteppedHeap.Config.Composition;
        composition->Scavenge = 2;
        if (ends) NextStep.Do(() => SteppedHeap.Config.Composition->Scavenge = 0);
        SteppedHeap.Config.WantScavenge();
        Assert.Equal(stage, composition->Scavenge);
    });

    private static BlockLedger Burst()
    {
        BlockLedger kept = new(), rest = new();
        for (int i = 0; i < Count; i++) (i % KeepEvery == 3 ? kept : rest).Add(TestHeap.Alloc(Size), Size);
        while (rest.Count != 0) TestHeap.Free(rest.Take(0));
        return kept;
    }

    private static void AssertCommitted()
    {
        AllocatorStatistics statistics;
        TestHeap.ReadStatistics(&statistics);
        Assert.InRange(statistics.CommittedBytes, statistics.InUseBytes, 64UL << 20);
    }

    [Fact]
    public void Many_large_remote_frees_ask_for_a_pass() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        _ = TestHeap.CurrentHeap();
        FaultyMemory.Clock = 1000;
        const int Count = 1600;
        nint[] blocks = new nint[Count];
        using System.Threading.ManualResetEventSlim made = new(), freed = new(), leave = new();
        OwnThread.Handle maker = OwnThread.Start(() =>
        {
            for (int i = 0; i < Count; i++) blocks[i] = (nint)TestHeap.Alloc(32768);
            made.Set();
            leave.Wait();
        });
        made.Wait();
        OwnThread.Handle freer = OwnThread.Start(() =>
        {
            _ = TestHeap.Alloc(16);
            for (int i = 0; i < Count; i++) TestHeap.Free((void*)blocks[i]);
            freed.Set();
            leave.Wait();
        });
        freed.Wait();
        int stage = Config.Composition->Scavenge;
        for (int i = 0; i < 10; i++)
        {
            FaultyMemory.Clock = 5000UL + (ulong)(i * 1000);
            Config.PollScavenge();   // as a host's timer would
            PurgeQueue.Poll<Config>(false);
        }

        ulong committed = MemoryLimit.Committed<Config>();
        leave.Set();
        maker.Join();
        freer.Join();
        Assert.True(stage == 1 && committed < 20 << 20, $"stage {stage}, committed {committed >> 20} MiB");
    });

    [Fact]
    public void Frees_to_a_first_class_heap_ask_for_a_pass() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        _ = TestHeap.CurrentHeap();
        FaultyMemory.Clock = 1000;
        ThreadHeap* heap = FirstClassHeap.Create<Config>();
        System.Collections.Generic.List<nint> blocks = [];
        for (int i = 0; i < 1600; i++) blocks.Add((nint)FirstClassHeap.Alloc<Config>(heap, 32768, 1, false));
        foreach (nint b in blocks) TestHeap.Free((void*)b);
        int stage = Config.Composition->Scavenge;
        for (int i = 0; i < 10; i++)
        {
            FaultyMemory.Clock = 5000UL + (ulong)(i * 1000);
            Config.PollScavenge();
            PurgeQueue.Poll<Config>(false);
        }

        ulong committed = MemoryLimit.Committed<Config>();
        Assert.True(stage == 1 && committed < 1 << 20, $"stage {stage}, committed {committed >> 20} MiB");
    });
}
