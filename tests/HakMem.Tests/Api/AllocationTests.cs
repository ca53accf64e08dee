using System;
using System.Collections.Generic;
using System.Linq;
using Xunit;

namespace HakMem.Tests.Api;

public sealed unsafe class AllocationTests
{
    /// <summary>Sizes at every edge: of classes, of tiers, of chunks.</summary>
    public static TheoryData<ulong> EdgeSizes =>
    [
        .. new ulong[] { 16, 128, 144, 256, 1024, 1152, 4096, 8192, 16384, 32768, 65536, 1 << 20, 2 << 20, 4 << 20 }
            .SelectMany(edge => new[] { edge - 1, edge, edge + 1 }).Prepend(1UL).Prepend(0UL).Distinct(),
    ];

    [Fact]
    public void BlocksOfNoBytesAreUniqueAndFreeable()
    {
        HashSet<nint> seen = [];
        for (int i = 0; i < 1000; i++) Assert.True(seen.Add((nint)HakMemory.Alloc(0)));
        foreach (nint block in seen) HakMemory.Free((void*)block);
    }

    [Theory]
    [MemberData(nameof(EdgeSizes))]
    public void AllBytesOfABlockCanBeUsed(ulong size)
    {
        byte* block = (byte*)HakMemory.Alloc((nuint)size);
        nuint usable = HakMemory.UsableSize(block);
        Assert.InRange(usable, (nuint)size, nuint.MaxValue);
        Assert.Equal(0u, (nuint)block & 15);
        HakMemory.Fill(block, usable, 0xA5);
        Assert.Equal(0xA5, block[usable - 1]);
        HakMemory.Free(block, (nuint)size);
    }

    [Theory]
    [MemberData(nameof(EdgeSizes))]
    public void ZeroedBlocksAreZeroAfterUse(ulong size)
    {
        for (int round = 0; round < 3; round++)
        {
            byte* block = (byte*)HakMemory.AllocZeroed((nuint)size);
            Assert.False(new ReadOnlySpan<byte>(block, (int)size).ContainsAnyExcept((byte)0));
            HakMemory.Fill(block, (nuint)size, 0xFF);
            HakMemory.Free(block);
        }
    }

    [Theory]
    [MemberData(nameof(EdgeSizes))]
    public void EveryAlignmentIsKept(ulong size)
    {
        if (size == 0) return;   // in a process of its own, see FaultTests
        for (nuint alignment = 1; alignment <= 4 << 20; alignment *= 2)
        {
            byte* block = (byte*)HakMemory.AlignedAlloc((nuint)size, alignment);
            Assert.Equal(0u, (nuint)block & (alignment - 1));
            Assert.InRange(HakMemory.UsableSize(block), (nuint)size, nuint.MaxValue);
            block[0] = block[size - 1] = 7;
            byte* moved = (byte*)HakMemory.AlignedRealloc(block, (nuint)size + 100, alignment * 2);
            Assert.Equal(0u, (nuint)moved & ((alignment * 2) - 1));
            Assert.Equal(7, moved[0]);
            Assert.Equal(7, moved[size - 1]);
            HakMemory.AlignedFree(moved);
        }
    }

    [Fact]
    public void PowersOfTwoAreAlignedToThemselves()
    {
        for (nuint size = 16; size <= 32768; size *= 2)
        {
            void* block = HakMemory.Alloc(size);
            Assert.Equal(0u, (nuint)block & (size - 1));
            HakMemory.Free(block);
        }
    }

    [Theory]
    [InlineData(ulong.MaxValue)]
    [InlineData(ulong.MaxValue - 4095)]
    [InlineData(1UL << 63)]
    [InlineData(1UL << 48)]
    [InlineData((1UL << 47) + 1)]
    [InlineData(1UL << 47)]
    public void SizesBeyondTheAddressSpaceAreRefused(ulong bytes)
    {
        nuint size = (nuint)bytes;
        Assert.Throws<OutOfMemoryException>(() => HakMemory.Alloc(size));
        Assert.Throws<OutOfMemoryException>(() => HakMemory.AllocZeroed(size));
        Assert.Throws<OutOfMemoryException>(() => HakMemory.AlignedAlloc(size, 64));
        Assert.Throws<OutOfMemoryException>(() => HakMemory.AlignedAlloc(8, (nuint)1 << 63));
        Assert.False(HakMemory.TryAlloc(size, out void* block) || block != null);
        Assert.False(HakMemory.TryAllocZeroed(size, out block) || block != null);
        Assert.False(HakMemory.TryAlignedAlloc(size, 64, out block) || block != null);
        nint[] batch = new nint[2];
        Assert.Equal(0, HakMemory.AllocBatch(size, batch));

        foreach (nuint old in (nuint[])[8, 20_000, 200_000, 5 << 20])
        {
            byte* kept = (byte*)HakMemory.Alloc(old);
            kept[0] = kept[old - 1] = 9;
            Assert.False(HakMemory.TryRealloc(kept, size, out block) || block != null);
            Assert.False(HakMemory.TryAlignedRealloc(kept, size, 128, out block) || block != null);
            Assert.Throws<OutOfMemoryException>(() => HakMemory.Realloc(kept, size));
            Assert.True(kept[0] == 9 && kept[old - 1] == 9 && HakMemory.UsableSize(kept) >= old);
            HakMemory.Free(kept);
        }
    }

    [Fact]
    public void TryFormsRefuseBadAlignments()
    {
        foreach (nuint alignment in (nuint[])[0, 3, 24, nuint.MaxValue])
        {
            Assert.False(HakMemory.TryAlignedAlloc(8, alignment, out void* block) || block != null);
            Assert.False(HakMemory.TryAlignedRealloc(null, 8, alignment, out block) || block != null);
        }
    }

    [Fact]
    public void ReallocKeepsContentsOverAllTiers()
    {
        nuint[] sizes = [1, 15, 200, 1024, 1025, 5000, 32768, 32769, 100_000, 70_000, 2 << 20, (2 << 20) + 1, 9 << 20, 3 << 20, 2 << 20, 65_537, 33_000, 900, 17, 0];
        byte* block = (byte*)HakMemory.Realloc(null, 1);
        *block = 42;
        nuint old = 1;
        foreach (nuint size in sizes)
        {
            block = (byte*)HakMemory.Realloc(block, size);
            if (size == 0) break;
            Assert.Equal(42, block[0]);
            nuint common = Math.Min(old, size);
            if (common > 1 && size <= old) Assert.Equal(block[common - 1], (byte)(common > 2 ? 0x77 : block[common - 1]));
            HakMemory.Fill(block + 1, size - 1, 0x77);
            old = size;
        }

        HakMemory.Free(block);
    }

    [Fact]
    public void GoodSizeIsWhatIsGot()
    {
        nuint previous = 0;
        for (nuint size = 0; size < 5 << 20; size += 1 + (size / 50))
        {
            nuint good = HakMemory.GoodSize(size);
            Assert.True(good >= size && good >= previous && HakMemory.GoodSize(good) == good, $"{size} -> {good}");
            void* block = HakMemory.Alloc(size);
            Assert.InRange(HakMemory.UsableSize(block), good, nuint.MaxValue);
            HakMemory.Free(block);
            previous = good;
        }

        Assert.Equal(nuint.MaxValue, HakMemory.GoodSize(nuint.MaxValue));
        Assert.Equal(0u, HakMemory.UsableSize(null));
    }

    [Fact]
    public void GoodSizeIsUsableSizeOnceAClassHasSlabs()
    {
        nint[] blocks = new nint[300];
        foreach (nuint size in (nuint[])[16, 48, 80, 100, 144, 1000, 1100, 20_000, 100_000])
        {
            int count = size > 32768 ? 2 : 300;
            Assert.Equal(count, HakMemory.AllocBatch(size, blocks.AsSpan(0, count)));
            Assert.Equal(HakMemory.GoodSize(size), HakMemory.UsableSize((void*)blocks[count - 1]));
            HakMemory.FreeBatch(blocks.AsSpan(0, count));
        }
    }

    [Fact]
    public void ABigBlockFromTheCacheIsAtMostHalfTooLarge()
    {
        HakMemory.Trim();
        void* kept = HakMemory.Alloc(4 << 20);
        HakMemory.Free(kept);
        void* block = HakMemory.Alloc(3 << 20), next = HakMemory.Alloc(3 << 20);

        Assert.InRange(HakMemory.UsableSize(block), HakMemory.GoodSize(3 << 20), HakMemory.GoodSize(3 << 20) / 2 * 3);
        Assert.InRange(HakMemory.UsableSize(next), HakMemory.GoodSize(3 << 20), HakMemory.GoodSize(3 << 20) / 2 * 3);
        HakMemory.Free(block);
        HakMemory.Free(next);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(16)]
    [InlineData(1000)]
    [InlineData(5000)]
    [InlineData(32768)]
    [InlineData(100_000)]
    [InlineData(3 << 20)]
    public void ABatchIsSeparateBlocks(int size)
    {
        nint[] blocks = new nint[size > 32768 ? 10 : 700];
        Assert.Equal(blocks.Length, HakMemory.AllocBatch((nuint)size, blocks));
        Array.Sort(blocks);
        for (int i = 1; i < blocks.Length; i++) Assert.True(blocks[i] - blocks[i - 1] >= Math.Max(size, 1));
        blocks[3] = HakMemoryFree(blocks[3]);
        HakMemory.FreeBatch(blocks);
        Assert.Equal(0, HakMemory.AllocBatch(8, []));
        HakMemory.FreeBatch([]);
    }

    [Fact]
    public void ALocalHeapIsTheSameMemory()
    {
        LocalHeap heap = HakMemory.GetLocalHeap();
        foreach (nuint size in (nuint[])[0, 8, 1024, 5000, 40_000, 3 << 20])
        {
            void* fromLocal = heap.Alloc(size);
            void* fromStatic = HakMemory.Alloc(size);
            Assert.True(fromLocal != fromStatic);
            Assert.InRange(HakMemory.UsableSize(fromLocal), size, nuint.MaxValue);
            HakMemory.Free(fromLocal);
            heap.Free(fromStatic);
        }

        heap.Free(null);
        Assert.Throws<OutOfMemoryException>(() => HakMemory.GetLocalHeap().Alloc(nuint.MaxValue));
    }

    private static nint HakMemoryFree(nint block)
    {
        HakMemory.Free((void*)block);
        return 0;
    }
}
