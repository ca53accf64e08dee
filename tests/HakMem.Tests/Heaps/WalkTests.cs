using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using HakMem.Tests.Threads;
using Xunit;

namespace HakMem.Tests.Heaps;

/// <summary>What a walk finds is what the program knows, and what the statistics say.</summary>
[Collection(QuiescentHeap.Name)]
public sealed unsafe class WalkTests
{
    [Fact]
    public void LiveBlocksAreFoundOnceWithTheirSizes()
    {
        using UnchangedUse use = new();
        HashSet<nint> before = [.. Walk().Live().Select(block => block.Address)];
        Random random = new(1);
        Dictionary<nint, nuint> shadow = [];
        nint[] left = new nint[500];
        NativeThreads.Run(() =>
        {
            for (int i = 0; i < left.Length; i++) left[i] = (nint)HakMemory.Alloc(HeapBlock.DrawSize(random));
            HakMemory.FreeBatch(left.AsSpan(0, 100));   // some stay in the stacks of a thread that ended
        });
        foreach (nint block in left.Skip(100)) shadow.Add(block, HakMemory.UsableSize((void*)block));
        for (int i = 0; i < 5000; i++)
        {
            if (random.Next(3) == 0 && shadow.Count != 0)
            {
                nint gone = shadow.Keys.First();
                shadow.Remove(gone);
                HakMemory.Free((void*)gone);
                continue;
            }

            void* block = HakMemory.Alloc(HeapBlock.DrawSize(random));
            shadow.Add((nint)block, HakMemory.UsableSize(block));
        }

        WalkRecord walk = WalkInAgreement();
        Assert.Equal(shadow.OrderBy(entry => entry.Key), Ours(walk, before).OrderBy(entry => entry.Key));
        foreach (nint block in shadow.Keys) HakMemory.Free((void*)block);
        Assert.Empty(Ours(Walk(), before));
    }

    [Fact]
    public void CachedPendingFreeAndLiveAddUpToWhatWasCut()
    {
        const int Size = 4096;   // a power of two: no other class lends its blocks
        HakMemory.Trim();
        using PausedScavenger pause = new();   // a pass would collect what is pending
        nint[] blocks = new nint[400];
        using ManualResetEventSlim allocated = new(), freed = new(), done = new();
        Thread owner = new(() =>
        {
            HakMemory.AllocBatch(Size, blocks);
            HakMemory.FreeBatch(blocks.AsSpan(398));   // into its stack
            allocated.Set();
            done.Wait();
        });
        Thread other = new(() =>
        {
            HakMemory.Free(HakMemory.Alloc(8));
            allocated.Wait();
            for (int i = 0; i < 40; i++) HakMemory.Free((void*)blocks[i * 3]);
            freed.Set();
            done.Wait();
        });
        owner.Start();
        other.Start();
        freed.Wait();
        WalkRecord walk = WalkInAgreement();
        Dictionary<nint, BlockState> states = walk.Blocks.ToDictionary(block => block.Address, block => block.State);
        for (int i = 0; i < 400; i++) Assert.Equal(i >= 398 ? BlockState.Cached : i % 3 == 0 && i < 120 ? BlockState.RemotePending : BlockState.Live, states[blocks[i]]);
        uint heap = walk.Blocks.Single(block => block.Address == blocks[0]).HeapId;
        ILookup<BlockState, BlockInfo> byState = walk.Blocks.Where(block => block.HeapId == heap && block.Bytes == Size).ToLookup(block => block.State);
        Assert.Equal(398 - 40, byState[BlockState.Live].Count());
        Assert.Equal(40, byState[BlockState.RemotePending].Count());
        Assert.InRange(byState[BlockState.Cached].Count(), 2, 20);
        done.Set();
        owner.Join();
        other.Join();
        foreach (nint block in blocks.Take(398).Where((_, index) => index % 3 != 0 || index >= 120)) HakMemory.Free((void*)block);
    }

    [Fact]
    public void AHeapReportsItsOwnBlocksAndNoOthers()
    {
        using UnchangedUse use = new();
        using HakHeap heap = new(), other = new();
        Random random = new(3);
        HeapBlock[] mine = [.. Enumerable.Range(0, 2000).Select(_ => HeapBlock.Alloc(heap, random, HeapBlock.DrawSize(random)))];
        for (int i = 0; i < 500; i++) _ = HeapBlock.Alloc(other, random, HeapBlock.DrawSize(random));
        WalkRecord walk = new();
        heap.Walk(walk);
        walk.End();
        HeapInfo found = Assert.Single(walk.Heaps);
        Assert.True(found.IsFirstClass && !found.HasThread);
        Assert.All(walk.Blocks, block => Assert.Equal(found.Id, block.HeapId));
        Assert.Equal(mine.Select(block => block.Address).Order(), walk.Live().Select(block => block.Address).Order());
        HakHeapStatistics numbers = heap.GetStatistics();
        Assert.Equal((numbers.Blocks, numbers.InUseBytes), ((ulong)walk.Live().Count(), (ulong)walk.Live().Sum(block => (long)block.Bytes)));
        Assert.Equal(numbers.CachedBytes, (ulong)walk.Blocks.Where(block => block.State == BlockState.Cached).Sum(block => (long)block.Bytes));
        WalkRecord all = WalkInAgreement();
        Assert.Equal(2, all.Heaps.Count(info => info.IsFirstClass && all.Blocks.Any(block => block.HeapId == info.Id)));
    }

    [Fact]
    public void AVisitorMayAllocateAndFree()
    {
        using UnchangedUse use = new();
        void* block = HakMemory.Alloc(100);
        Busy visitor = new();
        HakMemory.Walk(visitor);
        HakMemory.Free(block);
        Assert.NotEqual(0, visitor.Visits);
    }

    /// <summary>Big blocks are in a table that grows when a visitor makes more of them, and moves what is left when it frees some.</summary>
    [Fact]
    public void BigBlocksAreVisitedOnceWhateverAVisitorDoesToTheirTable()
    {
        using UnchangedUse use = new();
        nint[] staying = [.. Enumerable.Range(0, 200).Select(_ => (nint)HakMemory.Alloc(3 << 20))];
        Queue<nint> going = new(Enumerable.Range(0, 200).Select(_ => (nint)HakMemory.Alloc(3 << 20)));
        BigVisitor visitor = new(going);
        HakMemory.Walk(visitor);
        visitor.Visits.Sort();
        Assert.Equal(visitor.Visits.Distinct(), visitor.Visits);
        Assert.Empty(staying.Except(visitor.Visits));
        foreach (nint block in staying.Concat(going).Concat(visitor.Made)) HakMemory.Free((void*)block);
    }

    [Fact]
    public void AWalkWhileOthersAllocateSeesNothingImpossible()
    {
        using UnchangedUse use = new();
        ConcurrentQueue<MarkedBlock> exchange = new();
        int working = 4;
        int walks = 0;
        NativeThreads.Run(5, index =>
        {
            if (index == 4)
            {
                while (Volatile.Read(ref working) != 0)
                {
                    WalkRecord walk = new(false);
                    HakMemory.Walk(walk);
                    walk.End();
                    walks++;
                }

                return;
            }

            try
            {
                Random random = new(index);
                for (int i = 0; i < 20_000; i++)
                {
                    exchange.Enqueue(MarkedBlock.Alloc(random, MarkedBlock.DrawSize(random)));
                    if (exchange.Count > 400 && exchange.TryDequeue(out MarkedBlock block)) block.Free();
                }
            }
            finally
            {
                Interlocked.Decrement(ref working);
            }
        });
        Assert.NotEqual(0, walks);
        while (exchange.TryDequeue(out MarkedBlock block)) block.Free();
    }

    /// <summary>
    /// A walk that found live, in every class and above the classes, what the statistics say. The scavenger of another test's heaps may run: a released heap that it finds empty is none until it serves again,
    /// and where that happened between the two, they are of two moments.
    /// </summary>
    internal static WalkRecord WalkInAgreement()
    {
        uint spareHeaps;
        WalkRecord walk;
        HakMemStatistics statistics;
        do
        {
            spareHeaps = DefaultAllocator.Config.RegistryState->SpareHeaps;
            walk = Walk();
            statistics = HakMemory.GetStatistics();
        }
        while (DefaultAllocator.Config.RegistryState->SpareHeaps != spareHeaps);
        Assert.Equal(
            statistics.GetSizeClasses().Where(usage => usage.Blocks != 0).Select(usage => (usage.BlockSizeBytes, usage.Blocks)),
            walk.LiveByClass.OrderBy(entry => entry.Key).Select(entry => (entry.Key, entry.Value)));
        Assert.Equal(statistics.InUseBlocks, (ulong)walk.Live().Count());
        Assert.Equal(statistics.InUseBytes, (nuint)walk.Live().Sum(block => (long)block.Bytes));
        Assert.Equal(statistics.Heaps - spareHeaps, (ulong)walk.Heaps.Count);
        return walk;
    }

    internal static WalkRecord Walk()
    {
        WalkRecord walk = new();
        HakMemory.Walk(walk);
        return walk.End();
    }

    private static IEnumerable<KeyValuePair<nint, nuint>> Ours(WalkRecord walk, HashSet<nint> before)
        => walk.Live().Where(block => !before.Contains(block.Address)).Select(block => new KeyValuePair<nint, nuint>(block.Address, block.Bytes));

    /// <summary>For each big block makes some, and frees one that it may not have met yet.</summary>
    private sealed class BigVisitor(Queue<nint> going) : IHeapVisitor
    {
        private readonly HashSet<nint> _gone = [];

        public List<nint> Visits { get; } = [];

        public List<nint> Made { get; } = [];

        public void VisitHeap(in HeapInfo heap)
        {
        }

        public void VisitSlab(in SlabInfo slab)
        {
        }

        public void VisitBlock(in BlockInfo block)
        {
            if (block.Bytes <= 2 << 20) return;
            Assert.DoesNotContain(block.Address, _gone);
            Visits.Add(block.Address);
            for (int i = 0; i < 5 && Made.Count < 1000; i++) Made.Add((nint)HakMemory.Alloc((nuint)(4 + i) << 20));
            if (!going.TryDequeue(out nint gone)) return;
            _gone.Add(gone);
            HakMemory.Free((void*)gone);
            foreach (nint made in Made) _gone.Remove(made);
        }
    }

    private sealed class Busy : IHeapVisitor
    {
        public int Visits { get; private set; }

        public void VisitHeap(in HeapInfo heap) => Use();

        public void VisitSlab(in SlabInfo slab) => Use();

        public void VisitBlock(in BlockInfo block) => Use();

        private void Use()
        {
            Visits++;
            HakMemory.Free(HakMemory.Alloc((nuint)(Visits % 5000)));
        }
    }
}
