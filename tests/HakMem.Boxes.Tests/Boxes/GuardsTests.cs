using System;
using System.Collections.Generic;
using HakMem.Tests.Support;
using Xunit;
using Config = HakMem.Boxes.Tests.GuardedHeap.Config;
using ErasedConfig = HakMem.Boxes.Tests.ErasedHeap.Config;

namespace HakMem.Boxes.Tests;

public unsafe class DoubleFreeCheckTests
{
    [Theory]
    [InlineData(16)]
    [InlineData(48)]
    [InlineData(1024)]
    [InlineData(3072)]
    [InlineData(32768)]
    public void The_second_free_is_found_in_itself(int size) => OwnThread.RunFresh(GuardedHeap.Reset, () =>
    {
        for (int i = 0; i < 300; i++) _ = GuardedHeap.Alloc((nuint)size);
        void* block = GuardedHeap.Alloc((nuint)size);
        GuardedHeap.Free(block);
        AssertStops(() => GuardedHeap.Free(block), "double free of the block at 0x", (nint)block);
    });

    [Fact]
    public void A_free_by_another_thread_after_the_owners_is_found_in_itself() => OwnThread.RunFresh(GuardedHeap.Reset, static () =>
    {
        void* block = GuardedHeap.Alloc(64);
        GuardedHeap.Free(block);
        nint address = (nint)block;
        OwnThread.Run(() => AssertStops(() => GuardedHeap.Free((void*)address), "double free of the block at 0x", address));
    });

    [Fact]
    public void A_free_by_the_owner_after_another_threads_is_found_in_itself() => OwnThread.RunFresh(GuardedHeap.Reset, static () =>
    {
        nint address = (nint)GuardedHeap.Alloc(64);
        OwnThread.Run(() => GuardedHeap.Free((void*)address));
        AssertStops(() => GuardedHeap.Free((void*)address), "double free of the block at 0x", address);
    });

    [Fact]
    public void An_address_inside_a_block_is_found_in_the_free() => OwnThread.RunFresh(GuardedHeap.Reset, static () =>
    {
        byte* block = (byte*)GuardedHeap.Alloc(1024);
        AssertStops(() => GuardedHeap.Free(block + 16), "free of an address inside a block: 0x", (nint)block + 16);
    });

    [Fact]
    public void A_place_that_was_never_handed_out_is_found_in_the_free() => OwnThread.RunFresh(GuardedHeap.Reset, static () =>
    {
        byte* block = (byte*)GuardedHeap.Alloc(1024);
        AssertStops(() => GuardedHeap.Free(block + (1024 * 40)), "free of an address that is not allocated: 0x", (nint)block + (1024 * 40));
    });

    [Fact]
    public void The_size_of_a_freed_block_is_not_told() => OwnThread.RunFresh(GuardedHeap.Reset, static () =>
    {
        void* block = GuardedHeap.Alloc(1024);
        Assert.Equal((nuint)1024, GuardedHeap.UsableSize(block));
        GuardedHeap.Free(block);
        AssertStops(() => GuardedHeap.Realloc(block, 900), "use of the freed block at 0x", (nint)block);
    });

    [Fact]
    public void A_block_with_two_users_is_found_when_it_is_handed_out() => OwnThread.RunFresh(GuardedHeap.Reset, static () =>
    {
        void* block = GuardedHeap.Alloc(1024);
        *FrontHot.Of(GuardedHeap.CurrentHeap(), SizeClasses.ClassOf(1024))->Top++ = block;   // as a defect of a box might
        AssertStops(() => GuardedHeap.Alloc(1024), "corrupted records of the block at 0x", (nint)block);
    });

    [Fact]
    public void Every_way_of_a_block_keeps_the_marks_right() => OwnThread.RunFresh(GuardedHeap.Reset, static () =>
    {
        Random random = new(11);
        List<nint> blocks = [];
        for (int i = 0; i < 30_000; i++)
        {
            if (random.Next(9) < 5 || blocks.Count == 0)
            {
                nuint size = (nuint)random.Next(1, random.Next(8) == 0 ? 100_000 : 2000);
                blocks.Add((nint)(random.Next(3) switch { 0 => GuardedHeap.AllocZeroed(size), 1 => GuardedHeap.AlignedAlloc(size, 64), _ => GuardedHeap.Alloc(size) }));
                *(byte*)blocks[^1] = 1;
                continue;
            }

            int at = random.Next(blocks.Count);
            if (random.Next(4) == 0)
            {
                blocks[at] = (nint)GuardedHeap.Realloc((void*)blocks[at], (nuint)random.Next(1, 3000));
                continue;
            }

            nint block = blocks[at];
            blocks[at] = blocks[^1];
            blocks.RemoveAt(blocks.Count - 1);
            if (random.Next(500) == 0) OwnThread.Run(() => GuardedHeap.Free((void*)block));
            else if (random.Next(10) == 0) FreeAsBatch(block);
            else GuardedHeap.Free((void*)block);
            if (random.Next(3000) == 0) GuardedHeap.Trim();
        }

        foreach (nint block in blocks) GuardedHeap.Free((void*)block);
        GuardedHeap.Trim();
        AllocatorStatistics statistics;
        GuardedHeap.ReadStatistics(&statistics);
        Assert.Equal(0UL, statistics.InUseBlocks);
        Assert.Equal(0, Config.DoubleFreeCheckShared->UncheckedSlabs);
    });

    [Fact]
    public void First_class_heaps_are_checked_and_their_slabs_serve_anew_after_a_destroy() => OwnThread.RunFresh(GuardedHeap.Reset, static () =>
    {
        _ = GuardedHeap.CurrentHeap();
        for (int round = 0; round < 3; round++)
        {
            ThreadHeap* heap = FirstClassHeap.Create<Config>();
            for (int i = 0; i < 1000; i++)
            {
                void* block = FirstClassHeap.Alloc<Config>(heap, 200, 1, i % 2 == 0);
                if (i % 3 == 0) FirstClassHeap.Free<Config>(heap, block);
            }

            FirstClassHeap.Destroy<Config>(heap);
            for (int i = 0; i < 500; i++) _ = GuardedHeap.Alloc(200);
        }

        ThreadHeap* last = FirstClassHeap.Create<Config>();
        void* freed = FirstClassHeap.Alloc<Config>(last, 200, 1, false);
        FirstClassHeap.Free<Config>(last, freed);
        AssertStops(() => FirstClassHeap.Free<Config>(last, freed), "double free of the block at 0x", (nint)freed);
    });

    [Theory]
    [InlineData("Reserve")]
    [InlineData("Commit")]
    public void Without_memory_for_the_table_blocks_are_not_checked(string refused) => OwnThread.RunFresh(GuardedHeap.Reset, () =>
    {
        _ = GuardedHeap.Alloc(100_000);   // the arena has chunks from here on
        FaultyMemory.Affected = Enum.Parse<MemoryCalls>(refused);
        FaultyMemory.FailAt = FaultyMemory.Calls + 1;
        FaultyMemory.FailTimes = long.MaxValue;
        void* block = GuardedHeap.Alloc(1024);
        GuardedHeap.Free(block);
        GuardedHeap.Free(block);
        Assert.Equal(1, Config.DoubleFreeCheckShared->UncheckedSlabs);
    });

    /// <summary>The table grows over a slab that it had no memory for: its blocks have users that it does not know of.</summary>
    [Fact]
    public void A_slab_from_before_the_table_had_memory_stays_unchecked() => OwnThread.RunFresh(GuardedHeap.Reset, static () =>
    {
        _ = GuardedHeap.Alloc(100_000);
        FaultyMemory.Affected = MemoryCalls.Commit;
        FaultyMemory.FailAt = FaultyMemory.Calls + 1;
        FaultyMemory.FailTimes = 1;
        void* before = GuardedHeap.Alloc(1024), after = GuardedHeap.Alloc(2048);
        Assert.Equal(1, Config.DoubleFreeCheckShared->UncheckedSlabs);
        for (int i = 0; i < 3; i++)
        {
            before = GuardedHeap.Realloc(before, 1000);
            GuardedHeap.Free(before);
            before = GuardedHeap.Alloc(1024);
        }

        GuardedHeap.Free(after);
        nint freed = (nint)after;
        AssertStops(() => GuardedHeap.Free((void*)freed), "double free of the block at 0x", freed);
    });

    private static void FreeAsBatch(nint block) => GuardedHeap.FreeBatch((void**)&block, 1);

    private static void AssertStops(Action action, string message, nint address)
    {
        AbortException found = Assert.Throws<AbortException>(action);
        Assert.Equal($"hakmem: {message}{address:x}", found.Message);
    }
}

public unsafe class PoisonTests
{
    [Theory]
    [InlineData(64, 0)]
    [InlineData(64, 63)]
    [InlineData(1024, 517)]
    [InlineData(32768, 30_000)]
    public void A_write_after_the_free_is_found_when_the_block_is_handed_out(int size, int offset) => OwnThread.RunFresh(GuardedHeap.Reset, () =>
    {
        byte* block = (byte*)GuardedHeap.Alloc((nuint)size);
        nuint usable = GuardedHeap.UsableSize(block);
        GuardedHeap.Free(block);
        for (nuint i = 0; i < usable; i++) Assert.Equal(Poison.Filling, block[i]);
        block[offset] = 0x5A;
        AbortException found = Assert.Throws<AbortException>(() => GuardedHeap.Alloc(usable));
        Assert.Equal($"hakmem: write after free of the block at 0x{(nint)block:x} of class {SizeClasses.ClassOf(usable)}, {usable} bytes: at offset {offset} is 0x5a instead of 0xdb", found.Message);
    });

    [Fact]
    public void A_write_after_a_free_by_another_thread_is_found() => OwnThread.RunFresh(GuardedHeap.Reset, static () =>
    {
        List<nint> blocks = [];
        for (int i = 0; i < 64; i++) blocks.Add((nint)GuardedHeap.Alloc(1024));
        OwnThread.Run(() =>
        {
            foreach (nint block in blocks) GuardedHeap.Free((void*)block);
        });
        ((byte*)blocks[5])[1023] = 0;
        AbortException found = Assert.Throws<AbortException>(static () =>
        {
            for (int i = 0; i < 200; i++) _ = GuardedHeap.Alloc(1024);
        });
        Assert.Equal($"hakmem: write after free of the block at 0x{blocks[5]:x} of class 32, 1024 bytes: at offset 1023 is 0x0 instead of 0xdb", found.Message);
    });

    [SystemTheory(SystemNeeds.SmallPages)]
    [InlineData(false)]
    [InlineData(true)]
    public void Pages_that_were_given_back_are_filled_anew_and_a_write_into_one_is_found(bool written) => OwnThread.RunFresh(GuardedHeap.Reset, () =>
    {
        List<nint> blocks = [];
        for (int i = 0; i < 64; i++) blocks.Add((nint)GuardedHeap.Alloc(1024));
        for (int i = 8; i < 64; i++) GuardedHeap.Free((void*)blocks[i]);
        GuardedHeap.Trim();
        Assert.InRange(GuardedHeap.CurrentHeap()->PurgedPages, 10, 14);
        byte* victim = (byte*)blocks[41];
        Assert.Equal(0, victim[100]);
        if (written) victim[100] = Poison.Filling;
        void AllocAll()
        {
            for (int i = 8; i < 64; i++) Assert.Equal(Poison.Filling, ((byte*)GuardedHeap.Alloc(1024))[100]);
        }

        if (!written)
        {
            AllocAll();
            return;
        }

        AbortException found = Assert.Throws<AbortException>(AllocAll);
        Assert.Equal($"hakmem: write after free of the block at 0x{(nint)victim:x} of class 32, 1024 bytes: at offset 100 is 0xdb instead of 0x0", found.Message);
    });

    [SystemFact(SystemNeeds.SmallPages)]
    public void Behind_the_last_block_of_a_page_that_was_given_back_is_still_zero() => OwnThread.RunFresh(GuardedHeap.Reset, static () =>
    {
        List<nint> blocks = [];
        _ = GuardedHeap.CurrentHeap();
        int lent = (int)GuardedHeap.Config.Classes[SizeClasses.ClassOf(1280)].Lent, end = lent + 9;
        for (int i = 0; i < end; i++) blocks.Add((nint)GuardedHeap.Alloc(1280));   // those of the home class, and of its own those of the first refill, which end within a page
        Slab* slab = Slab.At<GuardedHeap.Config>(PageMap.ChunkOf<GuardedHeap.Config>((void*)blocks[^1]));
        uint carved = slab->Carved;
        Assert.True(slab->Zeroed && carved is > 1 and < 30 && carved * 1280 % 4096 != 0);
        for (int i = lent + 1; i < end; i++) GuardedHeap.Free((void*)blocks[i]);
        GuardedHeap.Trim();
        Assert.True((slab->PurgedPages & (1UL << (int)(carved * 1280 / 4096))) != 0);
        for (int i = lent + 1; i < end; i++) _ = GuardedHeap.Alloc(1280);
        while (slab->Carved < 40)
        {
            Assert.True(GuardedHeap.TryAllocZeroed(1280, out void* block));
            Assert.False(new ReadOnlySpan<byte>(block, 1280).ContainsAnyExcept((byte)0));
        }
    });

    [Theory]
    [InlineData(64, 8)]
    [InlineData(1024, 1000)]
    public void A_front_that_links_its_blocks_keeps_its_links(int size, int offset) => OwnThread.RunFresh(GuardedListHeap.Reset, () =>
    {
        List<nint> blocks = [];
        for (int round = 0; round < 4; round++)
        {
            for (int i = 0; i < 3000; i++) blocks.Add((nint)GuardedListHeap.Alloc((nuint)size));
            foreach (nint freed in blocks) GuardedListHeap.Free((void*)freed);
            blocks.Clear();
        }

        byte* block = (byte*)GuardedListHeap.Alloc((nuint)size);
        GuardedListHeap.Free(block);
        block[offset] = 0x5A;
        AbortException found = Assert.Throws<AbortException>(() => GuardedListHeap.Alloc((nuint)size));
        Assert.Equal($"hakmem: write after free of the block at 0x{(nint)block:x} of class {SizeClasses.ClassOf((nuint)size)}, {size} bytes: at offset {offset} is 0x5a instead of 0xdb", found.Message);
    });

    [Fact]
    public void Zeroed_blocks_are_zero() => OwnThread.RunFresh(GuardedHeap.Reset, static () =>
    {
        for (int i = 0; i < 200; i++)
        {
            byte* block = (byte*)GuardedHeap.AllocZeroed(3000);
            for (int at = 0; at < 3000; at++) Assert.Equal(0, block[at]);
            if (i % 2 == 0) GuardedHeap.Free(block);
        }
    });
}

public unsafe class ZeroOnFreeTests
{
    [Theory]
    [InlineData(64)]
    [InlineData(1024)]
    [InlineData(20_000)]
    [InlineData(200_000)]
    [InlineData(5_000_000)]
    public void What_a_block_held_is_gone_after_its_free(int size) => OwnThread.RunFresh(ErasedHeap.Reset, () =>
    {
        ErasedHeap.Free(ErasedHeap.Alloc((nuint)size));   // a big one goes back the first time
        byte* block = (byte*)ErasedHeap.Alloc((nuint)size);
        nuint usable = ErasedHeap.UsableSize(block);
        new Span<byte>(block, (int)usable).Fill(0x5A);
        ErasedHeap.Free(block);
        Assert.Equal(-1, new Span<byte>(block, (int)usable).IndexOfAnyExcept((byte)0));
    });

    [Fact]
    public void A_free_by_another_thread_clears_too() => OwnThread.RunFresh(ErasedHeap.Reset, static () =>
    {
        nint block = (nint)ErasedHeap.Alloc(64);
        new Span<byte>((void*)block, 64).Fill(0x5A);
        OwnThread.Run(() => ErasedHeap.Free((void*)block));
        Assert.Equal(-1, new Span<byte>((void*)block, 64).IndexOfAnyExcept((byte)0));
    });

    [Fact]
    public void A_flushing_free_clears_too() => OwnThread.RunFresh(ErasedHeap.Reset, static () =>
    {
        List<nint> blocks = [];
        for (int i = 0; i < 2000; i++)
        {
            blocks.Add((nint)ErasedHeap.Alloc(256));
            new Span<byte>((void*)blocks[i], 256).Fill(0x5A);
        }

        foreach (nint block in blocks)
        {
            ErasedHeap.Free((void*)block);
            Assert.Equal(0, ((byte*)block)[255]);
        }
    });

    [Fact]
    public void What_died_with_a_first_class_heap_is_gone() => OwnThread.RunFresh(ErasedHeap.Reset, static () =>
    {
        _ = ErasedHeap.CurrentHeap();
        ThreadHeap* heap = FirstClassHeap.Create<ErasedConfig>();
        byte* small = (byte*)FirstClassHeap.Alloc<ErasedConfig>(heap, 500, 1, false);
        byte* large = (byte*)FirstClassHeap.Alloc<ErasedConfig>(heap, 100_000, 1, false);
        small[499] = large[99_999] = 0x5A;
        FirstClassHeap.Destroy<ErasedConfig>(heap);
        Assert.Equal((0, 0), (small[499], large[99_999]));
    });

    [Fact]
    public void The_tail_that_a_shrinking_block_gives_back_is_gone() => OwnThread.RunFresh(ErasedHeap.Reset, static () =>
    {
        byte* block = (byte*)ErasedHeap.Alloc(500_000);
        block[499_999] = 0x5A;
        Assert.True(ErasedHeap.Realloc(block, 300_000) == block);
        Assert.Equal(0, block[499_999]);
    });
}
