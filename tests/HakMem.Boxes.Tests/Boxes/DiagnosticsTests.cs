using System.Collections.Generic;
using Xunit;
using Config = HakMem.Boxes.Tests.CheckedHeap.Config;

namespace HakMem.Boxes.Tests;

public unsafe class DebugCountersTests
{
    [Fact]
    public void Every_counter_moves_and_the_sums_agree() => OwnThread.RunFresh(CheckedHeap.Reset, static () =>
    {
        List<nint> blocks = [];
        for (int i = 0; i < 4000; i++) blocks.Add((nint)CheckedHeap.Alloc(1024));
        OwnThread.Run(() =>
        {
            CheckedHeap.Free(CheckedHeap.Alloc(10));
            for (int i = 0; i < 1100; i++) CheckedHeap.Free((void*)blocks[i]);
        });
        for (int i = 1100; i < 4000; i++) CheckedHeap.Free((void*)blocks[i]);
        CheckedHeap.Free(CheckedHeap.Alloc(100_000));
        CheckedHeap.Trim();
        DebugCounters.HeapState counters = CheckedHeap.ReadDebugCounters();
        ulong* values = (ulong*)&counters;
        for (int i = 0; i < sizeof(DebugCounters.HeapState) / sizeof(ulong); i++) Assert.True(values[i] != 0, $"counter {i}");
        Assert.Equal(counters.RefilledBlocks, counters.FlushedBlocks + counters.CollectedBlocks);
        Assert.Equal((counters.NewSlabs, 1100UL, 1UL), (counters.RetiredSlabs, counters.RemoteFrees, counters.LargeFrees));
        FreelistValidation.HeapState checks = CheckedHeap.ReadFreelistValidation();
        Assert.Equal((counters.RefilledBlocks, counters.FlushedBlocks), (checks.RefilledBlocks, checks.FlushedBlocks));
    });
}

public unsafe class FreelistValidationTests
{
    [Theory]
    [InlineData("carve position", "corrupted records of the block at 0x")]
    [InlineData("start", "corrupted records of the block at 0x")]
    [InlineData("class", "corrupted records of the block at 0x")]
    [InlineData("page map", "double free of the block at 0x")]
    [InlineData("bitmap", "double free of the block at 0x")]
    public void A_planted_corruption_is_found_in_the_next_flush(string what, string message) => OwnThread.RunFresh(CheckedHeap.Reset, () =>
    {
        void* block = CheckedHeap.Alloc(1024);
        while (Config.CountFront(CheckedHeap.CurrentHeap(), SizeClasses.ClassOf(1024)) != 0) _ = CheckedHeap.Alloc(1024);
        CheckedHeap.Free(block);
        Slab* slab = Slab.At<Config>(PageMap.ChunkOf<Config>(block));
        switch (what)
        {
            case "carve position": slab->Carved = 0; break;
            case "start": slab->Start += 16; break;
            case "class": slab->Class = 0; break;
            case "page map": PageMap.Set<Config>(slab->FirstChunk, 1, 0); break;
            default: slab->Bits[0] |= 1; break;
        }

        AbortException found = Assert.Throws<AbortException>(() => CheckedHeap.Trim());
        Assert.Equal($"hakmem: {message}{(nint)block:x}", found.Message);
    });

    [Fact]
    public void A_planted_corruption_is_found_in_the_next_refill() => OwnThread.RunFresh(CheckedHeap.Reset, static () =>
    {
        void* block = CheckedHeap.Alloc(1024);
        Slab* slab = Slab.At<Config>(PageMap.ChunkOf<Config>(block));
        slab->Bits[0] |= 1UL << 63;   // never cut
        slab->FreeBlocks++;
        AbortException found = Assert.Throws<AbortException>(static () =>
        {
            for (int i = 0; i < 64; i++) _ = CheckedHeap.Alloc(1024);
        });
        Assert.Equal($"hakmem: corrupted records of the block at 0x{(nint)slab->Start + (63 * 1024):x}", found.Message);
    });
}

public unsafe class PageFaultTelemetryTests
{
    [Theory]
    [InlineData(1024)]
    [InlineData(48)]
    [InlineData(3072)]
    [InlineData(20480)]
    public void Pages_are_those_that_the_cut_blocks_reach_into(int size) => OwnThread.RunFresh(CheckedHeap.Reset, () =>
    {
        for (int i = 0; i < 3000 && i * size < 20_000_000; i++) _ = CheckedHeap.Alloc((nuint)size);
        ulong pages = 0, blocks = 0;
        for (nuint chunk = 0; chunk < Config.Space->NextChunk; chunk++)
        {
            uint sizeClass = PageMap.Get<Config>(chunk) & 255;
            if (sizeClass is 0 or >= SizeClasses.Count || chunk % Config.Classes[sizeClass].Chunks != 0) continue;
            Slab* slab = Slab.At<Config>(chunk);
            blocks += slab->Carved;
            pages += (((ulong)slab->Carved * Config.Classes[sizeClass].SizeBytes) + 4095) / 4096;
        }

        PageFaultTelemetry.HeapState seen = CheckedHeap.ReadPageFaultTelemetry();
        Assert.Equal((blocks, pages), (seen.FreshBlocks, seen.FreshPages));
    });

    [Fact]
    public void Pages_used_before_are_not_counted_again_until_they_were_purged() => OwnThread.RunFresh(CheckedHeap.Reset, static () =>
    {
        BlockLedger ledger = new();
        void Use()
        {
            for (int i = 0; i < 256; i++) ledger.Add(CheckedHeap.Alloc(1024), 1024);
            while (ledger.Count != 0) CheckedHeap.Free(ledger.Take(0));
        }

        Use();
        ulong once = CheckedHeap.ReadPageFaultTelemetry().FreshPages;
        Use();
        Assert.Equal(once, CheckedHeap.ReadPageFaultTelemetry().FreshPages);
        CheckedHeap.Trim();
        Use();
        Assert.InRange(CheckedHeap.ReadPageFaultTelemetry().FreshPages, once + 32, (2 * once) + 32);
    });
}
