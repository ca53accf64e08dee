using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Threading;
using Xunit;
using Xunit.Abstractions;

namespace HakMem.Boxes.Tests;

/// <summary>
/// The protocol T1–T9 under a schedule that is pushed about at the join points: threads hand blocks around and end, their heaps are taken
/// over and their slabs move, while another thread trims. Each thread also makes first-class heaps: of one that it releases, while others have freed some of its blocks and will free the rest, and of
/// one that it destroys with its blocks. Every block carries its own mark, so two owners of one are seen.
/// </summary>
public unsafe class ProtocolStressTests(ITestOutputHelper output)
{
    private const int MillisecondsForEach = 2500;
    private const int Slots = 512, Workers = 4, Generations = 12, StepsPerLife = 4000, BlocksOfAHeap = 100;
    private static readonly nuint[] s_sizes = [16, 48, 64, 100, 128, 200, 512, 1000, 1024, 3000, 9000, 20_000, 70_000];

    // Blocks on their way from thread to thread: a thread that takes one out of a slot owns it alone.
    private static readonly nint[] s_exchange = new nint[Slots];

    [Theory]
    [InlineData(1_000UL)]
    [InlineData(2_000UL)]
    [InlineData(3_000UL)]
    public void No_block_has_two_owners_and_nothing_is_lost(ulong firstSeed) => Stress<Stressed, StressHeap.Config>(firstSeed);

    [Theory]
    [InlineData(4_000UL)]
    [InlineData(5_000UL)]
    public void Nothing_is_lost_in_free_lists(ulong firstSeed) => Stress<StressedLists, ListStressHeap.Config>(firstSeed);

    private void Stress<THeap, TConfig>(ulong firstSeed)
        where THeap : struct, IStressedHeap
        where TConfig : struct, IAllocatorConfig
    {
        Stopwatch time = Stopwatch.StartNew();
        ulong seed = firstSeed;
        try
        {
            for (; time.ElapsedMilliseconds < MillisecondsForEach; seed++) OwnThread.RunFresh(THeap.Reset, () => RunPerturbed<THeap, TConfig>(seed));
        }
        catch (Exception)
        {
            output.WriteLine($"seed {seed} fails");
            throw;
        }

        output.WriteLine($"{seed - firstSeed} seeds from {firstSeed}");
    }

    private void RunPerturbed<THeap, TConfig>(ulong seed)
        where THeap : struct, IStressedHeap
        where TConfig : struct, IAllocatorConfig
    {
        ScheduleNoise.Rate = 3;
        FaultyMemory.YieldOnWait = true;
        try
        {
            Run<THeap, TConfig>(seed);
        }
        finally
        {
            ScheduleNoise.Rate = 0;
        }
    }

    private void Run<THeap, TConfig>(ulong seed)
        where THeap : struct, IStressedHeap
        where TConfig : struct, IAllocatorConfig
    {
        Array.Clear(s_exchange);
        using CancellationTokenSource over = new();
        OwnThread.Handle trimmer = OwnThread.Start(() => TrimUntil<THeap>(seed, over.Token));
        List<OwnThread.Handle> lines = [];
        for (uint worker = 0; worker < Workers; worker++)
        {
            uint number = worker;
            lines.Add(OwnThread.Start(() =>
            {
                // One thread after the other: each ends with blocks still out, in its stacks and in its table.
                for (uint life = 0; life < Generations; life++) OwnThread.Run(() => Live<THeap, TConfig>((seed << 16) + (number << 8) + life + 1));
            }));
        }

        List<Exception> errors = [];
        foreach (OwnThread.Handle line in lines) Join(line, errors);
        over.Cancel();
        Join(trimmer, errors);
        if (errors.Count != 0) throw new AggregateException(errors);


        AllocatorStatistics statistics;
        THeap.ReadStatistics(&statistics);
        ulong left = 0;
        foreach (nint block in s_exchange) left += block != 0 ? 1u : 0;
        uint slabs = HeapWalk.AssertValid<TConfig>();
        DebugCounters.HeapState counters = THeap.ReadDebugCounters();
        Assert.Equal(left, statistics.InUseBlocks);
        if (seed % 1000 == 0) output.WriteLine($"seed {seed}: {statistics.Heaps} heaps, {statistics.Adoptions} adoptions, {statistics.Migrations} migrations, {counters.RemoteFrees} remote frees, {counters.NewSlabs} slabs cut, {slabs} left with {left} blocks");
        Assert.True(statistics.Adoptions > 0 && counters.RemoteFrees > 0 && counters.CollectedBlocks > 0);

        for (int slot = 0; slot < Slots; slot++)
        {
            Release<THeap>(s_exchange[slot]);
            s_exchange[slot] = 0;
        }

        THeap.Trim();
        THeap.ReadStatistics(&statistics);
        Assert.Equal((0UL, 0UL, 0UL, 0UL), (statistics.InUseBlocks, statistics.InUseBytes, statistics.CachedBytes, statistics.CommittedBytes));
        Assert.Equal(0u, HeapWalk.AssertValid<TConfig>());
        counters = THeap.ReadDebugCounters();
        Assert.Equal(counters.NewSlabs, counters.RetiredSlabs);
    }

    private static void Join(OwnThread.Handle thread, List<Exception> errors)
    {
        try
        {
            thread.Join();
        }
        catch (Exception error)
        {
            errors.Add(error);
        }
    }

    private static void Live<THeap, TConfig>(ulong seed)
        where THeap : struct, IStressedHeap
        where TConfig : struct, IAllocatorConfig
    {
        ScheduleNoise.Seed(seed);
        Random random = new((int)seed);
        if (THeap.CurrentHeap() == null) throw new InvalidOperationException("no heap");   // opens the allocator
        nint[] dying = new nint[BlocksOfAHeap];
        ThreadHeap* released = null;
        int death = random.Next(StepsPerLife);
        for (int step = 0; step < StepsPerLife; step++)
        {
            if (released == null) released = FirstClassHeap.Create<TConfig>();
            nint mine = random.Next(5) < 3 ? Make<THeap, TConfig>(random, random.Next(8) == 0 ? released : null) : 0;
            Release<THeap>(Interlocked.Exchange(ref s_exchange[random.Next(Slots)], mine));
            if (step == death) MakeAndDestroy<THeap, TConfig>(random, dying);
            if (random.Next(400) != 0) continue;
            FirstClassHeap.Release<TConfig>(released);
            released = null;
        }

        if (released != null) FirstClassHeap.Release<TConfig>(released);
    }

    private static void MakeAndDestroy<THeap, TConfig>(Random random, nint[] blocks)
        where THeap : struct, IStressedHeap
        where TConfig : struct, IAllocatorConfig
    {
        ThreadHeap* heap = FirstClassHeap.Create<TConfig>();
        for (int i = 0; i < blocks.Length; i++) blocks[i] = Make<THeap, TConfig>(random, heap);
        for (int i = 0; i < blocks.Length; i += 3)
        {
            Release<THeap>(blocks[i]);   // from outside
            blocks[i] = 0;
        }

        foreach (nint block in blocks)
        {
            if (block != 0) Verify((byte*)block);
        }

        FirstClassHeap.Destroy<TConfig>(heap);
    }

    private static nint Make<THeap, TConfig>(Random random, ThreadHeap* heap)
        where THeap : struct, IStressedHeap
        where TConfig : struct, IAllocatorConfig
    {
        // Phases of one size: whole slabs empty and fill, and move between heaps.
        nuint size = s_sizes[random.Next(4) == 0 ? random.Next(s_sizes.Length) : 8];
        byte* block = (byte*)(heap == null ? THeap.Alloc(size) : FirstClassHeap.Alloc<TConfig>(heap, size, 1, false));
        nuint words = size / sizeof(ulong);
        ulong mark = Mark(block, words);
        for (nuint i = 1; i < words && i < 16; i++) ((ulong*)block)[i] = mark + i;
        ((ulong*)block)[words - 1] = mark + words - 1;
        ((ulong*)block)[0] = words;
        return (nint)block;
    }

    private static void Release<THeap>(nint given)
        where THeap : struct, IStressedHeap
    {
        if (given == 0) return;
        byte* block = (byte*)given;
        Verify(block);
        ((ulong*)block)[0] = 0;   // whoever still thinks it its own finds no words
        THeap.Free(block);
    }

    private static void Verify(byte* block)
    {
        nuint words = (nuint)((ulong*)block)[0];
        ulong mark = Mark(block, words);
        for (nuint i = 1; i < words && i < 16; i++)
        {
            if (((ulong*)block)[i] != mark + i) throw new InvalidOperationException($"block {(nint)block:x} of {words} words has another owner: word {i}");
        }

        if (words > 1 && ((ulong*)block)[words - 1] != mark + words - 1) throw new InvalidOperationException($"block {(nint)block:x} of {words} words has another owner at its end");
    }

    private static ulong Mark(byte* block, nuint words) => ((ulong)block * 0x9E37_79B9_7F4A_7C15UL) ^ words;

    private static void TrimUntil<THeap>(ulong seed, CancellationToken over)
        where THeap : struct, IStressedHeap
    {
        ScheduleNoise.Seed(seed + 77);
        while (!over.IsCancellationRequested)
        {
            THeap.Trim();
            Thread.Sleep(3);
        }
    }
}
