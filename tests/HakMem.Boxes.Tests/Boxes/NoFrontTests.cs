using System;
using System.Linq;
using Xunit;

namespace HakMem.Boxes.Tests;

public unsafe class NoFrontTests
{
    /// <summary>Every push is refused: blocks go to their slabs, none is lost, and guards see each.</summary>
    [Fact]
    public void What_a_front_refuses_goes_to_its_slab() => OwnThread.RunFresh(UnkeptHeap.Reset, static () =>
    {
        Random random = new(7);
        BlockLedger ledger = new();
        for (int step = 0; step < 20_000; step++)
        {
            nuint size = (nuint)(1 + random.Next(random.Next(2) == 0 ? 300 : 30_000));
            if (ledger.Count < 200 || random.Next(2) == 0) ledger.Add(UnkeptHeap.Alloc(size), size);
            else UnkeptHeap.Free(ledger.Take(random.Next(ledger.Count)));
        }

        nint[] others = [.. Enumerable.Range(0, 500).Select(static _ => (nint)UnkeptHeap.Alloc(64))];
        OwnThread.Run(() => Array.ForEach(others, static block => UnkeptHeap.Free((void*)block)));
        ledger.Check();
        while (ledger.Count != 0) UnkeptHeap.Free(ledger.Take(0));
        UnkeptHeap.Trim();
        AllocatorStatistics statistics;
        UnkeptHeap.ReadStatistics(&statistics);
        Assert.Equal((0UL, 0UL, 0UL), (statistics.InUseBlocks, statistics.InUseBytes, statistics.CommittedBytes));
        void* twice = UnkeptHeap.Alloc(64);
        UnkeptHeap.Free(twice);
        AbortException found = Assert.Throws<AbortException>(() => UnkeptHeap.Free(twice));
        Assert.Equal($"hakmem: double free of the block at 0x{(nint)twice:x}", found.Message);
    });
}
