using System;
using System.Collections.Generic;
using HakMem.Tests.Threads;
using Xunit;

namespace HakMem.Tests.Heaps;

/// <summary>Arenas: bump allocation over pages that a reset keeps.</summary>
[Collection(QuiescentHeap.Name)]
public sealed unsafe class HakArenaTests
{
    [Fact]
    public void BlocksAreAlignedDisjointAndKeepTheirContents()
    {
        using UnchangedUse use = new();
        using HakArena arena = new(4096);
        Random random = new(1);
        for (int round = 0; round < 5; round++)
        {
            List<(nint Start, int Bytes)> blocks = [];
            for (int i = 0; i < 2000; i++)
            {
                nuint alignment = (nuint)1 << random.Next(0, 14);
                int bytes = random.Next(100) == 0 ? random.Next(4000, 100_000) : random.Next(0, 300);
                nint start = (nint)arena.Alloc((nuint)bytes, alignment);
                Assert.Equal(0u, (nuint)start & (alignment - 1));
                new Span<byte>((void*)start, bytes).Fill((byte)i);
                blocks.Add((start, bytes));
            }

            for (int i = 0; i < blocks.Count; i++) Assert.False(new ReadOnlySpan<byte>((void*)blocks[i].Start, blocks[i].Bytes).ContainsAnyExcept((byte)i));
            arena.Reset();
        }
    }

    [Fact]
    public void ByDefaultBlocksAreAlignedTo16AndFollowEachOther()
    {
        using HakArena arena = new();
        Assert.Equal(0u, arena.HeldBytes);
        byte* first = (byte*)arena.Alloc(1), second = (byte*)arena.Alloc(16), third = (byte*)arena.Alloc(1, 1), fourth = (byte*)arena.Alloc(1, 1);
        Assert.True(second == first + 16 && third == second + 16 && fourth == third + 1);
        Assert.Equal(65536u, arena.HeldBytes);
    }

    [Fact]
    public void SpansHaveTheirLength()
    {
        using HakArena arena = new();
        Span<long> numbers = arena.AllocSpan<long>(1000);
        Assert.Equal(1000, numbers.Length);
        numbers.Fill(7);
        Assert.Equal(0, arena.AllocSpan<int>(0).Length);
        Assert.False(numbers.ContainsAnyExcept(7));
        Assert.Throws<ArgumentOutOfRangeException>(() => arena.AllocSpan<int>(-1).Length);
    }

    [Fact]
    public void AResetReusesThePages()
    {
        using HakArena arena = new(8192);
        HashSet<nint> first = [], second = [];
        for (int i = 0; i < 100; i++) first.Add((nint)arena.Alloc(1000));
        nuint held = arena.HeldBytes;
        for (int round = 0; round < 10; round++)
        {
            arena.Reset();
            second.Clear();
            for (int i = 0; i < 100; i++) second.Add((nint)arena.Alloc(1000));
            Assert.Equal(held, arena.HeldBytes);
            Assert.Superset(second, first);
        }
    }

    [Fact]
    public void MarksNest()
    {
        using HakArena arena = new(4096);
        HakArenaMark start = arena.GetMark();
        int* outer = (int*)arena.Alloc(4);
        *outer = 1;
        HakArenaMark afterOuter = arena.GetMark();
        byte* middle = (byte*)arena.Alloc(3000);
        HakArenaMark afterMiddle = arena.GetMark();
        for (int i = 0; i < 50; i++) arena.Alloc(1000);
        nuint held = arena.HeldBytes;
        arena.Reset(afterMiddle);
        for (int i = 0; i < 50; i++) new Span<byte>(arena.Alloc(1000), 1000).Fill(0xEE);
        Assert.Equal((held, 1), (arena.HeldBytes, *outer));
        arena.Reset(afterOuter);
        Assert.True(arena.Alloc(3000) == middle);
        arena.Reset(afterOuter);
        Assert.True(arena.Alloc(3000) == middle);
        arena.Reset(start);
        Assert.True(arena.Alloc(4) == outer);
    }

    [Fact]
    public void ABigBlockGetsAPageOfItsOwnSize()
    {
        using UnchangedUse use = new();
        using HakArena arena = new(4096);
        byte* small = (byte*)arena.Alloc(100);
        small[99] = 1;
        byte* big = (byte*)arena.Alloc(5 << 20, 4096);
        Assert.Equal(0u, (nuint)big & 4095);
        big[0] = big[(5 << 20) - 1] = 2;
        nuint held = arena.HeldBytes;
        Assert.InRange(held, (5u << 20) + 4096, 6u << 20);
        arena.Reset();
        arena.Alloc(100);
        Assert.True(arena.Alloc(5 << 20, 4096) == big);
        Assert.Equal(held, arena.HeldBytes);
        arena.Dispose();
        Assert.Equal(0u, arena.HeldBytes);
    }

    [Fact]
    public void WhatCannotBeIsRefusedAndHarmsNothing()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new HakArena(4095));
        using HakArena arena = new();
        int* block = (int*)arena.Alloc(4);
        *block = 42;
        Assert.Throws<ArgumentException>(() => arena.Alloc(1, 0));
        Assert.Throws<ArgumentException>(() => arena.Alloc(1, 24));
        Assert.Throws<OutOfMemoryException>(() => arena.Alloc(nuint.MaxValue));
        Assert.Throws<OutOfMemoryException>(() => arena.Alloc(nuint.MaxValue - 100));
        Assert.Throws<OutOfMemoryException>(() => arena.Alloc((nuint)1 << 63, (nuint)1 << 63));
        Assert.Throws<OutOfMemoryException>(() => arena.Alloc(1, (nuint)1 << 63));
        Assert.Equal((65536u, 42), (arena.HeldBytes, *block));
        arena.Alloc(1000);
    }

    [Fact]
    public void AWrongMarkIsRefused()
    {
        using HakArena arena = new(), other = new();
        HakArenaMark othersStart = other.GetMark();
        arena.Alloc(1);
        other.Alloc(1);
        HakArenaMark mark = arena.GetMark(), others = other.GetMark();
        Assert.Throws<InvalidOperationException>(() => arena.Reset(others));
        Assert.Throws<InvalidOperationException>(() => arena.Reset(othersStart));
        Assert.Throws<InvalidOperationException>(() => arena.Reset(default));
        arena.Reset(mark);
        arena.Reset();
        Assert.Throws<InvalidOperationException>(() => arena.Reset(mark));
    }

    [Fact]
    public void AfterItsEndEveryCallIsRefused()
    {
        HakArena arena = new();
        arena.Alloc(1);
        HakArenaMark mark = arena.GetMark();
        arena.Dispose();
        arena.Dispose();
        Assert.Throws<ObjectDisposedException>(() => arena.Alloc(1));
        Assert.Throws<ObjectDisposedException>(() => arena.GetMark());
        Assert.Throws<ObjectDisposedException>(arena.Reset);
        Assert.Throws<ObjectDisposedException>(() => arena.Reset(mark));
    }
}
