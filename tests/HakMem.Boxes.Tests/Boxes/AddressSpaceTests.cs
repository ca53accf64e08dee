using System.Collections.Generic;
using Xunit;
using Config = HakMem.Boxes.Tests.TestHeap.Config;
using Wide = HakMem.Boxes.Tests.WideHeap.Config;

namespace HakMem.Boxes.Tests;

/// <summary>A composition that asks for 64 GiB.</summary>
[HakMemAllocator(Isolated = true, Os = typeof(FaultyMemory), ReserveLog2 = 36)]
internal static unsafe partial class WideHeap;

public unsafe class AddressSpaceTests
{
    private static nuint Gigabyte => (nuint)1 << 30;

    [Theory]
    [InlineData(256 << 10, 0, 64 << 10)]    // a quarter of the limit
    [InlineData(255 << 10, 0, 32 << 10)]
    [InlineData(20 << 10, 0, 4 << 10)]
    [InlineData(1024 << 10, 1, 32 << 10)]   // the system refuses the first
    [InlineData(1024 << 10, 6, 1 << 10)]
    [InlineData(1024 << 10, 7, 0)]          // less than the smallest
    [InlineData(4 << 10, 0, 1 << 10)]
    [InlineData((4 << 10) - 1, 0, 2046)]    // half of a small one
    [InlineData(100, 0, 50)]
    [InlineData(100, 2, 12)]
    [InlineData(17, 0, 8)]
    [InlineData(15, 0, 0)]
    public void The_range_is_halved_until_it_is_granted(int limitMebibytes, int refusals, int granted)
    {
        FaultyMemory.Restore();
        FaultyMemory.Limit = (nuint)limitMebibytes << 20;
        FaultyMemory.Affected = MemoryCalls.Reserve;
        FaultyMemory.FailAt = refusals == 0 ? 0 : 1;
        FaultyMemory.FailTimes = refusals;
        SpaceState* space = AddressSpace.Create<Wide>();
        FaultyMemory.FailAt = 0;
        Assert.True(space != null);
        Assert.Equal(((nuint)granted << 20) / Chunk.Bytes, space->ChunkCount);
        Assert.Equal((nuint)0, (nuint)space->Base % Chunk.SuperSlabBytes);
        AddressSpace.Destroy<Wide>(space);
        Assert.Equal(0, FaultyMemory.MappedBytes);
    }

    [Theory]
    [InlineData(2, 1, 25)]    // the tables once
    [InlineData(2, 2, 0)]     // and of the half the range: then what is less
    [InlineData(2, 60, 0)]    // whatever is asked, until the least
    public void A_range_that_leaves_no_room_for_its_tables_is_halved(int failAt, int failTimes, int granted)
    {
        FaultyMemory.Restore();
        FaultyMemory.Limit = 100 << 20;   // a range of 50 MiB
        FaultyMemory.Affected = MemoryCalls.Reserve;
        FaultyMemory.FailAt = failAt;
        FaultyMemory.FailTimes = failTimes;
        SpaceState* space = AddressSpace.Create<Wide>();
        FaultyMemory.FailAt = 0;
        if (failTimes < 10)
        {
            Assert.True(space != null);
            Assert.InRange(space->ChunkCount << Chunk.Log2, granted == 0 ? 8u << 20 : (nuint)(granted - 1) << 20, (nuint)25 << 20);
            AddressSpace.Destroy<Wide>(space);
        }
        else
        {
            Assert.True(space == null);
        }

        Assert.Equal(0, FaultyMemory.MappedBytes);
    }

    /// <summary>The table of owners is committed by steps; a part of one at its end would reach beyond it.</summary>
    [Fact]
    public void Half_of_the_owners_are_whole_steps()
    {
        FaultyMemory.Restore();
        FaultyMemory.Limit = 99 << 20;   // 99 steps
        FaultyMemory.Affected = MemoryCalls.Reserve;
        FaultyMemory.FailAt = 2;
        FaultyMemory.FailTimes = 1;
        SpaceState* space = AddressSpace.Create<Wide>();
        FaultyMemory.FailAt = 0;
        Assert.Equal(49u << 10, space->OwnerLimit);
        AddressSpace.Destroy<Wide>(space);
    }

    [Fact]
    public void Without_a_range_own_mappings_serve() => OwnThread.RunFresh(WideHeap.Reset, static () =>
    {
        FaultyMemory.Limit = 15 << 20;
        BlockLedger ledger = new();
        for (nuint size = 16; size <= 32768; size *= 2)
        {
            void* block = WideHeap.Alloc(size), zeroed = WideHeap.AllocZeroed(size);
            Assert.Equal(((nuint)0, (nuint)0), ((nuint)block & (size - 1), (nuint)zeroed & (size - 1)));
            WideHeap.Free(block);
            WideHeap.Free(zeroed);
        }

        for (nuint size = 1; size < 3_000_000; size *= 5)
        {
            ledger.Add(WideHeap.Alloc(size), size);
            ledger.Add(WideHeap.AlignedAlloc(size, 65536), size);
        }

        ledger.Check();
        AllocatorStatistics statistics;
        WideHeap.ReadStatistics(&statistics);
        Assert.Equal((ulong)ledger.Count, statistics.BigBlocks);
        while (ledger.Count != 0) WideHeap.Free(ledger.Take(0));
        WideHeap.Trim();
        WideHeap.ReadStatistics(&statistics);
        Assert.Equal((0UL, 0UL), (statistics.InUseBytes, statistics.CommittedBytes));
    });

    [Fact]
    public void Super_slabs_come_in_ascending_order_and_are_reused() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        _ = TestHeap.CurrentHeap();
        List<nint> taken = [];
        while (AddressSpace.TrySuperSlab<Config>(out SuperSlab* superSlab))
        {
            Assert.Equal((uint)taken.Count * Chunk.PerSuperSlab, superSlab->FirstChunk);
            Assert.Equal((uint.MaxValue, 0u), (superSlab->Free, superSlab->Dirty));
            Assert.True(SuperSlab.Of<Config>(superSlab->FirstChunk + 31) == superSlab);
            byte* start = PageMap.Address<Config>(superSlab->FirstChunk);
            Assert.Equal((0, 0), (start[0], start[Chunk.SuperSlabBytes - 1]));
            start[Chunk.SuperSlabBytes - 1] = 0;   // committed to the end
            taken.Add((nint)superSlab);
        }

        Assert.Equal(32, taken.Count);
        AddressSpace.ReturnSuperSlab<Config>((SuperSlab*)taken[7]);
        AddressSpace.ReturnSuperSlab<Config>((SuperSlab*)taken[3]);
        Assert.True(AddressSpace.TrySuperSlab<Config>(out SuperSlab* again) && (nint)again == taken[3]);
        Assert.True(AddressSpace.TrySuperSlab<Config>(out again) && (nint)again == taken[7]);
        Assert.False(AddressSpace.TrySuperSlab<Config>(out _));
    });

    [Fact]
    public void Owner_ids_are_unique_and_know_their_composition() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        ThreadHeap* heap = TestHeap.CurrentHeap();
        SpaceState* space = Config.Space;
        uint last = heap->Id;
        Assert.Equal(Config.Composition->Id, space->Owners[last].Composition);
        for (int i = 0; i < 3000; i++)
        {
            uint id = AddressSpace.NewOwner<Config>(space, Config.Composition->Id);
            Assert.Equal(last + 1, id);
            Assert.True(space->Owners[id].Heap == null && space->Owners[id].Composition == Config.Composition->Id);
            last = id;
        }

        AddressSpace.ReturnOwner<Config>(space, last);
        AddressSpace.ReturnOwner<Config>(space, last - 1);
        Assert.Equal(0u, space->Owners[last].Composition);
        Assert.Equal(last - 1, AddressSpace.NewOwner<Config>(space, Config.Composition->Id));
        Assert.Equal(last, AddressSpace.NewOwner<Config>(space, Config.Composition->Id));
        uint composition = AddressSpace.NewOwner<Config>(space, 0);
        Assert.Equal(last + 1, composition);
        Assert.Equal(composition, space->Owners[composition].Composition);
        Assert.Equal(1u << 24, space->OwnerLimit);
        space->NextOwner = space->OwnerLimit;
        Assert.Equal(0u, AddressSpace.NewOwner<Config>(space, 1));
    });

    [Fact]
    public void Memory_for_heaps_is_zero_and_aligned() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        _ = TestHeap.CurrentHeap();
        byte* before = null;
        foreach (nuint bytes in new nuint[] { 1, 64, 65, 100_000, 3_000_000, 8 })
        {
            byte* taken = AddressSpace.TakeMeta<Config>(Config.Space, bytes);
            Assert.True(taken != before && (nuint)taken % 64 == 0 && taken[0] == 0 && taken[bytes - 1] == 0);
            taken[bytes - 1] = 1;
            before = taken;
        }
    });

    [Fact]
    public void Reset_gives_all_mappings_back_those_cached_too() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        void* big = TestHeap.Alloc(5_000_000);
        void* kept = TestHeap.Alloc(3_000_000);
        TestHeap.Free(big);
        Assert.True(kept != null && FaultyMemory.MappedBytes > 0);
        TestHeap.Reset();
        Assert.Equal(0, FaultyMemory.MappedBytes);
    });
}
