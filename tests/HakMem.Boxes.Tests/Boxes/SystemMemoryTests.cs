using System;
using System.Threading;
using HakMem.Tests.Support;
using Xunit;

namespace HakMem.Boxes.Tests;

/// <summary>What the boxes above rely on, of the system that the tests run on: <see cref="LinuxMemory"/>'s or <see cref="WindowsMemory"/>'s.</summary>
public unsafe class SystemMemoryTests
{
    private const nuint Range = 16 << 20;

    private static nuint Page => Chunk.OsPageBytes;

    private static int RangePages => (int)(Range / Page);

    public SystemMemoryTests() => SystemMemory.Prepare();

    [Fact]
    public void A_range_is_committed_exposed_purged_and_taken_away()
    {
        byte* range = SystemMemory.Reserve(Range);
        Assert.True(range != null && (nuint)range % Page == 0);
        Assert.True(SystemMemory.Expose(range, 1 << 20));
        Assert.False(new ReadOnlySpan<byte>(range, 1 << 20).ContainsAnyExcept((byte)0));
        Assert.True(SystemMemory.Commit(range + (8 * Page), 100 * Page));   // some of it exposed before
        new Span<byte>(range + (8 * Page), (int)(100 * Page)).Fill(7);
        Assert.True(SystemMemory.Commit(range + (100 * Page), 8 * Page));   // again
        Assert.Equal(7, range[100 * Page]);
        Assert.True(SystemMemory.Purge(range + (10 * Page), 5 * Page));
        Assert.Equal(0, PageResidency.Count(range + (10 * Page), 5));
        Assert.False(new ReadOnlySpan<byte>(range + (10 * Page), (int)(5 * Page)).ContainsAnyExcept((byte)0));
        Assert.Equal((7, 7), (range[(10 * Page) - 1], range[15 * Page]));
        range[12 * Page] = 9;
        Assert.True(SystemMemory.Unmap(range + Range - (2 * Page), 2 * Page));   // what nobody used, at the end
        Assert.Equal(9, range[12 * Page]);
        Assert.True(SystemMemory.Unmap(range, Range - (2 * Page)));
    }

    [Fact]
    public void What_is_decommitted_comes_back_clean()
    {
        byte* range = SystemMemory.Reserve(Range);
        Assert.True(SystemMemory.Commit(range, Range));
        new Span<byte>(range, (int)Range).Fill(7);
        Assert.True(SystemMemory.Purge(range, Range / 2));
        Assert.True(SystemMemory.Decommit(range, Range / 2));
        Assert.True(SystemMemory.Recommit(range, Range / 2));
        Assert.Equal(0, PageResidency.Count(range, RangePages / 2));
        Assert.False(new ReadOnlySpan<byte>(range, (int)(Range / 2)).ContainsAnyExcept((byte)0));
        Assert.True(SystemMemory.TryRead(range + (Range / 2), out nint word) && word == 0x0707_0707_0707_0707);
        Assert.True(SystemMemory.Decommit(range, Range / 2));
        bool there = SystemMemory.TryRead(range, out word);
        Assert.Equal(0, word);
        Assert.True(there == OperatingSystem.IsLinux() || Emulation.IsWine);   // Wine reads what has no access
        Assert.True(SystemMemory.Recommit(range, Range / 2));
        Assert.True(SystemMemory.Recommit(range, Range / 2));   // what was never decommitted
        Assert.True(SystemMemory.Unmap(range, Range));
    }

    [Fact]
    public void Ranges_come_and_go_many_times()
    {
        for (int round = 0; round < 600; round++)   // more than Windows' box keeps a list of
        {
            byte* range = SystemMemory.Reserve(Range);
            Assert.True(range != null && SystemMemory.Commit(range, Page));
            *range = 1;
            Assert.True(SystemMemory.Purge(range, Page));
            Assert.Equal(0, *range);
            Assert.True(SystemMemory.Unmap(range, Range));
        }
    }

    [Fact]
    public void A_mapping_goes_in_parts_in_any_order()
    {
        int[] order = [3, 0, 5, 1, 2, 4];
        for (int round = 0; round < 50; round++)
        {
            byte* at = SystemMemory.Map(60 * Page);
            Assert.True(at != null);
            new Span<byte>(at, (int)(60 * Page)).Fill(1);
            Random.Shared.Shuffle(order);
            for (int i = 0; i < order.Length; i++)
            {
                Assert.True(SystemMemory.Unmap(at + ((nuint)order[i] * 10 * Page), 10 * Page));
                for (int left = i + 1; left < order.Length; left++) Assert.Equal(1, at[((nuint)order[left] * 10 * Page) + 5]);
            }
        }
    }

    /// <summary>Nobody is hurt who maps where a mapping was that went in parts.</summary>
    [Fact]
    public void Threads_that_map_and_unmap_in_parts_keep_out_of_each_others_way()
    {
        OwnThread.Handle[] threads = new OwnThread.Handle[4];
        for (int i = 0; i < threads.Length; i++)
        {
            byte mine = (byte)(i + 1);
            threads[i] = OwnThread.Start(() =>
            {
                for (int round = 0; round < 300; round++)
                {
                    byte* at = SystemMemory.Map(80 * Page);
                    Assert.True(at != null);
                    new Span<byte>(at, (int)(80 * Page)).Fill(mine);
                    Assert.True(SystemMemory.Unmap(at, 30 * Page));
                    Thread.Yield();
                    Assert.True(SystemMemory.Purge(at + (30 * Page), 10 * Page));
                    Assert.False(new ReadOnlySpan<byte>(at + (30 * Page), (int)(10 * Page)).ContainsAnyExcept((byte)0));
                    Assert.False(new ReadOnlySpan<byte>(at + (40 * Page), (int)(40 * Page)).ContainsAnyExcept(mine));
                    Assert.True(SystemMemory.Unmap(at + (30 * Page), 50 * Page));
                }
            });
        }

        foreach (OwnThread.Handle thread in threads) thread.Join();
    }

    [SystemTheory(SystemNeeds.Kernel)]
    [InlineData(true)]
    [InlineData(false)]
    public void A_mapping_changes_its_length_and_keeps_its_contents(bool mayMove)
    {
        const nuint First = 2 << 20;
        byte* at = SystemMemory.Map(First);
        new Span<byte>(at, (int)First).Fill(5);
        byte* longer = SystemMemory.Remap(at, First, First * 2, mayMove);
        Assert.True(longer != null || !mayMove);   // this much every system gives; without a move, when there is room behind
        if (longer == null)
        {
            Assert.True(SystemMemory.Unmap(at, First));
            return;
        }

        Assert.False(new ReadOnlySpan<byte>(longer, (int)First).ContainsAnyExcept((byte)5));
        Assert.False(new ReadOnlySpan<byte>(longer + First, (int)First).ContainsAnyExcept((byte)0));
        byte* shorter = SystemMemory.Remap(longer, First * 2, Page, mayMove);
        Assert.True(shorter == longer && *shorter == 5);
        Assert.True(SystemMemory.Unmap(shorter, Page));
    }

    [SystemFact(SystemNeeds.Kernel)]
    public void Memory_is_behind_what_is_populated()
    {
        byte* at = SystemMemory.Map(Range);
        at[Page] = 3;
        if (SystemMemory.Populate(at, Range)) Assert.Equal(RangePages, PageResidency.Count(at, RangePages));
        Assert.Equal((0, 3), (at[0], at[Page]));
        Assert.True(SystemMemory.Unmap(at, Range));
    }

    [SystemFact(SystemNeeds.Kernel)]
    public void What_cannot_be_is_refused()
    {
        Assert.True(SystemMemory.Map((nuint)1 << 60) == null);
        Assert.True(SystemMemory.Reserve((nuint)1 << 60) == null);
        byte* at = SystemMemory.Map(2 * Page);
        *at = 1;
        Assert.True(SystemMemory.Remap(at, 2 * Page, (nuint)1 << 60, true) == null);
        Assert.Equal(1, *at);
        Assert.True(SystemMemory.Unmap(at, 2 * Page));
        Assert.False(SystemMemory.Purge(at, 2 * Page));
    }

    [Fact]
    public void A_threads_end_marks_the_word_and_shuts_the_stack()
    {
        uint id = 0;
        byte* words = SystemMemory.Map(Page);
        uint* endKey = (uint*)(words + 128), stackKey = endKey + 1;
        *(ulong*)(words + 64) = 77;
        bool watched = false, inside = false;
        OwnThread.Handle thread = OwnThread.Start(() =>
        {
            id = SystemMemory.ThreadId();
            SystemMemory.WatchThreadEnd(endKey, words);
            watched = SystemMemory.WatchStack(stackKey, words + 64);
            byte here;
            inside = SystemMemory.Stack(out byte* low, out nuint bytes) && (nuint)(&here - low) < bytes;
            Assert.Equal((0u, 77ul), (*(uint*)words, *(ulong*)(words + 64)));
            Assert.False(SystemMemory.ThreadIsGone(id, words));
        });
        thread.Join();
        Assert.True(watched && inside);
        Assert.NotEqual(0u, *(uint*)words);
        Assert.InRange(*(uint*)(words + 64), 0u, 1u);
        Assert.True(SystemMemory.ThreadIsGone(id, words));
        Assert.False(SystemMemory.ThreadIsGone(SystemMemory.ThreadId(), null));
        SystemMemory.UnwatchThreadEnds(endKey);
        SystemMemory.UnwatchThreadEnds(stackKey);
        Assert.Equal((0u, 0u), (*endKey, *stackKey));
        Assert.True(SystemMemory.Unmap(words, Page));
    }

    /// <summary>Windows soon gives an id again: the time in the word tells this thread from one that ended before it began.</summary>
    [SystemFact(SystemNeeds.Windows)]
    public void A_thread_that_began_after_the_end_in_the_word_is_another()
    {
        ulong* word = stackalloc ulong[2];
        word[0] = 1UL << 32;
        Assert.True(SystemMemory.ThreadIsGone(SystemMemory.ThreadId(), word));
        word[0] = 1;   // half of a time
        Assert.False(SystemMemory.ThreadIsGone(SystemMemory.ThreadId(), word));
        word[0] = (ulong)DateTime.UtcNow.ToFileTimeUtc();
        Assert.False(SystemMemory.ThreadIsGone(SystemMemory.ThreadId(), word));
    }

    [Fact]
    public void The_clock_goes_on_and_locks_wait()
    {
        ulong before = SystemMemory.Milliseconds();
        for (uint attempt = 0; attempt < SpinLock.SleepAttempt + 40; attempt++) SystemMemory.Wait(attempt);
        Thread.Sleep(40);
        Assert.InRange(SystemMemory.Milliseconds() - before, 20ul, 60_000ul);
        Assert.True(SystemMemory.AddressSpaceLimit() >= 1u << 30);
    }
}
