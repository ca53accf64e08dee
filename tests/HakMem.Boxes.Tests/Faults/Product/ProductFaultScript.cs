using System;
using System.Collections.Generic;

namespace HakMem.Boxes.Tests;

/// <summary><see cref="DefaultAllocator"/> of this assembly as an argument.</summary>
internal readonly unsafe struct FaultyProduct : IIsolatedHeap
{
    public static void Reset() => DefaultAllocator.Reset();

    public static void ReadStatistics(AllocatorStatistics* statistics) => DefaultAllocator.ReadStatistics(statistics);
}

/// <summary>A program over the product's heaps, arenas and local heaps: without memory each call throws <see cref="OutOfMemoryException"/> or says so, and what was there before goes on.</summary>
internal sealed unsafe class ProductFaultScript : IFaultScript
{
    private readonly BlockLedger _left = new();

    /// <inheritdoc/>
    public int Refused { get; private set; }

    /// <inheritdoc/>
    public void Run()
    {
        Arena();
        OwnThread.Run(Local);
        for (int round = 0; round < 3; round++) Heap(round);
        Arena();
        Resize();
        _left.Check();
    }

    /// <inheritdoc/>
    public void FreeAll()
    {
        while (_left.Count != 0) HakMemory.Free(_left.Take(_left.Count / 2));
        DefaultAllocator.Trim();
    }

    private bool Try(Action action)
    {
        try
        {
            action();
            return true;
        }
        catch (OutOfMemoryException)
        {
            Refused++;
            return false;
        }
    }

    private void Local()
    {
        _ = Try(() =>
        {
            LocalHeap heap = HakMemory.GetLocalHeap();
            BlockLedger own = new();
            try
            {
                for (nuint size = 20; size < 3_000_000; size *= 3) own.Add(heap.Alloc(size), size);
            }
            finally
            {
                for (int i = own.Count - 1; i >= 0; i -= 2) heap.Free(own.Take(i));
                _left.TakeFrom(own);
            }
        });
    }

    private void Heap(int round)
    {
        HakHeap? heap = null;
        if (!Try(() => heap = new HakHeap())) return;
        HakHeap made = heap!;
        BlockLedger own = new();
        try
        {
            for (nuint size = 0; size < 3_000_000; size = (size * 4) + 20)
            {
                nuint bytes = size;
                _ = Try(() => own.Add(made.Alloc(bytes), bytes));
                _ = Try(() => own.Add(Zeroed(made.AllocZeroed(bytes), bytes), bytes));
                _ = Try(() => own.Add(made.AlignedAlloc(bytes, 512), bytes));
                if (made.TryAlloc(bytes, out void* block)) own.Add(block, bytes);
                else Refused++;
            }

            for (int i = own.Count - 1; i >= 0; i -= 2)
            {
                int index = i;
                nuint bytes = (own.BytesAt(i) * 2) + 1;
                _ = Try(() => own.Move(index, made.Realloc(own[index], bytes), bytes));
            }

            own.Check(_left);
            for (int i = own.Count - 1; i >= 0; i -= 5) made.Free(own.Take(i));
            OwnThread.Run(() =>
            {
                for (int i = own.Count - 1; i >= 0; i -= 5) HakMemory.Free(own.Take(i));
            });
            made.Trim();
            own.Check(_left);
            if (made.GetStatistics().Blocks != (ulong)own.Count) throw new InvalidOperationException($"{own.Count} blocks, but {made.GetStatistics()}");
            LiveBlocks live = new();
            made.Walk(live);
            if (live.Count != own.Count) throw new InvalidOperationException($"{own.Count} blocks, but the walk finds {live.Count}");
            if (round == 1)
            {
                made.Release();
                _left.TakeFrom(own);
            }

            own.TakeAll();
        }
        finally
        {
            made.Dispose();   // no finalizer may meet what was reset
        }
    }

    private void Arena()
    {
        using HakArena arena = new(8192);
        BlockLedger first = new(), second = new();
        HakArenaMark mark = default;
        for (int i = 0; i < 40; i++)
        {
            nuint bytes = i % 9 == 8 ? (nuint)i * 70_000 : ((nuint)i * 40) + 1;
            BlockLedger blocks = i < 20 ? first : second;
            if (i == 20) mark = arena.GetMark();
            nuint held = arena.HeldBytes;
            if (!Try(() => blocks.Add(arena.Alloc(bytes, 64), bytes)) && arena.HeldBytes != held) throw new InvalidOperationException("an arena holds a page that it did not get");
        }

        first.Check(second, _left);
        second.TakeAll();
        arena.Reset(mark);
        for (int i = 0; i < 20; i++) _ = Try(() => second.Add(Start(arena.AllocSpan<ulong>(60)), 480));
        first.Check(second, _left);
        first.TakeAll();
        second.TakeAll();
        arena.Reset();
        _ = Try(() => first.Add(arena.Alloc(3000), 3000));
        first.TakeAll();
    }

    private void Resize()
    {
        nint at = 0;
        if (!Try(() => at = (nint)HakMemory.Alloc(500))) return;
        int index = _left.Count;
        _left.Add((void*)at, 500);
        foreach (nuint bytes in new nuint[] { 5000, 90_000, 2_500_000, 4_000_000, 60 })
        {
            _ = Try(() => _left.Move(index, HakMemory.Realloc(_left[index], bytes), bytes));
            _ = Try(() => _left.Move(index, HakMemory.AlignedRealloc(_left[index], bytes + 100, 1024), bytes + 100));
        }
    }

    private static void* Start(Span<ulong> span)
    {
        fixed (ulong* start = span) return start;   // unmanaged memory: it stays where it is
    }

    private static void* Zeroed(void* block, nuint bytes)
        => new ReadOnlySpan<byte>(block, (int)bytes).ContainsAnyExcept((byte)0) ? throw new InvalidOperationException($"not zero: {bytes} bytes of a heap") : block;

    private sealed class LiveBlocks : IHeapVisitor
    {
        private readonly HashSet<nint> _seen = [];

        public int Count => _seen.Count;

        public void VisitHeap(in HeapInfo heap)
        {
        }

        public void VisitSlab(in SlabInfo slab)
        {
        }

        public void VisitBlock(in BlockInfo block)
        {
            if (block.State == BlockState.Live && !_seen.Add(block.Address)) throw new InvalidOperationException($"a walk visits {block.Address:x} twice");
        }
    }
}
