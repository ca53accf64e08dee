using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using Xunit;
using Config = HakMem.Boxes.Tests.TestHeap.Config;

namespace HakMem.Boxes.Tests;

public unsafe class RemoteFreeTests
{
    [Fact]
    public void Frees_are_combined_sent_as_one_and_collected() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        ThreadHeap* mine = TestHeap.CurrentHeap();
        void** blocks = stackalloc void*[64];
        Take(blocks, 64, 1024);
        OwnThread.Run(() =>
        {
            ThreadHeap* other = TestHeap.CurrentHeap();
            for (int i = 0; i < 63; i++) TestHeap.Free(blocks[i]);
            Assert.Equal((63u * 9, 0), (Config.RemoteTableOf(other)->Frees, (int)mine->Inbox));   // 1,024 bytes count for eight more
            RemoteFree.SendAll<Config>(other);
            Assert.Equal(0u, Config.RemoteTableOf(other)->Frees);
        });
        Slab* slab = (Slab*)mine->Inbox;
        Assert.True(slab != null && slab->Start == blocks[0] && slab->Owner == mine->Id && slab->Summary == 1);
        Assert.Equal(ulong.MaxValue >> 1, slab->Remote[0]);
        Collect(mine);
        Assert.Equal((0UL, 0UL, 0), (slab->Summary, slab->Remote[0], (int)mine->Inbox));
        Assert.Equal(ulong.MaxValue >> 1, slab->Bits[0]);
        DebugCounters.HeapState counters = TestHeap.ReadDebugCounters();
        Assert.Equal((63UL, 63UL, 1UL), (counters.RemoteFrees, counters.CollectedBlocks, counters.Collects));
    });

    [Fact]
    public void All_is_sent_after_a_bounded_number_of_frees() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        ThreadHeap* mine = TestHeap.CurrentHeap();
        uint batch = Config.RemoteBatch;
        void** blocks = stackalloc void*[(int)batch];
        Take(blocks, (int)batch, 64);
        AllocatorStatistics statistics;
        TestHeap.ReadStatistics(&statistics);
        ulong before = statistics.InUseBlocks;
        uint kept = 0;
        OwnThread.Run(() =>
        {
            ThreadHeap* other = TestHeap.CurrentHeap();
            for (uint i = 0; i < batch - 1; i++) TestHeap.Free(blocks[i]);
            Assert.Equal(batch - 1, Config.RemoteTableOf(other)->Frees);
            TestHeap.Free(blocks[batch - 1]);
            kept = Config.RemoteTableOf(other)->Frees;
            Assert.Equal([(int)kept], Pending(other).Select(static word => word.Blocks));   // the word in hand is not done
            Assert.InRange(kept, 1u, 64u);
            Collect(mine);
            Assert.Equal(batch - kept, TestHeap.ReadDebugCounters().CollectedBlocks);
            RemoteFree.SendAll<Config>(other);
        });
        Collect(mine);
        Assert.Equal((ulong)batch, TestHeap.ReadDebugCounters().CollectedBlocks);
        TestHeap.ReadStatistics(&statistics);
        Assert.Equal(before - batch, statistics.InUseBlocks);
    });

    /// <summary>The words in hand of many classes of large blocks would leave no room.</summary>
    [Fact]
    public void Words_in_hand_are_sent_too_when_they_are_half_of_what_is_bounded() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        TestHeap.CurrentHeap();
        uint[] sizes = [1152, 1280, 2304, 2560, 2816, 3072, 3328, 3584, 3840];
        List<(int Order, nint Block)> blocks = [];   // of each class those of one slab, a word
        foreach (uint size in sizes)
        {
            for (int i = 0; i < 32; i++) TestHeap.Alloc(size);   // lent
            for (int i = 0; i < 65536 / (int)size; i++) blocks.Add((i, (nint)TestHeap.Alloc(size)));
        }

        OwnThread.Run(() =>
        {
            RemoteFree.HeapState* table = Config.RemoteTableOf(TestHeap.CurrentHeap());
            uint before = 0, sent = 0;
            foreach ((_, nint block) in blocks.OrderBy(static each => each.Order))
            {
                TestHeap.Free((void*)block);
                uint frees = table->Frees;
                Assert.InRange(frees, 0u, Config.RemoteBatch - 1);
                if (frees < before)
                {
                    sent++;
                    Assert.InRange(frees, 0u, (Config.RemoteBatch / 2) - 1);
                }

                before = frees;
            }

            Assert.InRange(sent, 1u, 8u);
        });
    });

    [Fact]
    public void A_thread_without_a_heap_sends_at_once() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        ThreadHeap* mine = TestHeap.CurrentHeap();
        void* block = TestHeap.Alloc(100);
        _ = TestHeap.Alloc(100);
        OwnThread.Run(() => TestHeap.Free(block));
        Assert.NotEqual(0, (int)mine->Inbox);
        AllocatorStatistics statistics;
        TestHeap.ReadStatistics(&statistics);
        Assert.Equal((1UL, 1UL), (statistics.InUseBlocks, statistics.Heaps));
    });

    /// <summary>Who frees many blocks has a heap from the 64th on and combines; where there is no memory for one, blocks are sent one by one as before.</summary>
    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public void A_thread_that_frees_many_blocks_gets_a_heap(bool batch, bool refused) => OwnThread.RunFresh(TestHeap.Reset, () =>
    {
        const uint Count = 300;
        ThreadHeap* mine = TestHeap.CurrentHeap();
        void** blocks = stackalloc void*[(int)Count + 1];
        Assert.Equal(Count + 1, TestHeap.AllocBatch(100, blocks, Count + 1));
        nint start = (nint)blocks;
        OwnThread.Run(() =>
        {
            void** given = (void**)start;
            if (refused)
            {
                FaultyMemory.Affected = MemoryCalls.Commit | MemoryCalls.Map | MemoryCalls.Reserve;
                FaultyMemory.FailAt = FaultyMemory.Calls + 1;
                FaultyMemory.FailTimes = long.MaxValue;
                while (Config.TakeMeta(Config.Space, 4096) != null) { }
            }

            for (uint i = 0; !batch && i < 63; i++) TestHeap.Free(given[i]);
            Assert.Equal(1UL, Heaps());
            if (batch) TestHeap.FreeBatch(given, Count);
            for (uint i = 63; !batch && i < Count; i++) TestHeap.Free(given[i]);
            Assert.Equal(refused ? 1UL : 2UL, Heaps());
            Assert.Equal(1UL, InUse());
        });
        FaultyMemory.FailAt = 0;
        TestHeap.Free(blocks[Count]);
        Assert.Equal(0UL, InUse());
        HeapWalk.AssertValid<Config>();
    });

    private static ulong Heaps()
    {
        AllocatorStatistics statistics;
        TestHeap.ReadStatistics(&statistics);
        return statistics.Heaps;
    }

    private static ulong InUse()
    {
        AllocatorStatistics statistics;
        TestHeap.ReadStatistics(&statistics);
        return statistics.InUseBlocks;
    }

    [Fact]
    public void Freeing_twice_is_found_in_the_table_and_in_the_remote_bitmap()
    {
        OwnThread.RunFresh(TestHeap.Reset, static () =>
        {
            void* block = TestHeap.Alloc(64);
            _ = TestHeap.Alloc(64);
            AbortException? found = null;
            OwnThread.Run(() =>
            {
                _ = TestHeap.CurrentHeap();
                TestHeap.Free(block);
                found = Assert.Throws<AbortException>(() => TestHeap.Free(block));
            });
            Assert.Equal($"hakmem: double free of the block at 0x{(nint)block:x}", found?.Message);
        });
        OwnThread.RunFresh(TestHeap.Reset, static () =>
        {
            void* block = TestHeap.Alloc(64);
            _ = TestHeap.Alloc(64);
            OwnThread.Run(() =>
            {
                TestHeap.Free(block);
                AbortException found = Assert.Throws<AbortException>(() => TestHeap.Free(block));
                Assert.Equal($"hakmem: double free of the block at 0x{(nint)block & ~0xFFFF:x}", found.Message);
            });
        });
    }

    /// <summary>
    /// Blocks that follow in the word of the last one, that lie behind its slab's end, whose word was sent, pushed aside or driven out since: each goes into its own word. Sizes of which a slab has
    /// fewer than 64 blocks, whole words, and a last word that is not whole.
    /// </summary>
    [Theory]
    [InlineData(16)]
    [InlineData(48)]
    [InlineData(64)]
    [InlineData(768)]
    [InlineData(1024)]
    [InlineData(4096)]
    [InlineData(6144)]
    [InlineData(24576)]
    public void Every_free_goes_into_its_own_word(int size) => OwnThread.RunFresh(TestHeap.Reset, () =>
    {
        ThreadHeap* mine = TestHeap.CurrentHeap();
        uint sizeClass = SizeClasses.ClassOf((nuint)size), count = 5 * Config.Classes[sizeClass].Blocks;
        if (count > 4000) count = 4000;
        nint[] blocks = new nint[count];
        for (int i = 0; i < blocks.Length; i++) blocks[i] = (nint)TestHeap.Alloc((nuint)size);
        Random random = new(size);
        for (int i = blocks.Length - 1; i > 0; i--)
        {
            int other = random.Next(4) == 0 ? random.Next(i + 1) : i;   // runs in order, with strangers between
            (blocks[i], blocks[other]) = (blocks[other], blocks[i]);
        }

        OwnThread.Run(() =>
        {
            ThreadHeap* other = TestHeap.CurrentHeap();
            ulong* pending = stackalloc ulong[(int)SizeClasses.Count];
            for (int i = 0; i < blocks.Length; i++)
            {
                TestHeap.Free((void*)blocks[i]);
                if (random.Next(100) == 0) RemoteFree.SendAll<Config>(other);
            }

            RemoteFree.SendAll<Config>(other);
            new Span<ulong>(pending, (int)SizeClasses.Count).Clear();
            RemoteFree.CountPending<Config>(other, pending);
            Assert.Equal(0UL, pending[sizeClass]);
        });
        Collect(mine);
        Assert.Equal((ulong)count, TestHeap.ReadDebugCounters().CollectedBlocks);
        Assert.Equal(0UL, InUse());
        HeapWalk.AssertValid<Config>();
    });

    /// <summary>Words 32 apart meet in a set. Of a third one that comes there, the word that came first is driven out.</summary>
    [Fact]
    public void Two_words_that_meet_stay_and_a_third_drives_out_the_older() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        TestHeap.CurrentHeap();
        nint[] blocks = new nint[10_000];
        for (int i = 0; i < blocks.Length; i++) blocks[i] = (nint)TestHeap.Alloc(16);
        nint[][][] slabs = [.. blocks.Where(static block => (byte)PageMap.Get<Config>(PageMap.ChunkOf<Config>((void*)block)) == 1).GroupBy(static block => block >> Chunk.Log2)
            .Select(static slab => slab.GroupBy(static block => block >> 10).OrderBy(static word => word.Key).Select(static word => word.Order().ToArray()).ToArray()).Where(static words => words.Length == 64)];
        Assert.True(slabs.Length >= 2);
        OwnThread.Run(() =>
        {
            ThreadHeap* other = TestHeap.CurrentHeap();
            nint[] first = slabs[0][0], second = slabs[0][32];
            for (int i = 0; i < 20; i++)
            {
                TestHeap.Free((void*)first[i]);
                TestHeap.Free((void*)second[i]);
            }

            Assert.Equal(0u, Config.RemoteTableOf(other)->Evicted);
            Assert.Equal([(first[0], 20), (second[0], 20)], Pending(other));
            for (int word = 0; Config.RemoteTableOf(other)->Evicted == 0; word++) TestHeap.Free((void*)slabs[1][word][0]);
            Assert.Contains((second[0], 20), Pending(other));
            Assert.DoesNotContain((first[0], 20), Pending(other));
        });
    });

    [Fact]
    public void An_address_inside_a_block_is_refused_beside_its_neighbours() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        void** blocks = stackalloc void*[8];
        Take(blocks, 8, 64);
        AbortException? found = null;
        nint start = (nint)blocks;
        OwnThread.Run(() =>
        {
            _ = TestHeap.CurrentHeap();
            for (int i = 0; i < 4; i++) TestHeap.Free(((void**)start)[i]);
            found = Assert.Throws<AbortException>(() => TestHeap.Free((byte*)((void**)start)[5] + 16));
        });
        Assert.Equal($"hakmem: free of an address inside a block: 0x{(nint)blocks[5] + 16:x}", found?.Message);
    });

    /// <summary>The last word of a slab ends with its last block: what lies a multiple of the size behind that is an address inside a block of the next slab.</summary>
    [Theory]
    [InlineData(48)]
    [InlineData(320)]
    [InlineData(768)]
    public void An_address_in_the_next_slab_is_refused_behind_a_last_word(int size) => OwnThread.RunFresh(TestHeap.Reset, () =>
    {
        _ = TestHeap.CurrentHeap();
        SizeClass* info = Config.Classes + SizeClasses.ClassOf((nuint)size);
        HashSet<nint> blocks = [];
        for (uint i = 0; i < info->Blocks * 6; i++) blocks.Add((nint)TestHeap.Alloc((nuint)size));
        nint last = (nint)(info->Words - 1) * 64 * size;
        nint slab = blocks.First(block => ((block - (nint)Config.Base) & (nint)info->SlabMask) == 0 && blocks.Contains(block + last) && blocks.Contains(block + (nint)Chunk.Bytes));
        byte* wrong = (byte*)slab + ((nint)info->Blocks * size);
        while (wrong <= (byte*)slab + Chunk.Bytes) wrong += size;
        Assert.True(wrong < (byte*)slab + last + (64 * size));
        AbortException? found = null;
        OwnThread.Run(() =>
        {
            _ = TestHeap.CurrentHeap();
            TestHeap.Free((void*)(slab + last));
            found = Assert.Throws<AbortException>(() => TestHeap.Free(wrong));
        });
        Assert.Equal($"hakmem: free of an address inside a block: 0x{(nint)wrong:x}", found?.Message);
    });

    [Fact]
    public void A_slab_that_left_is_passed_on_untouched() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        ThreadHeap* mine = TestHeap.CurrentHeap();
        void** blocks = stackalloc void*[2];
        ThreadHeap* old = null;
        OwnThread.Run(() =>
        {
            old = TestHeap.CurrentHeap();
            Take(blocks, 2, 1024);
        });
        Slab* slab = Slab.At<Config>(PageMap.ChunkOf<Config>(blocks[0]));
        Assert.Equal(old->Id, slab->Owner);
        Assert.True(HeapRegistry.TryAdoptSlab<Config>(mine, slab->Class, out Slab* adopted) && adopted == slab);
        Assert.Equal((mine->Id, SlabPlace.Adrift), (slab->Owner, slab->Place));
        Assert.Equal(mine->IdShifted | slab->Class, PageMap.Get<Config>(slab->FirstChunk));

        // As if a sender had read the owner before it changed: the slab lands in the old inbox.
        slab->Remote[0] = 1;
        slab->Summary = 1;
        slab->InboxNext = null;
        Volatile.Write(ref old->Inbox, (nint)slab);
        Collect(old);
        Assert.Equal((0, (nint)slab, 1UL, 1UL), ((int)old->Inbox, mine->Inbox, slab->Remote[0], slab->Summary));
        Collect(mine);
        Assert.Equal((0, 0UL, 1UL), ((int)mine->Inbox, slab->Remote[0], slab->Bits[0] & 1));
    });

    /// <summary>Every place where a sender can stop: its bits are in the word only, or in the summary, too, or the slab is in the inbox; and a slab of more than one chunk.</summary>
    [Fact]
    public void What_senders_left_half_done_is_found() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        ThreadHeap* mine = TestHeap.CurrentHeap();
        nuint[] sizes = [16, 256, 1024, 32768];
        Slab** slabs = stackalloc Slab*[sizes.Length];
        void** block = stackalloc void*[1];
        for (int i = 0; i < sizes.Length; i++)
        {
            Take(block, 1, sizes[i]);
            slabs[i] = Slab.At<Config>(PageMap.ChunkOf<Config>(block[0]));
            slabs[i]->Remote[0] = 1;
            if (i >= 1) slabs[i]->Summary = 1;
        }

        AllocatorStatistics statistics;
        TestHeap.ReadStatistics(&statistics);
        ulong before = statistics.InUseBlocks;
        slabs[1]->Summary = 3;   // a summary without its word
        mine->Inbox = (nint)slabs[3];
        slabs[3]->InboxNext = null;
        RemoteFree.Recover<Config>();
        int found = 0;
        for (Slab* slab = (Slab*)mine->Inbox; slab != null; slab = slab->InboxNext, found++) Assert.Equal((1UL, 1UL), (slab->Summary, slab->Remote[0]));
        Assert.Equal(sizes.Length, found);
        Collect(mine);
        for (int i = 0; i < sizes.Length; i++) Assert.Equal((0UL, 0UL), (slabs[i]->Summary, slabs[i]->Remote[0]));
        TestHeap.ReadStatistics(&statistics);
        Assert.Equal(before - (ulong)sizes.Length, statistics.InUseBlocks);
    });

    /// <summary>Two compositions in one address space: what is on its way to a heap of the other one is that one's to find.</summary>
    [Fact]
    public void What_is_sent_to_another_composition_is_left_alone() => OwnThread.Run(static () =>
    {
        _ = PlainHeap.CurrentHeap();
        ThreadHeap* theirs = PlainListHeap.CurrentHeap();
        Assert.True(PlainHeap.Config.Space == PlainListHeap.Config.Space);
        void* block = PlainListHeap.Alloc(1000);
        OwnThread.Run(() => PlainListHeap.Free(block));   // sent at once
        Slab* slab = (Slab*)theirs->Inbox;
        Assert.True(slab == Slab.At<PlainListHeap.Config>(PageMap.ChunkOf<PlainListHeap.Config>(block)));
        Assert.True(slab->InboxNext == null);
        RemoteFree.Recover<PlainHeap.Config>();
        Assert.True((Slab*)theirs->Inbox == slab);
        Assert.True(slab->InboxNext == null);   // or a list without an end
        ulong before = *ThreadHeap.Out(theirs, slab->Class);
        SpinLock.Enter<PlainListHeap.Config>(&theirs->Lock);
        RemoteFree.Collect<PlainListHeap.Config>(theirs);
        SpinLock.Exit<PlainListHeap.Config>(&theirs->Lock);
        Assert.Equal(before - 1, *ThreadHeap.Out(theirs, slab->Class));
    });

    private static void Collect(ThreadHeap* heap)
    {
        SpinLock.Enter<Config>(&heap->Lock);
        RemoteFree.Collect<Config>(heap);
        SpinLock.Exit<Config>(&heap->Lock);
    }

    /// <summary>Blocks of one slab in ascending order, none borrowed.</summary>
    private static void Take(void** blocks, int count, nuint size)
    {
        while ((nuint)TestHeap.UsableSize(blocks[0] = TestHeap.Alloc(size)) != size) { }
        while ((PageMap.ChunkOf<Config>(blocks[0]) << 16) + Config.Base - (byte*)blocks[0] is not 0) blocks[0] = TestHeap.Alloc(size);
        for (int i = 1; i < count; i++) blocks[i] = TestHeap.Alloc(size);
    }

    /// <summary>What a heap's table holds: the first block of each word with the number of its blocks, in ascending order.</summary>
    private static (nint First, int Blocks)[] Pending(ThreadHeap* heap)
    {
        nuint* places = stackalloc nuint[64];
        ulong* bits = stackalloc ulong[64];
        int count = (int)RemoteFree.CopyPending<Config>(heap, places, bits);
        var pending = new (nint, int)[count];
        for (int i = 0; i < count; i++) pending[i] = ((nint)PageMap.Address<Config>((uint)(places[i] >> 6)) + (((nint)places[i] & 63) << 10), System.Numerics.BitOperations.PopCount(bits[i]));
        return [.. pending.Order()];
    }
}
