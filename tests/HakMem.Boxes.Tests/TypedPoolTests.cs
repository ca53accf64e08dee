using System;
using System.Collections.Generic;
using System.Runtime.CompilerServices;
using Xunit;

namespace HakMem.Boxes.Tests;

/// <summary>What the pools of structs hand out.</summary>
public unsafe class TypedPoolTests
{
    [Fact]
    public void Values_are_apart_of_their_class_and_come_again() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        HashSet<nint> seen = [];
        List<nint> nodes = [];
        for (int i = 0; i < 1000; i++)
        {
            TestNode* node = TestNode.Pool.Alloc();
            Assert.True(seen.Add((nint)node));
            *node = new TestNode { First = i, Fourth = ~i };
            nodes.Add((nint)node);
        }

        Assert.Equal((nuint)48, TestHeap.UsableSize((void*)nodes[^1]));
        for (int i = 0; i < 1000; i++) Assert.Equal((i, ~i), (((TestNode*)nodes[i])->First, ((TestNode*)nodes[i])->Fourth));
        foreach (nint node in nodes) TestNode.Pool.Free((TestNode*)node);
        TestNode.Pool.Free(null);
        Assert.True(TestNode.Pool.TryAlloc(out TestNode* again));
        Assert.Contains((nint)again, seen);
        TestNode.Pool.Free(again);
        AssertNothingInUse();
    });

    [Fact]
    public void Alignment_and_zeroing_hold_for_every_form() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        nint* nodes = stackalloc nint[300];
        for (int round = 0; round < 2; round++)
        {
            for (int i = 0; i < 100; i++) nodes[i] = (nint)AlignedNode.Pool.Alloc();
            for (int i = 100; i < 200; i++) nodes[i] = AlignedNode.Pool.TryAlloc(out AlignedNode* node) ? (nint)node : 0;
            Assert.Equal(100, AlignedNode.Pool.AllocBatch(new Span<nint>(nodes + 200, 100)));
            for (int i = 0; i < 300; i++)
            {
                Assert.Equal(0, nodes[i] % 64);
                Assert.False(new ReadOnlySpan<byte>((void*)nodes[i], sizeof(AlignedNode)).ContainsAnyExcept((byte)0));
                new Span<byte>((void*)nodes[i], sizeof(AlignedNode)).Fill(0xAB);
            }

            AlignedNode.Pool.FreeBatch(new ReadOnlySpan<nint>(nodes, 300));
            Span<AlignedNode> span = AlignedNode.Pool.AllocSpan(10);
            Assert.Equal((10, 0), (span.Length, (int)((nint)Unsafe.AsPointer(ref span[0]) % 64)));
            foreach (ref AlignedNode node in span)
            {
                Assert.Equal(0, node.Bytes[129]);
                node.Bytes[129] = 1;
            }

            AlignedNode.Pool.FreeSpan(span);
        }

        Assert.Equal((nuint)192, TestHeap.UsableSize(AlignedNode.Pool.Alloc()));
    });

    [Fact]
    public void Alignment_holds_above_a_page() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        List<nint> lenders = [];
        foreach (nuint size in (nuint[])[5900, 8700, 9000, 17000, 17400])
        {
            for (int i = 0; i < 8; i++) lenders.Add((nint)TestHeap.Alloc(size));
        }

        foreach (nint block in lenders) TestHeap.Free((void*)block);
        nint* batch = stackalloc nint[12];
        for (int i = 0; i < 12; i++)
        {
            Assert.Equal((0, 0, 0), ((nint)PageAndHeaderNode.Pool.Alloc() % 64, (nint)LentNode.Pool.Alloc() % 64, (nint)PagesNode.Pool.Alloc() % 4096));
            Assert.True(PageAndHeaderNode.Pool.TryAlloc(out PageAndHeaderNode* first) && LentNode.Pool.TryAlloc(out LentNode* second) && PagesNode.Pool.TryAlloc(out PagesNode* third)
                && (nint)first % 64 == 0 && (nint)second % 64 == 0 && (nint)third % 4096 == 0);
        }

        Assert.Equal(12, PageAndHeaderNode.Pool.AllocBatch(new Span<nint>(batch, 12)));
        for (int i = 0; i < 12; i++) Assert.Equal(0, batch[i] % 64);
        Assert.Equal(12, PagesNode.Pool.AllocBatch(new Span<nint>(batch, 12)));
        for (int i = 0; i < 12; i++) Assert.Equal(0, batch[i] % 4096);
        HeapWalk.AssertValid<TestHeap.Config>();
    });

    [Fact]
    public void Values_of_any_size_and_type_parameter_have_a_pool() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        LargeNode* large = LargeNode.Pool.Alloc();
        Assert.Equal(0, large->Bytes[49_999]);
        large->Bytes[49_999] = 9;
        LargeNode.Pool.Free(large);
        Assert.True(LargeNode.Pool.TryAlloc(out large) && large->Bytes[49_999] == 0);
        LargeNode.Pool.Free(large);
        ByteNode* tiny = ByteNode.Pool.Alloc();
        ByteNode.Pool.Free(tiny);
        Nest<long>.Node<decimal>* wide = Nest<long>.Node<decimal>.Pool.Alloc();
        Nest<byte>.Node<byte>* narrow = Nest<byte>.Node<byte>.Pool.Alloc();
        Assert.Equal((0L, 0m, (byte)0), (wide->Key, wide->Value, narrow->Value));
        Nest<long>.Node<decimal>.Pool.Free(wide);
        Nest<byte>.Node<byte>.Pool.Free(narrow);
        AssertNothingInUse();
    });

    [Fact]
    public void Spans_are_one_block_and_none_for_nothing() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        Span<TestNode> span = TestNode.Pool.AllocSpan(1000);
        span[999].First = 5;
        AllocatorStatistics statistics;
        TestHeap.ReadStatistics(&statistics);
        Assert.Equal(1UL, statistics.InUseBlocks);
        TestNode.Pool.FreeSpan(span);
        Assert.True(TestNode.Pool.AllocSpan(0).IsEmpty);
        TestNode.Pool.FreeSpan(default);
        Assert.Throws<ArgumentOutOfRangeException>(static () => TestNode.Pool.AllocSpan(-1));
        AssertNothingInUse();
    });

    [Fact]
    public void A_reservation_makes_room_once() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        Assert.True(TestNode.Pool.Reserve());
        AssertNothingInUse();
        FaultyMemory.FailAt = 1;   // from here on the system gives nothing
        FaultyMemory.FailTimes = long.MaxValue;
        List<nint> nodes = [];
        for (int i = 0; i < 500; i++) nodes.Add((nint)TestNode.Pool.Alloc());
        FaultyMemory.FailAt = 0;
        foreach (nint node in nodes) TestNode.Pool.Free((TestNode*)node);
        AssertNothingInUse();
    });

    [Fact]
    public void No_memory_is_said_by_every_form() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        FaultyMemory.FailAt = 1;
        FaultyMemory.FailTimes = long.MaxValue;
        Assert.False(TestNode.Pool.TryAlloc(out TestNode* node));
        Assert.True(node == null);
        Assert.False(TestNode.Pool.Reserve(3));
        nint* nodes = stackalloc nint[4];
        Assert.Equal(0, TestNode.Pool.AllocBatch(new Span<nint>(nodes, 4)));
        Assert.Throws<OutOfMemoryException>(static () => TestNode.Pool.Alloc());
        Assert.Throws<OutOfMemoryException>(static () => AlignedNode.Pool.Alloc());
        Assert.Throws<OutOfMemoryException>(static () => LargeNode.Pool.Alloc());
        Assert.Throws<OutOfMemoryException>(static () => TestNode.Pool.AllocSpan(100).Length);
        FaultyMemory.FailAt = 0;
        TestNode.Pool.Free(TestNode.Pool.Alloc());
    });

    private static void AssertNothingInUse()
    {
        AllocatorStatistics statistics;
        TestHeap.ReadStatistics(&statistics);
        Assert.Equal(0UL, statistics.InUseBlocks);
    }
}
