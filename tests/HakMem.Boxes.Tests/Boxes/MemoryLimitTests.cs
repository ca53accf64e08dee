using System.Collections.Generic;
using System.Threading;
using HakMem.Tests.Support;
using Xunit;
using Config = HakMem.Boxes.Tests.PressedHeap.Config;

namespace HakMem.Boxes.Tests;

public unsafe class MemoryLimitTests
{
    private const ulong Mib = 1 << 20;

    [Fact]
    public void Above_the_soft_limit_the_host_is_told_now_and_then_and_requests_are_served() => OwnThread.RunFresh(PressedHeap.Reset, static () =>
    {
        Open(8 * Mib, ulong.MaxValue);
        FaultyMemory.Clock = 1000;
        List<nint> blocks = [];
        for (int i = 0; i < 70; i++) blocks.Add((nint)PressedHeap.Alloc(100_000));
        Assert.InRange(PressedHost.Told, 1, 1);
        FaultyMemory.Clock = 1099;
        blocks.Add((nint)PressedHeap.Alloc(100_000));
        Assert.Equal(1, PressedHost.Told);
        FaultyMemory.Clock = 1100;
        blocks.Add((nint)PressedHeap.Alloc(100_000));
        Assert.Equal((2, true), (PressedHost.Told, PressedHost.Bytes > 8 * Mib));
        foreach (nint block in blocks) PressedHeap.Free((void*)block);
    });

    /// <summary>A batch takes many refills; after one that took memory above the limit the host is told, too.</summary>
    [Theory]
    [InlineData(100)]
    [InlineData(1000)]
    [InlineData(20_000)]
    [InlineData(100_000)]
    public void Batches_tell_the_host(int size) => OwnThread.RunFresh(PressedHeap.Reset, () =>
    {
        Open(4 * Mib, ulong.MaxValue);
        FaultyMemory.Clock = 1000;
        uint count = (uint)((8 << 20) / size);
        void*[] blocks = new void*[count];
        fixed (void** first = blocks)
        {
            Assert.Equal(count, PressedHeap.AllocBatch((nuint)size, first, count));
            Assert.Equal(1, PressedHost.Told);
            Assert.InRange(PressedHost.Bytes, 4 * Mib, 10 * Mib);
            PressedHeap.FreeBatch(first, count);
        }
    });

    /// <summary>However many threads are above the limit in one moment: here one while another gives memory back.</summary>
    [Fact]
    public void One_of_all_threads_tells_the_host() => OwnThread.RunFresh(PressedHeap.Reset, static () =>
    {
        FaultyMemory.Clock = 10_000;
        Open(1 * Mib, ulong.MaxValue);
        void* kept = PressedHeap.Alloc(2 << 20);
        Assert.Equal(1, PressedHost.Told);
        PressedHeap.Free(PressedHeap.Alloc(100_000));
        Config.DrainLarge(PressedHeap.CurrentHeap());
        FaultyMemory.Clock += 100;
        FaultyMemory.Meanwhile = (MemoryCalls.Purge, static () => OwnThread.Run(static () => PressedHeap.Free(PressedHeap.Alloc(1 << 20))));
        PressedHeap.Free(PressedHeap.Alloc(500_000));
        Assert.Null(FaultyMemory.Meanwhile);
        Assert.Equal(2, PressedHost.Told);
        PressedHeap.Free(kept);
    });

    [Fact]
    public void What_is_unused_goes_back_before_the_host_is_told() => OwnThread.RunFresh(PressedHeap.Reset, static () =>
    {
        Open(8 * Mib, ulong.MaxValue);
        PressedHeap.Free(PressedHeap.Alloc(3 << 20));   // the first time it goes back
        PressedHeap.Free(PressedHeap.Alloc(5 << 20));   // kept for reuse
        Assert.Equal(5 * Mib, Config.BigCacheState->Bytes);
        PressedHeap.Alloc(11 << 20);   // more than twice as much: a mapping of its own
        Assert.Equal((1, 0UL), (PressedHost.Told, Config.BigCacheState->Bytes));
    });

    [Fact]
    public void Growth_in_place_above_the_soft_limit_is_told_at_once() => OwnThread.RunFresh(PressedHeap.Reset, static () =>
    {
        Open(8 * Mib, ulong.MaxValue);
        FaultyMemory.Clock = 1000;
        void* block = PressedHeap.Alloc(3 << 20);
        Assert.Equal(0, PressedHost.Told);
        block = PressedHeap.Realloc(block, 20 << 20);
        Assert.Equal(1, PressedHost.Told);
        PressedHeap.Free(block);
    });

    /// <summary>A shrinking block that would be copied stays where it is when there is no memory for the copy, and what is above 32 KiB is cut off all the same.</summary>
    [SystemTheory(SystemNeeds.SmallPages)]
    [InlineData(7 << 20, 1 << 20, 1 << 20)]
    [InlineData(7 << 20, 100_000, 102_400)]
    [InlineData(1 << 20, 100_000, 2 << 16)]
    [InlineData(1 << 20, 100, 1 << 20)]
    [InlineData(20_000, 16, 24_576)]   // lent by a larger class
    [InlineData(1024, 16, 1024)]
    public void What_shrinks_needs_no_memory(int size, int shrunk, int usable) => OwnThread.RunFresh(PressedHeap.Reset, () =>
    {
        const ulong Limit = 16 * Mib;
        Open(Limit, Limit);
        byte* block = (byte*)PressedHeap.Alloc((nuint)size);
        for (int i = 0; i < shrunk; i++) block[i] = (byte)(i * 7);
        List<nint> others = [];
        foreach (nuint fill in new nuint[] { 1 << 20, 65536, 4096, 16 })
        {
            while (PressedHeap.TryAlloc(fill, out void* other)) others.Add((nint)other);
        }

        byte* smaller = (byte*)PressedHeap.Realloc(block, (nuint)shrunk);
        Assert.True(smaller == block);
        Assert.Equal((nuint)usable, PressedHeap.UsableSize(smaller));
        for (int i = 0; i < shrunk; i++) Assert.Equal((byte)(i * 7), smaller[i]);
        PressedHeap.Free(smaller);
        foreach (nint other in others) PressedHeap.Free((void*)other);
        PressedHeap.Trim();
        AllocatorStatistics statistics;
        PressedHeap.ReadStatistics(&statistics);
        Assert.Equal((0UL, 0UL), (statistics.InUseBytes, statistics.CommittedBytes));
    });

    [Theory]
    [InlineData(64)]
    [InlineData(1024)]
    [InlineData(20_000)]
    [InlineData(65536)]
    [InlineData(1 << 20)]
    [InlineData(3 << 20)]
    public void Above_the_hard_limit_requests_fail_until_something_is_freed(int size) => OwnThread.RunFresh(PressedHeap.Reset, () =>
    {
        const ulong Limit = (8 * Mib) + (3 * 65536);
        Open(Limit, Limit);
        for (int round = 0; round < 3; round++)
        {
            List<nint> blocks = [];
            while (PressedHeap.TryAlloc((nuint)size, out void* block)) blocks.Add((nint)block);
            AllocatorStatistics full;
            PressedHeap.ReadStatistics(&full);
            Assert.InRange(full.CommittedBytes, Limit - (ulong)(size > 65536 ? size : 4 * 65536), Limit);
            Assert.InRange(full.InUseBytes, 5 * Mib, Limit);
            Assert.False(PressedHeap.TryAlloc((nuint)size, out _));
            foreach (nint block in blocks) PressedHeap.Free((void*)block);
        }

        void* other = PressedHeap.Alloc(4 << 20);   // what was freed serves other sizes, too
        PressedHeap.Free(other);
    });

    [Fact]
    public void A_mapping_is_charged_by_its_growth() => OwnThread.RunFresh(PressedHeap.Reset, static () =>
    {
        Open(8 * Mib, 8 * Mib);
        void* block = PressedHeap.Alloc(6 << 20);
        Assert.True(PressedHeap.TryRealloc(block, 5 << 20, out block));
        Assert.True(PressedHeap.TryRealloc(block, 8 << 20, out block));
        Assert.False(PressedHeap.TryRealloc(block, 9 << 20, out void* none));
        Assert.True(none == null);
        Assert.Equal((nuint)8 << 20, PressedHeap.UsableSize(block));
        PressedHeap.Free(block);
    });

    /// <summary>What is free and grows for a block is charged whole as that block, and goes back where there is no room for it.</summary>
    [Fact]
    public void A_cached_mapping_is_charged_when_it_grows() => OwnThread.RunFresh(PressedHeap.Reset, static () =>
    {
        Open(8 * Mib, 8 * Mib);
        for (int i = 0; i < 2; i++) PressedHeap.Free(PressedHeap.Alloc(4 << 20));
        Assert.Equal(4 * Mib, Config.BigCacheState->Bytes);
        Assert.True(PressedHeap.TryAlloc(7 << 20, out void* block));
        Assert.Equal((0UL, 7L << 20), (Config.BigCacheState->Bytes, Config.BigCacheState->LiveBytes));
        PressedHeap.Free(block);
        Assert.True(PressedHeap.TryAlloc(3 << 20, out void* kept));
        Assert.True(PressedHeap.TryAlloc(4 << 20, out block));
        PressedHeap.Free(block);
        Assert.False(PressedHeap.TryAlloc(6 << 20, out _));
        Assert.Equal((0UL, 3L << 20), (Config.BigCacheState->Bytes, Config.BigCacheState->LiveBytes));
        PressedHeap.Free(kept);
    });

    /// <summary>What one thread was granted and has not taken yet is not granted to another, however the memory is had.</summary>
    [Theory]
    [InlineData(5 << 20, false)]
    [InlineData(2_000_000, true)]
    public void Two_threads_are_not_granted_the_same_bytes(int size, bool prefault) => OwnThread.RunFresh(PressedHeap.Reset, () =>
    {
        MemoryCalls call = prefault ? MemoryCalls.Populate : MemoryCalls.Map;
        ulong limit = (ulong)size + (Mib / 2) + (prefault ? Chunk.SuperSlabBytes : 0);   // 2 MiB are backed at once
        Open(limit, limit);
        Config.Composition->Prefault = prefault;
        FaultyMemory.Meanwhile = (call, () => OwnThread.Run(() => Assert.False(PressedHeap.TryAlloc((nuint)size, out _))));
        Assert.True(PressedHeap.TryAlloc((nuint)size, out void* block));
        Assert.Null(FaultyMemory.Meanwhile);
        PressedHeap.Free(block);
        Assert.Equal(0UL, Config.PageArenaState->Charged);
    });

    /// <summary>Where 2 MiB do not fit any more, no more is backed than is asked for.</summary>
    [Fact]
    public void Prefaulting_stays_below_the_hard_limit() => OwnThread.RunFresh(PressedHeap.Reset, static () =>
    {
        const ulong Limit = 3 * Mib;
        Open(Limit, Limit);
        Config.Composition->Prefault = true;
        ulong most = 0;
        int blocks = 0;
        for (; PressedHeap.TryAlloc(700_000, out _); blocks++) most = ulong.Max(most, MemoryLimit.Committed<Config>());
        Assert.Equal((4, true), (blocks, most <= Limit));
        Assert.Equal(0UL, Config.PageArenaState->Charged);
    });

    /// <summary>What is taken from the cache, or given to it, is in one of its two counts or in both, whenever they are read under its lock.</summary>
    [Fact]
    public void What_passes_the_cache_is_always_counted() => OwnThread.RunFresh(PressedHeap.Reset, static () =>
    {
        Open(ulong.MaxValue, ulong.MaxValue);
        for (int i = 0; i < 2; i++) PressedHeap.Free(PressedHeap.Alloc(4 << 20));
        bool stop = false;
        OwnThread.Handle other = OwnThread.Start(() =>
        {
            while (!Volatile.Read(ref stop)) PressedHeap.Free(PressedHeap.Alloc(4 << 20));
        });
        ulong least = ulong.MaxValue;
        for (int i = 0; i < 300_000; i++)
        {
            SpinLock.Enter<Config>(&Config.BigCacheState->Lock);
            least = ulong.Min(least, MemoryLimit.Committed<Config>());
            SpinLock.Exit<Config>(&Config.BigCacheState->Lock);
        }

        Volatile.Write(ref stop, true);
        other.Join();
        Assert.Equal(4 * Mib, least);
    });

    /// <summary>What is committed is read under that lock: between its two counts a mapping would be in neither.</summary>
    [Fact]
    public void A_charge_waits_for_what_passes_the_cache() => OwnThread.RunFresh(PressedHeap.Reset, static () =>
    {
        Open(8 * Mib, 8 * Mib);
        bool asked = false, granted = false;
        SpinLock.Enter<Config>(&Config.BigCacheState->Lock);
        OwnThread.Handle other = OwnThread.Start(() =>
        {
            Volatile.Write(ref asked, true);
            bool fits = Config.TryCharge(1 << 20, out nuint charged);
            Config.SettleCharge(charged);
            Volatile.Write(ref granted, fits);
        });
        while (!Volatile.Read(ref asked)) Thread.Yield();
        Thread.Sleep(100);
        bool early = Volatile.Read(ref granted);
        SpinLock.Exit<Config>(&Config.BigCacheState->Lock);
        other.Join();
        Assert.Equal((false, true), (early, granted));
    });

    /// <summary>A mapping that goes back is counted until it is gone, and one that is made longer all the time: who asks meanwhile is not granted its bytes.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void What_goes_back_is_counted_until_it_is_gone(int way) => OwnThread.RunFresh(PressedHeap.Reset, () =>
    {
        Open(8 * Mib, 8 * Mib);
        void* block = PressedHeap.Alloc(7 << 20);
        if (way != 0)
        {
            PressedHeap.Free(block);
            PressedHeap.Free(PressedHeap.Alloc(7 << 20));
            Assert.Equal(7 * Mib, Config.BigCacheState->Bytes);
        }

        ulong meanwhile = 0;
        FaultyMemory.Meanwhile = (way == 2 ? MemoryCalls.Remap : MemoryCalls.Unmap, () => OwnThread.Run(() => meanwhile = MemoryLimit.Committed<Config>()));
        if (way == 0) PressedHeap.Free(block);
        else if (way == 1) Config.DrainBig(true);
        else block = PressedHeap.Alloc((7 << 20) + 65536);
        Assert.Null(FaultyMemory.Meanwhile);
        Assert.Equal(7 * Mib, meanwhile);
    });

    /// <summary>Exactly as many blocks are had as fit, whoever gets them.</summary>
    [Theory]
    [InlineData(3 << 20, 3)]
    [InlineData(1 << 20, 11)]
    [InlineData(65536, 176)]
    public void Threads_at_once_stay_below_the_hard_limit(int size, int fit) => OwnThread.RunFresh(PressedHeap.Reset, () =>
    {
        const int Threads = 4, Rounds = 60;
        const ulong Limit = 11 * Mib;
        Open(Limit, Limit);
        ulong most = 0;
        int had = 0, mostHad = 0;
        using Barrier turn = new(Threads, _ =>
        {
            most = ulong.Max(most, MemoryLimit.Committed<Config>());
            mostHad = int.Max(mostHad, had);
            had = 0;
        });
        OwnThread.Handle[] threads = new OwnThread.Handle[Threads];
        for (int i = 0; i < Threads; i++)
        {
            threads[i] = OwnThread.Start(() =>
            {
                List<nint> blocks = [];
                for (int round = 0; round < Rounds; round++)
                {
                    turn.SignalAndWait();
                    while (PressedHeap.TryAlloc((nuint)size, out void* block)) blocks.Add((nint)block);
                    Interlocked.Add(ref had, blocks.Count);
                    turn.SignalAndWait();
                    foreach (nint block in blocks) PressedHeap.Free((void*)block);
                    blocks.Clear();
                    PressedHeap.Trim();
                }
            });
        }

        foreach (OwnThread.Handle thread in threads) thread.Join();
        Assert.Equal((true, fit), (most <= Limit, mostHad));
        Assert.Equal(0UL, Config.PageArenaState->Charged);
    });

    [Fact]
    public void A_span_is_charged_when_it_grows_in_place() => OwnThread.RunFresh(PressedHeap.Reset, static () =>
    {
        Open(8 * Mib, 8 * Mib);
        void* block = PressedHeap.Alloc(100_000);
        void* rest = PressedHeap.Alloc((8 << 20) - (300 << 10));
        Assert.True(PressedHeap.TryRealloc(block, 200_000, out block));
        Assert.False(PressedHeap.TryRealloc(block, 2 << 20, out _));
        PressedHeap.Free(rest);
        Assert.True(PressedHeap.TryRealloc(block, 2 << 20, out block));
        PressedHeap.Free(block);
    });

    /// <summary>What is free and still committed serves at the limit: it costs nothing more.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void At_the_limit_free_memory_that_could_not_go_back_is_used(bool huge) => OwnThread.RunFresh(PressedHeap.Reset, () =>
    {
        Open(8 * Mib, 8 * Mib);
        if (huge) Config.Composition->HugePages = HugePagePolicy.Always;
        List<nint> blocks = [];
        while (PressedHeap.TryAlloc(250_000, out void* block)) blocks.Add((nint)block);
        Assert.InRange(blocks.Count, 28, 32);
        if (!huge)
        {
            FaultyMemory.Affected = MemoryCalls.Purge;
            FaultyMemory.FailAt = FaultyMemory.Calls + 1;
            FaultyMemory.FailTimes = long.MaxValue;
        }

        for (int i = 0; i < blocks.Count; i += 2) PressedHeap.Free((void*)blocks[i]);   // every other: no SuperSlab becomes free
        List<nint> others = [];
        while (PressedHeap.TryAlloc(120_000, out void* block)) others.Add((nint)block);
        Assert.InRange(others.Count, blocks.Count - 4, blocks.Count + 4);
        Assert.True(MemoryLimit.Committed<Config>() <= 8 * Mib);
        HeapWalk.AssertValid<Config>();
        for (int i = 1; i < blocks.Count; i += 2) PressedHeap.Free((void*)blocks[i]);
        foreach (nint block in others) PressedHeap.Free((void*)block);
    });

    /// <summary>The host is told in the middle of a refill; what it allocates and frees of the same class is neither lost nor given out twice.</summary>
    [Fact]
    public void The_host_may_use_the_heap_that_is_short() => OwnThread.RunFresh(PressedHeap.Reset, static () =>
    {
        Open(2 * Mib, ulong.MaxValue);
        FaultyMemory.Clock = 1000;
        BlockLedger ledger = new();
        PressedHost.Action = () =>
        {
            FaultyMemory.Clock += 100;
            for (int i = 0; i < 9; i++) ledger.Add(PressedHeap.Alloc(1024), 1024);
            for (int i = 0; i < 13; i++) PressedHeap.Free(ledger.Take(i));
        };
        for (int i = 0; i < 8000; i++)
        {
            ledger.Add(PressedHeap.Alloc(1024), 1024);
            if (i % 50 == 0) FaultyMemory.Clock += 100;
        }

        PressedHost.Action = null;
        Assert.InRange(PressedHost.Told, 5, 1000);
        ledger.Check();
        AllocatorStatistics statistics;
        PressedHeap.ReadStatistics(&statistics);
        Assert.Equal((ulong)ledger.Count, statistics.InUseBlocks);
        HeapWalk.AssertValid<Config>();
    });

    private static void Open(ulong soft, ulong hard)
    {
        PressedHost.Told = 0;
        PressedHost.Action = null;
        _ = PressedHeap.CurrentHeap();
        Config.Composition->SoftLimit = soft;
        Config.Composition->HardLimit = hard;
    }

    [Fact]
    public void Below_the_hard_limit_is_what_heaps_and_pools_keep() => OwnThread.RunFresh(PressedHeap.Reset, static () =>
    {
        _ = PressedHeap.CurrentHeap();
        Open(4 * Mib, 4 * Mib);
        List<nint> blocks = [];
        for (int i = 0; i < 3000; i++) blocks.Add((nint)PressedHeap.Alloc(1024));
        foreach (nint block in blocks) PressedHeap.Free((void*)block);   // empty slabs in the shared stack and the warm pool
        Assert.True(MemoryLimit.Committed<Config>() > 2 * Mib);
        Assert.True(PressedHeap.TryAlloc(3 << 20, out void* large));
        Assert.False(PressedHeap.TryAlloc(2 << 20, out _));
        PressedHeap.Free(large);
    });
}
