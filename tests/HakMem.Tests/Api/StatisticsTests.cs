using System;
using System.Diagnostics;
using System.Linq;
using System.Threading;
using Xunit;

namespace HakMem.Tests.Api;

[Collection(QuiescentHeap.Name)]
public sealed unsafe class StatisticsTests
{
    [Fact]
    public void ClassesAscendWithoutGaps()
    {
        nuint[] sizes = [.. HakMemory.GetStatistics().GetSizeClasses().Select(usage => usage.BlockSizeBytes)];
        Assert.Equal(sizes.Order(), sizes);
        Assert.Equal(16u, sizes[0]);
        Assert.Equal(32768u, sizes[^1]);
        Assert.All(sizes, size => Assert.Equal(size, HakMemory.GoodSize(size)));
    }

    [Fact]
    public void BlocksAreCountedByTheirClass()
    {
        HakMemStatistics before = HakMemory.GetStatistics();
        nint[] blocks = new nint[1000];
        HakMemory.AllocBatch(2048, blocks);
        HakMemStatistics during = HakMemory.GetStatistics();
        Assert.Equal(BlocksOf(before, 2048) + 1000, BlocksOf(during, 2048));
        Assert.Equal(before.InUseBlocks + 1000, during.InUseBlocks);
        Assert.Equal(before.InUseBytes + (1000 * 2048), during.InUseBytes);
        HakMemory.FreeBatch(blocks);
        AssertSameUse(before, HakMemory.GetStatistics());
    }

    [Fact]
    public void ABlockLentByALargerClassIsCountedAtItsUsableSize()
    {
        HakMemStatistics before = HakMemory.GetStatistics();
        void* block = HakMemory.Alloc(18_000);
        nuint usable = HakMemory.UsableSize(block);
        HakMemStatistics during = HakMemory.GetStatistics();
        Assert.Equal(before.InUseBytes + usable, during.InUseBytes);
        Assert.Equal(BlocksOf(before, usable) + 1, BlocksOf(during, usable));
        HakMemory.Free(block);
        AssertSameUse(before, HakMemory.GetStatistics());
    }

    [Fact]
    public void LargeAndBigBlocksAreCounted()
    {
        HakMemStatistics before = HakMemory.GetStatistics();
        void* large = HakMemory.Alloc(100_000), big = HakMemory.Alloc(10 << 20);
        HakMemStatistics during = HakMemory.GetStatistics();
        Assert.Equal(before.LargeBlocks + 1, during.LargeBlocks);
        Assert.Equal(before.BigBlocks + 1, during.BigBlocks);
        Assert.Equal(before.InUseBlocks + 2, during.InUseBlocks);
        Assert.Equal(before.InUseBytes + HakMemory.UsableSize(large) + HakMemory.UsableSize(big), during.InUseBytes);
        Assert.InRange(during.CommittedBytes, during.InUseBytes, nuint.MaxValue);
        Assert.InRange(during.ReservedBytes, during.CommittedBytes, nuint.MaxValue);

        large = HakMemory.Realloc(large, 300_000);
        big = HakMemory.Realloc(big, 30 << 20);
        Assert.Equal(before.InUseBytes + HakMemory.UsableSize(large) + HakMemory.UsableSize(big), HakMemory.GetStatistics().InUseBytes);
        HakMemory.Free(large);
        HakMemory.Free(big);
        AssertSameUse(before, HakMemory.GetStatistics());
    }

    [Fact]
    public void WhatIsFreedIsCachedAndWhatIsTrimmedIsPurged()
    {
        HakMemory.Trim();
        HakMemStatistics before = HakMemory.GetStatistics();
        nint[] blocks = new nint[20_000];
        HakMemory.AllocBatch(1024, blocks);
        HakMemory.Free(HakMemory.Alloc(8 << 20));   // the first time it goes back
        void* big = HakMemory.Alloc(8 << 20);
        HakMemory.FreeBatch(blocks);
        HakMemory.Free(big);
        HakMemStatistics freed = HakMemory.GetStatistics();
        Assert.InRange(freed.CachedBytes, before.CachedBytes + (8 << 20), nuint.MaxValue);
        HakMemory.Trim();
        HakMemStatistics trimmed = HakMemory.GetStatistics();
        Assert.InRange(trimmed.PurgedBytes, before.PurgedBytes + (16 << 20), nuint.MaxValue);
        Assert.InRange(trimmed.CommittedBytes, 0u, before.CommittedBytes + (1 << 20));
        Assert.Contains("in use", trimmed.ToString(), StringComparison.Ordinal);
    }

    /// <summary>After everything is freed by ended threads, four MiB of committed memory may be left.</summary>
    [Fact]
    public void AfterFreeingEverythingLittleIsCommitted()
    {
        HakMemory.Trim();
        HakMemStatistics before = HakMemory.GetStatistics();
        nint[][] blocks = new nint[8][];
        NativeThreads.Run(blocks.Length, index => blocks[index] = Mixed(index));
        Assert.InRange(HakMemory.GetStatistics().InUseBytes, before.InUseBytes + (20 << 20), nuint.MaxValue);

        // Half by threads that end, too, half by the main thread.
        NativeThreads.Run(4, index => HakMemory.FreeBatch(blocks[index]));
        for (int i = 4; i < blocks.Length; i++) HakMemory.FreeBatch(blocks[i]);
        HakMemory.Trim();

        HakMemStatistics after = HakMemory.GetStatistics();
        AssertSameUse(before, after);
        Assert.InRange(after.CommittedBytes, 0u, nuint.Max(before.CommittedBytes, before.InUseBytes + (4 << 20)));   // other threads of the test run keep a few blocks at hand
    }

    /// <summary>Nobody calls <see cref="HakMemory.Trim"/>, and the threads that used the memory are gone or at rest.</summary>
    [Fact]
    public void IdleMemoryGoesBackByItself()
    {
        HakMemory.Trim();
        // Of some 50 MiB. This thread goes on holding up to 64 words of the others' blocks in its table, and each keeps a page or more of a slab.
        nuint most = HakMemory.GetStatistics().CommittedBytes + (6 << 20);
        nint[][] blocks = new nint[4][];
        NativeThreads.Run(blocks.Length, index => blocks[index] = Mixed(index));
        NativeThreads.Run(2, index => HakMemory.FreeBatch(blocks[index]));
        for (int i = 2; i < blocks.Length; i++) HakMemory.FreeBatch(blocks[i]);
        Stopwatch waited = Stopwatch.StartNew();
        while (HakMemory.GetStatistics().CommittedBytes > most && waited.Elapsed < TimeSpan.FromSeconds(10)) Thread.Sleep(50);
        Assert.InRange(HakMemory.GetStatistics().CommittedBytes, 0u, most);
    }

    private static nint[] Mixed(int seed)
    {
        Random random = new(seed);
        nint[] blocks = new nint[3000];
        for (int i = 0; i < blocks.Length; i++)
        {
            blocks[i] = (nint)HakMemory.Alloc((nuint)(i % 500 == 0 ? random.Next(33_000, 3 << 20) : random.Next(0, 1 << random.Next(4, 14))));
        }

        return blocks;
    }

    private static ulong BlocksOf(HakMemStatistics statistics, nuint size)
        => statistics.GetSizeClasses().Single(usage => usage.BlockSizeBytes == size).Blocks;

    private static void AssertSameUse(HakMemStatistics before, HakMemStatistics after)
    {
        Assert.Equal(before.InUseBlocks, after.InUseBlocks);
        Assert.Equal(before.InUseBytes, after.InUseBytes);
        Assert.Equal(before.LargeBlocks, after.LargeBlocks);
        Assert.Equal(before.BigBlocks, after.BigBlocks);
    }
}
