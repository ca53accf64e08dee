using System;
using System.Collections.Generic;

namespace HakMem.Boxes.Tests;

/// <summary>A program over all tiers that goes on when memory is refused. What it could not get it does without; what it has it verifies.</summary>
internal sealed unsafe class FaultScript<THeap> : IFaultScript
    where THeap : struct, IHeapApi
{
    private static readonly nuint[] s_alignments = [32, 256, 4096, 16384, 65536, 262144, 2097152, 4194304];
    private static readonly nuint[] s_zeroedSizes = [1, 100, 1500, 9000, 30000, 70000, 900_000, 3_000_000];
    private static readonly nuint[] s_reallocSizes = [16, 100, 5000, 70_000, 200_000, 190_000, 1_200_000, 3_000_000, 7_000_000, 2_200_000, 50_000, 800, 10];
    private readonly BlockLedger _ledger = new();

    /// <inheritdoc/>
    public int Refused { get; private set; }

    public void Run()
    {
        for (nuint size = 0; size <= 1024; size += 8) Alloc(size);
        for (nuint size = 1040; size <= 32768; size += 1511) Alloc(size);
        for (nuint size = 33000; size <= 1_300_000; size *= 2) Alloc(size);
        Alloc(2_500_000);
        foreach (nuint alignment in s_alignments) AllocAligned(alignment);
        foreach (nuint size in s_zeroedSizes) AllocZeroed(size);
        _ledger.Check();
        Realloc();
        FreeEvery(3);
        OwnThread.Run(OtherThread);
        for (int i = 0; i < 9; i++) Alloc(1_900_000);   // more than the reserved range has
        for (int i = 0; i < 200; i++) Alloc(700);
        _ledger.Check();
        FreeEvery(2);
        THeap.Trim();
        for (nuint size = 3; size <= 40_000; size += size) Alloc(size);
        _ledger.Check();
    }

    public void FreeAll()
    {
        while (_ledger.Count != 0) THeap.Free(_ledger.Take(_ledger.Count / 2));
        THeap.Trim();
    }

    private void Alloc(nuint size)
    {
        try
        {
            void* block = THeap.Alloc(size);
            if (THeap.UsableSize(block) < size) throw new InvalidOperationException("usable size too small");
            _ledger.Add(block, size);
        }
        catch (OutOfMemoryException)
        {
            Refused++;
        }
    }

    private void AllocAligned(nuint alignment)
    {
        foreach (nuint size in new nuint[] { 24, 3000, 100_000 })
        {
            if (!THeap.TryAlignedAlloc(size, alignment, out void* block))
            {
                Refused++;
                continue;
            }

            if (((nuint)block & (alignment - 1)) != 0) throw new InvalidOperationException($"not aligned to {alignment}");
            _ledger.Add(block, size);
        }
    }

    private void AllocZeroed(nuint size)
    {
        for (int i = 0; i < 3; i++)
        {
            if (!THeap.TryAllocZeroed(size, out void* block))
            {
                Refused++;
                continue;
            }

            if (new ReadOnlySpan<byte>(block, (int)size).ContainsAnyExcept((byte)0)) throw new InvalidOperationException($"not zero: {size} bytes");
            _ledger.Add(block, size);
        }
    }

    private void Realloc()
    {
        foreach (nuint first in new nuint[] { 40, 40_000, 2_300_000 })
        {
            int before = _ledger.Count;
            Alloc(first);
            if (_ledger.Count == before) continue;
            foreach (nuint size in s_reallocSizes)
            {
                if (THeap.TryRealloc(_ledger[before], size, out void* moved)) _ledger.Move(before, moved, size);
                else Refused++;
                _ledger.Check();
            }
        }
    }

    private void FreeEvery(int step)
    {
        for (int i = _ledger.Count - 1; i >= 0; i -= step) THeap.Free(_ledger.Take(i));
    }

    private void OtherThread()
    {
        for (int i = _ledger.Count - 1; i >= 0; i -= 3) THeap.Free(_ledger.Take(i));
        for (nuint size = 16; size < 100_000; size *= 3) Alloc(size);
        List<nint> own = [];
        for (int i = 0; i < 50; i++)
        {
            if (THeap.TryAlloc(48, out void* block)) own.Add((nint)block);
            else Refused++;
        }

        foreach (nint block in own) THeap.Free((void*)block);
    }
}
