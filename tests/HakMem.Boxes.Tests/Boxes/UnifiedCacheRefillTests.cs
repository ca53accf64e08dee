using System;
using System.Collections.Generic;
using Xunit;
using Config = HakMem.Boxes.Tests.TestHeap.Config;

namespace HakMem.Boxes.Tests;

public unsafe class UnifiedCacheRefillTests
{
    [Fact]
    public void Fresh_blocks_come_in_ascending_order_in_batches_that_double() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        ThreadHeap* heap = TestHeap.CurrentHeap();
        List<ulong> batches = [];
        byte* before = null;
        ulong moved = 0;
        for (int i = 0; i < 500; i++)
        {
            byte* block = (byte*)TestHeap.Alloc(128);
            if (before != null) Assert.Equal(128, block - before);
            before = block;
            DebugCounters.HeapState counters = TestHeap.ReadDebugCounters();
            if (counters.RefilledBlocks != moved) batches.Add(counters.RefilledBlocks - moved);
            moved = counters.RefilledBlocks;
        }

        Assert.Equal([8UL, 16, 32, 64, 128, 128, 128], batches.GetRange(0, 7).ToArray());
        Assert.Equal(256, FrontHot.Of(heap, 8)->MaxCapacity);
    });

    /// <summary>32; above a page as many as waste one, one at least.</summary>
    [Theory]
    [InlineData(10, 16, 128, 32)]
    [InlineData(100, 112, 128, 32)]
    [InlineData(144, 144, 256, 32)]
    [InlineData(600, 640, 1024, 32)]
    [InlineData(1100, 1152, 2048, 32)]
    [InlineData(4200, 4368, 6144, 2)]
    [InlineData(5000, 5120, 6144, 4)]
    [InlineData(9000, 9216, 12288, 1)]
    [InlineData(17000, 17472, 24576, 1)]
    [InlineData(32000, 32768, 32768, 0)]
    public void First_blocks_are_borrowed_from_the_home_class(int size, int own, int home, int count) => OwnThread.RunFresh(TestHeap.Reset, () =>
    {
        for (int i = 0; i < count; i++) Assert.Equal((nuint)home, TestHeap.UsableSize(TestHeap.Alloc((nuint)size)));
        Assert.Equal((nuint)own, TestHeap.UsableSize(TestHeap.Alloc((nuint)size)));
        Assert.Equal((ulong)(count == 0 ? 1 : 2), TestHeap.ReadDebugCounters().NewSlabs);
        HeapWalk.AssertValid<Config>();
    });

    [Fact]
    public void Small_sizes_share_one_slab_at_first() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        for (int i = 0; i < 32; i++) Assert.Equal((nuint)128, TestHeap.UsableSize(TestHeap.Alloc((nuint)(16 + (i % 8 * 16)))));
        Assert.Equal(1UL, TestHeap.ReadDebugCounters().NewSlabs);
    });

    /// <summary>A block that is aligned may not come from a home that is aligned worse, and none does: the first ones and all others, of every size.</summary>
    [Fact]
    public void A_borrowed_block_is_aligned_as_its_size_is() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        BlockLedger ledger = new();
        for (nuint size = 256; size <= SizeClasses.MaxBytes; size += 256)
        {
            nuint own = SizeClasses.SizeOf(SizeClasses.ClassOf(size)), alignment = (size | own) & (0 - (size | own)) & 4095;   // the additional classes are aligned to 16
            for (int i = 0; i < 3; i++)
            {
                void* block = TestHeap.Alloc(size);
                if (alignment != 0) Assert.Equal((nuint)0, (nuint)block & (alignment - 1));
                Assert.True(TestHeap.TryAlignedAlloc(size, 512, out void* aligned));
                Assert.Equal((nuint)0, (nuint)aligned & 511);
                ledger.Add(block, size);
                ledger.Add(aligned, size);
            }
        }

        ledger.Check();
    });

    /// <summary>Of fresh memory above a page no block is cut before it is wanted: the pages of each are touched one by one, and what is free in front counts as used.</summary>
    [Theory]
    [InlineData(4368)]
    [InlineData(24576)]
    public void Fresh_blocks_above_a_page_are_cut_one_by_one(int size) => OwnThread.RunFresh(TestHeap.Reset, () =>
    {
        ThreadHeap* heap = TestHeap.CurrentHeap();
        SizeClass* info = Config.Classes + SizeClasses.ClassOf((nuint)size);
        for (uint i = 0; i < info->Lent; i++) _ = TestHeap.Alloc((nuint)size);   // borrowed
        void* block = TestHeap.Alloc((nuint)size);
        Slab* slab = Slab.Of<Config>(PageMap.ChunkOf<Config>(block), info);
        for (uint cut = 1; cut < 5; cut++)
        {
            Assert.Equal((0u, cut), (Config.CountFront(heap, slab->Class), slab->Carved));
            block = TestHeap.Alloc((nuint)size);
        }

        // With a used one comes no fresh one.
        TestHeap.Free(block);
        SpinLock.Enter<Config>(&heap->Lock);
        Config.FlushAllFronts(heap);
        SpinLock.Exit<Config>(&heap->Lock);
        Assert.True(TestHeap.Alloc((nuint)size) == block);
        Assert.Equal((0u, 5u), (Config.CountFront(heap, slab->Class), slab->Carved));

        // Of used memory come as many as the stack takes.
        slab->Zeroed = false;
        Config.PageArenaState->UntouchedBytes -= (info->Chunks * 65536L) - (slab->Carved * (long)info->SizeBytes);
        _ = TestHeap.Alloc((nuint)size);
        Assert.True(slab->Carved > 6 && Config.CountFront(heap, slab->Class) == slab->Carved - 6);
        HeapWalk.AssertValid<Config>();
    });

    [Fact]
    public void Blocks_of_a_page_are_cut_in_batches() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        void* block = TestHeap.Alloc(4096);
        Assert.True(Slab.At<Config>(PageMap.ChunkOf<Config>(block))->Carved > 1);
    });

    /// <summary>The rest of a longer slab was never touched: whoever looks for used memory must not take it for that.</summary>
    [Theory]
    [InlineData(1, 1u)]
    [InlineData(3, 1u)]
    [InlineData(4, 2u)]
    [InlineData(11, 4u)]
    public void Of_a_slab_that_is_given_up_only_what_was_cut_is_dirty(int cut, uint dirty) => OwnThread.RunFresh(TestHeap.Reset, () =>
    {
        FaultyMemory.Clock = 1000;   // nothing goes back by time
        const int Size = 20000;   // 20,480 bytes: 3 to a chunk and a little; one is borrowed
        void* borrowed = TestHeap.Alloc(Size);
        Assert.Equal(4u, Config.Classes[SizeClasses.ClassOf(Size)].Chunks);
        List<nint> blocks = [];
        for (int i = 0; i < cut; i++) blocks.Add((nint)TestHeap.Alloc(Size));
        uint first = (uint)PageMap.ChunkOf<Config>((void*)blocks[0]);
        Assert.Equal((uint)cut, Slab.At<Config>(first)->Carved);
        foreach (nint block in blocks) TestHeap.Free((void*)block);
        ThreadHeap* heap = TestHeap.CurrentHeap();
        SpinLock.Enter<Config>(&heap->Lock);
        Config.FlushAllFronts(heap);
        Config.RetireEmptySlabs(heap);
        SpinLock.Exit<Config>(&heap->Lock);
        SuperSlab* superSlab = SuperSlab.Of<Config>(first);
        Assert.Equal(15u, (superSlab->Free >> (int)(first % Chunk.PerSuperSlab)) & 15);
        Assert.Equal((1u << (int)dirty) - 1, (superSlab->Dirty >> (int)(first % Chunk.PerSuperSlab)) & 15);
        Assert.Equal(dirty, Config.PageArenaState->DirtyChunks);
        TestHeap.Free(borrowed);
        HeapWalk.AssertValid<Config>();
    });

    [Fact]
    public void A_lent_block_is_aligned_as_its_size_is() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        List<nint> lenders = [];
        foreach (nuint size in (nuint[])[8700, 9000, 10000, 11000, 13000, 14000, 17000, 19000, 20000, 22000])
        {
            for (int i = 0; i < 6; i++) lenders.Add((nint)TestHeap.Alloc(size));
        }

        foreach (nint block in lenders) TestHeap.Free((void*)block);
        foreach (nuint size in (nuint[])[7168, 7680, 8192, 12288, 16384])
        {
            nuint alignment = size & (0 - size);
            for (int i = 0; i < 12; i++) Assert.Equal((nuint)0, (nuint)TestHeap.Alloc(size) & (alignment - 1));
            if (size == alignment) Assert.True(TestHeap.UsableSize(TestHeap.Alloc(size - 1)) > size);   // one that is no power of two is lent
        }
    });

    [Fact]
    public void Above_a_page_a_used_block_of_a_larger_class_serves_before_a_fresh_one() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        void* large = TestHeap.Alloc(24000);
        Assert.Equal((nuint)24576, TestHeap.UsableSize(large));
        TestHeap.Free(large);
        Assert.True(TestHeap.Alloc(17000) == large);   // from the stack of the class four above
        DebugCounters.HeapState counters = TestHeap.ReadDebugCounters();
        Assert.Equal(1UL, DebugCounters.ExitsBy(&counters, SlowExit.LentByLarger));
        TestHeap.Free(large);
        ThreadHeap* heap = TestHeap.CurrentHeap();
        SpinLock.Enter<Config>(&heap->Lock);
        Config.FlushAllFronts(heap);
        SpinLock.Exit<Config>(&heap->Lock);
        Assert.True(TestHeap.Alloc(18000) == large);   // from its slab
        TestHeap.Free(large);
        Assert.Equal((nuint)16384, TestHeap.UsableSize(TestHeap.Alloc(16000)));   // five above is too much
        Assert.True(TestHeap.TryAlignedAlloc(18000, 1024, out void* aligned));
        Assert.Equal((nuint)18432, TestHeap.UsableSize(aligned));   // a larger class may be aligned worse
        HeapWalk.AssertValid<Config>();
    });

    [Fact]
    public void Own_used_blocks_serve_before_those_of_a_larger_class() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        ThreadHeap* heap = TestHeap.CurrentHeap();
        void* own = TestHeap.Alloc(14000), large = TestHeap.Alloc(16000);
        TestHeap.Free(large);
        TestHeap.Free(own);
        SpinLock.Enter<Config>(&heap->Lock);
        Config.FlushAllFronts(heap);
        SpinLock.Exit<Config>(&heap->Lock);
        Assert.True(TestHeap.Alloc(14000) == own);
    });

    [Fact]
    public void Larger_classes_lend_only_while_little_is_in_use() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        BlockLedger ledger = new();
        for (int i = 0; i < 27; i++) ledger.Add(TestHeap.Alloc(20000), 20000);   // 512 KiB and some
        void* large = TestHeap.Alloc(20000);
        TestHeap.Free(large);
        Assert.Equal((nuint)15360, TestHeap.UsableSize(TestHeap.Alloc(15000)));   // the home lends none either
        Assert.Equal((nuint)32768, TestHeap.UsableSize(TestHeap.Alloc(27000)));   // of other sizes nothing is in use
        while (ledger.Count != 0) TestHeap.Free(ledger.Take(ledger.Count - 1));
        SpinLock.Enter<Config>(&TestHeap.CurrentHeap()->Lock);
        Config.FlushAllFronts(TestHeap.CurrentHeap());
        SpinLock.Exit<Config>(&TestHeap.CurrentHeap()->Lock);
        Assert.Equal((nuint)20480, TestHeap.UsableSize(TestHeap.Alloc(15000)));
    });

    [Fact]
    public void A_full_slab_is_sparse_until_it_is_worth_visiting() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        ThreadHeap* heap = TestHeap.CurrentHeap();
        uint sizeClass = SizeClasses.ClassOf(512);   // 128 blocks, listed from 8 free on
        Bin* bin = ThreadHeap.BinOf(heap, sizeClass);
        List<nint> blocks = [];
        for (int i = 0; i < 300; i++) blocks.Add((nint)TestHeap.Alloc(512));
        Slab* slab = Slab.At<Config>(PageMap.ChunkOf<Config>((void*)blocks[0]));
        Assert.Equal(SlabPlace.Full, slab->Place);
        SpinLock.Enter<Config>(&heap->Lock);
        UnifiedCacheRefill.Merge<Config>(heap, slab, 0, 0x7F);
        Assert.True(slab->Place == SlabPlace.Sparse && bin->Sparse == slab && bin->Partial == null);
        UnifiedCacheRefill.Merge<Config>(heap, slab, 0, 0x80);
        Assert.True(slab->Place == SlabPlace.Partial && bin->Sparse == null && bin->Partial == slab);
        Assert.True(Slab.IsValid<Config>(slab));
        SpinLock.Exit<Config>(&heap->Lock);
    });

    [Fact]
    public void Used_blocks_serve_before_fresh_ones() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        ThreadHeap* heap = TestHeap.CurrentHeap();
        Bin* bin = ThreadHeap.BinOf(heap, SizeClasses.ClassOf(512));   // 128 blocks in a slab
        List<nint> blocks = [];
        do blocks.Add((nint)TestHeap.Alloc(512));
        while (bin->Current == null || bin->Current == SlabOf(blocks[0]) || bin->Current->Carved == bin->Current->Blocks);
        Slab* current = bin->Current;
        List<nint> used = [.. blocks.FindAll(block => SlabOf(block) == SlabOf(blocks[20])).GetRange(10, 60)];
        foreach (nint block in used) TestHeap.Free((void*)block);
        SpinLock.Enter<Config>(&heap->Lock);
        Config.FlushAllFronts(heap);
        SpinLock.Exit<Config>(&heap->Lock);
        uint carved = current->Carved;
        int reused = (int)current->FreeBlocks + used.Count;
        Assert.True(bin->Partial == SlabOf(used[0]) && carved < current->Blocks);
        List<nint> again = [];
        for (int i = 0; i < reused - 32; i++) again.Add((nint)TestHeap.Alloc(512));   // a refill takes at most 32: all of these are of such refills
        Assert.Equal(carved, current->Carved);
        Assert.True(again.FindAll(used.Contains).Count >= used.Count - 32);
        HeapWalk.AssertValid<Config>();
        for (int i = 0; i < 300 && current->Carved == carved; i++) _ = TestHeap.Alloc(512);
        Assert.True(current->Carved > carved);   // it was put aside, not lost

        static Slab* SlabOf(nint block) => Slab.At<Config>(PageMap.ChunkOf<Config>((void*)block));
    });

    [Fact]
    public void Sparse_slabs_serve_before_a_new_one_is_taken() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        ThreadHeap* heap = TestHeap.CurrentHeap();
        Bin* bin = ThreadHeap.BinOf(heap, SizeClasses.ClassOf(1024));
        List<nint> blocks = [];
        do blocks.Add((nint)TestHeap.Alloc(1024));
        while (blocks.Count < 64 || Config.CountFront(heap, SizeClasses.ClassOf(1024)) != 0 || bin->Current != null && bin->Current->Carved != 64);
        ulong slabs = TestHeap.ReadDebugCounters().NewSlabs;
        for (int i = 0; i < blocks.Count; i += 40) TestHeap.Free((void*)blocks[i]);
        SpinLock.Enter<Config>(&heap->Lock);
        Config.FlushAllFronts(heap);
        SpinLock.Exit<Config>(&heap->Lock);
        Assert.True(bin->Sparse != null);
        for (int i = 0; i < blocks.Count; i += 40) Assert.Contains((nint)TestHeap.Alloc(1024), blocks);
        Assert.Equal(slabs, TestHeap.ReadDebugCounters().NewSlabs);
    });

    /// <summary>Of most classes a program uses a page or two: a used span whole would stay in memory for them.</summary>
    [Theory]
    [InlineData(true, false, false, HugePagePolicy.System)]
    [InlineData(true, true, false, HugePagePolicy.System)]
    [InlineData(false, false, false, HugePagePolicy.System)]
    [InlineData(true, false, true, HugePagePolicy.System)]
    [InlineData(true, false, false, HugePagePolicy.Always)]
    public void The_first_slab_of_a_class_is_cut_from_pages_that_hold_nothing(bool purges, bool refused, bool prefaults, HugePagePolicy pages) => OwnThread.RunFresh(TestHeap.Reset, () =>
    {
        ThreadHeap* heap = TestHeap.CurrentHeap();
        UsedSpans(heap, 6);
        (Config.Composition->PurgeEnabled, Config.Composition->Prefault, Config.Composition->HugePages) = (purges, prefaults, pages);
        bool tried = purges && !prefaults && pages != HugePagePolicy.Always, clean = tried && !refused;
        if (refused)
        {
            FaultyMemory.Affected = MemoryCalls.Purge;
            FaultyMemory.FailAt = FaultyMemory.Calls + 1;
        }

        long before = FaultyMemory.Purges;
        void* first = TestHeap.Alloc(2048);
        Slab* slab = Slab.At<Config>(PageMap.ChunkOf<Config>(first));
        Assert.Equal((tried ? 1 : 0, clean), (FaultyMemory.Purges - before, slab->Zeroed));
        Assert.Equal(!clean, new ReadOnlySpan<byte>(first, 2048).ContainsAnyExcept((byte)0));
        FaultyMemory.FailAt = 0;
        before = FaultyMemory.Purges;
        Slab* next;
        do next = Slab.At<Config>(PageMap.ChunkOf<Config>(TestHeap.Alloc(2048)));
        while (next == slab);
        Assert.Equal((0L, false), (FaultyMemory.Purges - before, next->Zeroed));   // one that needs a second fills it
        HeapWalk.AssertValid<Config>();
    });

    /// <summary>A part of the span was cleared and had memory; after all of it went back, it has none that could go back once more.</summary>
    [Fact]
    public void What_was_cleared_of_a_first_slab_is_forgotten_with_it() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        FaultyMemory.Clock = 1000;
        ThreadHeap* heap = TestHeap.CurrentHeap();
        ChunkSpan all;
        Assert.Equal(1u, Config.TryTakeSpans(32, true, 1, &all));
        Config.Composition->PreZero = true;
        Config.ReturnSpan(all.FirstChunk + 1, 1, true);
        FaultyMemory.Clock = 2000;
        PurgeQueue.Poll<Config>(false);
        Config.ReturnSpan(all.FirstChunk, 1, true);
        SuperSlab* superSlab = SuperSlab.Of<Config>(all.FirstChunk);
        Assert.Equal((1u, 2u, 1UL), (superSlab->Dirty, superSlab->Zeroed, Config.PageArenaState->ZeroedChunks));
        Slab* slab = Slab.At<Config>(PageMap.ChunkOf<Config>(TestHeap.Alloc(12288)));
        Assert.Equal((all.FirstChunk, true, 2 * 65536L), (slab->FirstChunk, slab->Zeroed, FaultyMemory.PurgedBytes));
        Assert.Equal(0u, superSlab->Backed);
        HeapWalk.AssertValid<Config>();
    });

    /// <summary>Leaves so many spans that hold no zeros to the heap, or to the pool behind it.</summary>
    internal static void UsedSpans(ThreadHeap* heap, int count)
    {
        BlockLedger ledger = new();
        for (int i = 0; i < 64 * count; i++) ledger.Add(TestHeap.Alloc(1024), 1024);
        while (ledger.Count != 0) TestHeap.Free(ledger.Take(ledger.Count - 1));
        SpinLock.Enter<Config>(&heap->Lock);
        Config.FlushAllFronts(heap);
        Config.RetireEmptySlabs(heap);
        SpinLock.Exit<Config>(&heap->Lock);
    }

    [Fact]
    public void Empty_slabs_are_given_up_but_for_one() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        ThreadHeap* heap = TestHeap.CurrentHeap();
        uint sizeClass = SizeClasses.ClassOf(1024);
        Bin* bin = ThreadHeap.BinOf(heap, sizeClass);
        BlockLedger ledger = new();
        for (int i = 0; i < 640; i++) ledger.Add(TestHeap.Alloc(1024), 1024);
        while (ledger.Count != 0) TestHeap.Free(ledger.Take(ledger.Count - 1));
        SpinLock.Enter<Config>(&heap->Lock);
        Config.FlushAllFronts(heap);
        SpinLock.Exit<Config>(&heap->Lock);
        DebugCounters.HeapState counters = TestHeap.ReadDebugCounters();
        uint kept = HeapWalk.AssertValid<Config>();
        Assert.Equal(counters.NewSlabs - counters.RetiredSlabs, kept);
        Assert.InRange(kept, 1u, 2u);
        Assert.True(bin->Empty != null || bin->Current != null);
        Assert.Equal(counters.RefilledBlocks, counters.FlushedBlocks);
        SpinLock.Enter<Config>(&heap->Lock);
        Config.RetireEmptySlabs(heap);
        SpinLock.Exit<Config>(&heap->Lock);
        Assert.True(bin->Empty == null && bin->Current == null);
        Assert.Equal(0u, HeapWalk.AssertValid<Config>());
    });

    [Fact]
    public void Merge_refuses_what_is_free_or_was_never_cut() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        ThreadHeap* heap = TestHeap.CurrentHeap();
        byte* block = (byte*)TestHeap.Alloc(1024);
        Slab* slab = Slab.At<Config>(PageMap.ChunkOf<Config>(block));
        AbortException found = Assert.Throws<AbortException>(() => UnifiedCacheRefill.Merge<Config>(heap, slab, 0, 1UL << 63));
        Assert.Equal($"hakmem: free of an address that is not allocated: 0x{(nint)(slab->Start + (63 * 1024)):x}", found.Message);
        UnifiedCacheRefill.Merge<Config>(heap, slab, 0, 1);
        found = Assert.Throws<AbortException>(() => UnifiedCacheRefill.Merge<Config>(heap, slab, 0, 1));
        Assert.Equal($"hakmem: double free of the block at 0x{(nint)block:x}", found.Message);
    });

    /// <summary>What a flush finds wrong with a block that has no neighbour in the stack is the same as with one in a row, and those around it are given back.</summary>
    [Theory]
    [InlineData(0, "double free of the block at")]
    [InlineData(16, "free of an address inside a block:")]
    [InlineData(-1, "free of an address that is not allocated:")]
    public void A_flush_tells_what_is_wrong_with_a_block_alone(int offset, string fault) => OwnThread.RunFresh(TestHeap.Reset, () =>
    {
        byte** blocks = stackalloc byte*[1500];
        ThreadHeap* heap = TestHeap.CurrentHeap();
        for (int i = 0; i < 1500; i++) blocks[i] = (byte*)TestHeap.Alloc(64);
        void Give(params int[] places)
        {
            foreach (int place in places) TestHeap.Free(blocks[place]);
        }

        void Flush()
        {
            SpinLock.Enter<Config>(&heap->Lock);
            try
            {
                UnifiedCacheRefill.FlushAll<Config>(heap);
            }
            finally
            {
                SpinLock.Exit<Config>(&heap->Lock);
            }
        }

        Slab* slab = Slab.At<Config>(PageMap.ChunkOf<Config>(blocks[1499]));   // the current one, which is not cut to its end
        byte* wrong = offset < 0 ? slab->Start + ((nuint)(slab->Blocks - 1) * 64) : blocks[offset == 0 ? 700 : 701] + offset;   // an address inside a block that is out
        Assert.True(offset >= 0 || slab->Carved < slab->Blocks);
        Give(500, 700, 900);
        Flush();
        Give(1100, 300);
        TestHeap.Free(wrong);
        Give(100);
        AbortException found = Assert.Throws<AbortException>(Flush);
        Assert.Equal($"hakmem: {fault} 0x{(nint)wrong:x}", found.Message);
        foreach (int place in (int[])[500, 700, 900, 1100, 300])
        {
            Slab* its = Slab.At<Config>(PageMap.ChunkOf<Config>(blocks[place]));
            uint index = (uint)((blocks[place] - its->Start) / 64);
            Assert.Equal(1UL, (its->Bits[index >> 6] >> (int)(index & 63)) & 1);
        }
    });

    /// <summary>A block alone in the stack whose slab came to another heap meanwhile is sent there.</summary>
    [Fact]
    public void A_block_alone_whose_slab_left_is_sent_after_it() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        byte** blocks = stackalloc byte*[1500];
        ThreadHeap* heap = TestHeap.CurrentHeap(), other = HeapRegistry.TakeSpare<Config>();
        for (int i = 0; i < 1500; i++) blocks[i] = (byte*)TestHeap.Alloc(64);
        Slab* slab = Slab.At<Config>(PageMap.ChunkOf<Config>(blocks[500]));
        TestHeap.Free(blocks[500]);
        TestHeap.Free(blocks[700]);
        Assert.True(slab == Slab.At<Config>(PageMap.ChunkOf<Config>(blocks[700])) && slab->Place == SlabPlace.Full);
        slab->Owner = other->Id;
        PageMap.Set<Config>(slab->FirstChunk, 1, other->IdShifted | slab->Class);
        SpinLock.Enter<Config>(&heap->Lock);
        UnifiedCacheRefill.FlushAll<Config>(heap);
        SpinLock.Exit<Config>(&heap->Lock);
        Assert.Equal(0u, slab->FreeBlocks);
        Assert.True((Slab*)other->Inbox == slab);
        DebugCounters.HeapState counters = TestHeap.ReadDebugCounters();
        Assert.Equal(2UL, DebugCounters.ExitsBy(&counters, SlowExit.FlushedElsewhere));
        slab->Owner = heap->Id;
        PageMap.Set<Config>(slab->FirstChunk, 1, heap->IdShifted | slab->Class);
    });

    [Fact]
    public void Lent_blocks_do_not_grow_the_stack_of_their_borrower() => OwnThread.RunFresh(LongFrontHeap.Reset, static () =>
    {
        ThreadHeap* heap = LongFrontHeap.CurrentHeap();
        uint own = SizeClasses.ClassOf(5000);
        void* first = LongFrontHeap.Alloc(6000);
        for (int i = 0; i < 6; i++)
        {
            LongFrontHeap.Free(first);
            Assert.True(LongFrontHeap.Alloc(5000) == first);
        }

        FrontHot.BinState* stack = FrontHot.Of(heap, own);
        Assert.Equal((16L, 0u), (stack->Limit - stack->Bottom, ((FrontHot.HeapState*)LongFrontHeap.Config.FrontOf(heap))->Share.Bytes));
    });
}
