using System;

namespace HakMem.Boxes.Tests;

/// <summary>
/// A program over the rest of the calls that goes on when memory is refused: a thread's heap asked for by name, realloc at an alignment, batches, and
/// first-class heaps that are made, used, destroyed, and released with blocks that outlive them.
/// </summary>
internal sealed unsafe class HeapFaultScript<THeap, TConfig> : IFaultScript
    where THeap : struct, IFaultyHeap
    where TConfig : struct, IAllocatorConfig
{
    private readonly BlockLedger _ledger = new();

    /// <inheritdoc/>
    public int Refused { get; private set; }

    /// <inheritdoc/>
    public void Run()
    {
        OwnThread.Run(LocalHeap);
        FirstClassHeaps();
        AlignedRealloc();
        Batches();
    }

    /// <inheritdoc/>
    public void FreeAll()
    {
        while (_ledger.Count != 0) THeap.Free(_ledger.Take(_ledger.Count / 2));
        THeap.Trim();
    }

    private void FirstClassHeaps()
    {
        for (int round = 0; round < 2; round++)
        {
            ThreadHeap* heap = MakeHeap(), other = MakeHeap();   // those of the second round have been heaps before
            BlockLedger own = new(), others = new();
            Use(heap, own);
            Use(other, others);
            _ledger.Check(own, others);
            OwnThread.Run(() => FreeSome(heap, own));
            FreeSome(other, others);
            if (other != null) FirstClassHeap.Trim<TConfig>(other);
            _ledger.Check(own, others);
            Compare(heap, own);
            Compare(other, others);
            if (round == 0) Release(other, others);
            else Destroy(other, others);
            Use(heap, own);
            _ledger.Check(own);
            Destroy(heap, own);
            _ledger.Check();
        }
    }

    private ThreadHeap* MakeHeap()
    {
        ThreadHeap* heap = FirstClassHeap.Create<TConfig>();
        if (heap == null) Refused++;
        return heap;
    }

    private void Use(ThreadHeap* heap, BlockLedger blocks)
    {
        if (heap == null) return;
        int first = blocks.Count;
        for (nuint size = 16; size < 3_000_000; size *= 4)
        {
            for (nuint i = 0; i < (size < 2000 ? 6u : 2u); i++) AllocIn(heap, blocks, size + i, i % 3 == 2 ? 256u : 1, i % 2 == 1);
        }

        // Each second one grows to another tier, and shrinks again.
        for (int i = first; i < blocks.Count; i += 2)
        {
            ReallocIn(heap, blocks, i, (blocks.BytesAt(i) * 3) + 40);
            if (i % 3 == 0) ReallocIn(heap, blocks, i, 100);
        }
    }

    private void AllocIn(ThreadHeap* heap, BlockLedger blocks, nuint size, nuint alignment, bool zeroed)
    {
        void* block = FirstClassHeap.Alloc<TConfig>(heap, size, alignment, zeroed);
        if (block == null)
        {
            Refused++;
            return;
        }

        if (((nuint)block & (alignment - 1)) != 0) throw new InvalidOperationException($"not aligned to {alignment} in a first-class heap");
        if (zeroed && new ReadOnlySpan<byte>(block, (int)size).ContainsAnyExcept((byte)0)) throw new InvalidOperationException($"not zero: {size} bytes of a first-class heap");
        blocks.Add(block, size);
    }

    private void ReallocIn(ThreadHeap* heap, BlockLedger blocks, int index, nuint size)
    {
        void* moved = FirstClassHeap.Realloc<TConfig>(heap, blocks[index], size, 1);
        if (moved != null) blocks.Move(index, moved, size);
        else Refused++;
    }

    // By the heap and as anyone frees.
    private static void FreeSome(ThreadHeap* heap, BlockLedger blocks)
    {
        for (int i = blocks.Count - 1; i >= 0; i -= 3)
        {
            if (i % 2 == 0) FirstClassHeap.Free<TConfig>(heap, blocks.Take(i));
            else THeap.Free(blocks.Take(i));
        }
    }

    private static void Compare(ThreadHeap* heap, BlockLedger blocks)
    {
        if (heap == null) return;
        HeapStatistics statistics;
        FirstClassHeap.ReadStatistics<TConfig>(heap, &statistics);
        if (statistics.Blocks != (ulong)blocks.Count) throw new InvalidOperationException($"a first-class heap counts {statistics.Blocks} blocks of {blocks.Count}");
    }

    private static void Destroy(ThreadHeap* heap, BlockLedger blocks)
    {
        blocks.TakeAll();
        if (heap != null) FirstClassHeap.Destroy<TConfig>(heap);
    }

    private void Release(ThreadHeap* heap, BlockLedger blocks)
    {
        if (heap != null) FirstClassHeap.Release<TConfig>(heap);
        _ledger.TakeFrom(blocks);
    }

    private void AlignedRealloc()
    {
        foreach (nuint alignment in new nuint[] { 1, 64, 4096, 65536 })
        {
            int before = _ledger.Count;
            if (!THeap.TryAlloc(600, out void* block))
            {
                Refused++;
                continue;
            }

            _ledger.Add(block, 600);
            foreach (nuint size in new nuint[] { 700, 9000, 120_000, 2_300_000, 40_000, 48 })
            {
                if (!THeap.TryAlignedRealloc(_ledger[before], size, alignment, out void* moved))
                {
                    Refused++;
                    continue;   // the check at the end sees whether it is as before
                }

                if (((nuint)moved & (alignment - 1)) != 0) throw new InvalidOperationException($"not aligned to {alignment} after its realloc");
                _ledger.Move(before, moved, size);
            }
        }

        _ledger.Check();
    }

    private void Batches()
    {
        void** blocks = stackalloc void*[200];
        foreach (nuint size in new nuint[] { 40, 3000, 20_000, 70_000, 2_300_000 })
        {
            uint wanted = size <= 3000 ? 200u : size <= 20_000 ? 20u : 2;
            uint got = THeap.AllocBatch(size, blocks, wanted);
            if (got > wanted) throw new InvalidOperationException($"{got} blocks for {wanted}");
            if (got < wanted) Refused++;
            int first = _ledger.Count;
            for (uint i = 0; i < got; i++) _ledger.Add(blocks[i], size);
            _ledger.Check();

            // Every second goes, the last first; what is not there is skipped.
            uint count = 0;
            for (int i = _ledger.Count - 1; i >= first; i -= 2)
            {
                blocks[count++] = _ledger.Take(i);
                if (count < 100) blocks[count++] = null;
            }

            THeap.FreeBatch(blocks, count);
        }

        _ledger.Check();
    }

    // By a thread whose first call this is: without memory it has no heap.
    private void LocalHeap()
    {
        ThreadHeap* heap = THeap.CurrentHeap();
        if (heap == null) Refused++;
        for (nuint size = 24; size < 3_000_000; size *= 5)
        {
            try
            {
                _ledger.Add(THeap.Alloc(heap, size), size);
            }
            catch (OutOfMemoryException)
            {
                Refused++;
            }
        }

        for (int i = _ledger.Count - 1; i >= 0; i -= 4) THeap.Free(heap, _ledger.Take(i));
    }
}
