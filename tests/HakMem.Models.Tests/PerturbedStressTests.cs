using System;
using System.Diagnostics;
using System.Threading;
using HakMem.Boxes;
using Xunit;
using Xunit.Abstractions;

namespace HakMem.Models.Tests;

/// <summary>
/// Two threads for each processor allocate, free, hand over, resize, trim and end under a perturbed schedule, and make, share, destroy and release first-class heaps, every block filled with a pattern of its own. A few seconds
/// normally; <c>HAKMEMTEST_STRESS_SECONDS</c> makes it as long as one likes, with ever new seeds. A fault that the allocator sees itself ends the process with its reason.
/// </summary>
public unsafe class PerturbedStressTests(ITestOutputHelper output)
{
    private const double RoundSeconds = 1;

    // Far more than are in use at a time: with every lane and every round their number stays.
    private const int MostHeaps = 500;

    private static readonly ulong[] Seeds = [0x1, 0x5EED, 0xD15EA5E];

    [Fact]
    public void NothingIsLost() => Stress<Perturbed, PerturbedAllocator.Config>();

    [Fact]
    public void NothingIsLostWhenLittleIsKeptNear() => Stress<Cramped, CrampedAllocator.Config>();

    [Fact]
    public void NothingIsLostInFreeLists() => Stress<Listed, ListedAllocator.Config>();

    private void Stress<TStressed, TConfig>()
        where TStressed : struct, IStressed
        where TConfig : struct, IAllocatorConfig
    {
        bool timed = double.TryParse(Environment.GetEnvironmentVariable("HAKMEMTEST_STRESS_SECONDS"), out double seconds);
        Stopwatch watch = Stopwatch.StartNew();
        long destroyed = 0, released = 0;
        for (int round = 0; timed ? watch.Elapsed.TotalSeconds < seconds : round < Seeds.Length; round++)
        {
            ulong seed = Seeds[round % Seeds.Length] + ((ulong)(round / Seeds.Length) << 32);
            SchedulePerturbation.Seed = seed;
            StressRound<TStressed, TConfig> work = new(seed);
            work.Run(2 * Environment.ProcessorCount, TimeSpan.FromSeconds(RoundSeconds));
            Assert.True(work.Fault is null, $"Seed 0x{seed:X}: {work.Fault}");
            string left = AtRest<TStressed, TConfig>(seed);
            Assert.True(left.Length == 0, left);
            AllocatorStatistics rest;
            TStressed.ReadStatistics(&rest);
            output.WriteLine($"seed 0x{seed:X}: {work.Operations} operations of {work.Threads} threads; {rest.Heaps} heaps; {work.Destroyed} heaps destroyed with {work.DestroyedBlocks} blocks, {work.Released} released with {work.ReleasedBlocks}");
            destroyed += work.DestroyedBlocks;
            released += work.ReleasedBlocks;
        }

        Assert.True(destroyed > 0 && released > 0);
        AllocatorStatistics statistics;
        TStressed.ReadStatistics(&statistics);
        Assert.True(statistics.Heaps < MostHeaps, $"{statistics.Heaps} heaps were made");
        output.WriteLine($"heaps {statistics.Heaps}, adoptions {statistics.Adoptions}, migrations {statistics.Migrations}");
    }

    // Every block is free and no thread runs: then nothing is in use, every heap's count is exact, every listed slab is valid, and a trim leaves no chunk behind.
    private static string AtRest<TStressed, TConfig>(ulong seed)
        where TStressed : struct, IStressed
        where TConfig : struct, IAllocatorConfig
    {
        AllocatorStatistics statistics;
        TStressed.ReadStatistics(&statistics);
        if (statistics.InUseBlocks != 0 || statistics.InUseBytes != 0) return $"Seed 0x{seed:X}: {statistics.InUseBlocks} blocks of {statistics.InUseBytes} bytes are in use.";
        for (ThreadHeap* heap = HeapRegistry.First<TConfig>(); heap != null; heap = heap->NextInComposition)
        {
            if (InvalidSlab<TConfig>(heap) is { } fault) return $"Seed 0x{seed:X}: {fault}";
        }

        // This thread has a heap when it freed many of the last blocks.
        ulong own = 0;
        for (ThreadHeap* heap = HeapRegistry.First<TConfig>(); heap != null; heap = heap->NextInComposition)
        {
            if (heap->Life == HeapLife.Active && heap->Thread == TConfig.OsThreadId()) own = 1;
        }

        // The ends of the last threads are seen a moment after they have signalled.
        for (int attempt = 0; attempt < 100; attempt++)
        {
            TStressed.Trim();
            TStressed.ReadStatistics(&statistics);
            if (statistics.FreeHeaps + own == statistics.Heaps) break;
            Thread.Sleep(10);
        }

        if (statistics.FreeHeaps + own != statistics.Heaps) return $"Seed 0x{seed:X}: {statistics.Heaps - statistics.FreeHeaps - own} heaps have a thread.";
        for (uint sizeClass = 1; sizeClass < SizeClasses.Count; sizeClass++)
        {
            ulong blocks = 0;
            for (ThreadHeap* heap = HeapRegistry.First<TConfig>(); heap != null; heap = heap->NextInComposition) blocks += *ThreadHeap.Out(heap, sizeClass);
            if (blocks != 0) return $"Seed 0x{seed:X}: {(long)blocks} blocks of class {sizeClass} are out of the slabs.";
        }

        ulong chunks = TConfig.PageArenaState->UsedChunks;
        return chunks == 0 ? "" : $"Seed 0x{seed:X}: {chunks} chunks are left after a trim.";
    }

    private static string? InvalidSlab<TConfig>(ThreadHeap* heap)
        where TConfig : struct, IAllocatorConfig
    {
        string? fault = null;
        Boxes.SpinLock.Enter<TConfig>(&heap->Lock);
        for (uint sizeClass = 1; sizeClass < SizeClasses.Count && fault is null; sizeClass++)
        {
            Bin* bin = ThreadHeap.BinOf(heap, sizeClass);
            fault = InvalidSlab<TConfig>(heap, bin->Current, SlabPlace.Current, sizeClass)
                ?? InvalidSlab<TConfig>(heap, bin->Partial, SlabPlace.Partial, sizeClass)
                ?? InvalidSlab<TConfig>(heap, bin->Sparse, SlabPlace.Sparse, sizeClass);
        }

        Boxes.SpinLock.Exit<TConfig>(&heap->Lock);
        return fault;
    }

    private static string? InvalidSlab<TConfig>(ThreadHeap* heap, Slab* first, SlabPlace place, uint sizeClass)
        where TConfig : struct, IAllocatorConfig
    {
        Slab* previous = null;
        for (Slab* slab = first; slab != null; previous = slab, slab = place == SlabPlace.Current ? null : slab->Next)
        {
            bool linked = place == SlabPlace.Current || slab->Previous == previous;
            if (slab->Owner != heap->Id || slab->Class != sizeClass || slab->Place != place || !linked || !Slab.IsValid<TConfig>(slab))
            {
                return $"the slab at chunk {slab->FirstChunk} in list {place} of heap {heap->Id}, class {sizeClass}, is not valid.";
            }
        }

        return null;
    }
}
