using System;
using System.Collections.Concurrent;
using System.Linq;
using System.Runtime.CompilerServices;
using System.Threading;
using Xunit;

namespace HakMem.Tests.Threads;

/// <summary>What happens to the heaps of threads that ended, and to blocks that outlive their thread.</summary>
[Collection(QuiescentHeap.Name)]
public sealed unsafe class EndedThreadTests
{
    [Fact]
    public void HeapsOfEndedThreadsServeNewThreads()
    {
        const int AtATime = 16, Rounds = 125, BlocksEach = 60;
        using UnchangedUse use = new();
        MarkedBlock[][] last = Leave(0);
        HakMemStatistics warm = HakMemory.GetStatistics();
        for (int round = 1; round < Rounds; round++)
        {
            MarkedBlock[][] current = Leave(round, last);
            last = current;
        }

        foreach (MarkedBlock block in last.SelectMany(blocks => blocks)) block.Free();
        HakMemStatistics after = HakMemory.GetStatistics();
        Assert.InRange(after.Heaps, warm.Heaps, warm.Heaps + AtATime);
        Assert.InRange(after.Adoptions, warm.Adoptions + ((Rounds - 2) * AtATime) - warm.FreeHeaps, ulong.MaxValue);   // free heaps serve first

        // Each thread frees what a thread of the round before left, and leaves blocks of its own.
        static MarkedBlock[][] Leave(int round, MarkedBlock[][]? before = null)
        {
            MarkedBlock[][] left = new MarkedBlock[AtATime][];
            NativeThreads.Run(AtATime, index =>
            {
                Random random = new((round * AtATime) + index);
                left[index] = [.. Enumerable.Range(0, BlocksEach).Select(_ => MarkedBlock.Alloc(random, MarkedBlock.DrawSize(random)))];
                foreach (MarkedBlock block in before?[(index + 5) % AtATime] ?? []) block.Free();
            });
            return left;
        }
    }

    [Fact]
    public void TrimRetiresTheHeapsOfEndedThreads()
    {
        using UnchangedUse use = new();
        HakMemory.Trim();
        NativeThreads.Run(10, _ => HakMemory.Free(HakMemory.Alloc(100)));
        HakMemory.Trim();
        HakMemStatistics trimmed = HakMemory.GetStatistics();
        Assert.InRange(trimmed.FreeHeaps, 1u, trimmed.Heaps);

        NativeThreads.Run(() => HakMemory.Free(HakMemory.Alloc(100)));
        HakMemStatistics after = HakMemory.GetStatistics();
        Assert.Equal(trimmed.Heaps, after.Heaps);
        Assert.InRange(after.FreeHeaps, trimmed.FreeHeaps - 1, trimmed.FreeHeaps);   // its end may have been noticed already
    }

    [Fact]
    public void PartlyUsedSlabsOfEndedThreadsMoveToOtherHeaps()
    {
        const int Size = 24 * 1024;   // rare: no other heap has slabs of it
        using UnchangedUse use = new();
        nint[] left = new nint[64];
        NativeThreads.Run(() => HakMemory.AllocBatch(Size, left));
        for (int i = 0; i < left.Length; i++) *(long*)left[i] = i;
        for (int i = 0; i < left.Length; i += 2) HakMemory.Free((void*)left[i]);
        HakMemory.Trim();
        ulong before = HakMemory.GetStatistics().Migrations;

        nint[] mine = new nint[64];
        HakMemory.AllocBatch(Size, mine);
        Assert.InRange(HakMemory.GetStatistics().Migrations, before + 1, ulong.MaxValue);
        Assert.Empty(mine.Intersect(left.Where((_, index) => index % 2 != 0)));
        Assert.NotEmpty(mine.Intersect(left.Where((_, index) => index % 2 == 0)));
        for (int i = 1; i < left.Length; i += 2)
        {
            Assert.Equal(i, *(long*)left[i]);
            HakMemory.Free((void*)left[i]);
        }

        HakMemory.FreeBatch(mine);
    }

    [Fact]
    public void FinalizersFreeBlocks()
    {
        using UnchangedUse use = new();
        NativeThreads.Run(4, index => Abandon(new Random(index), 500));
        for (int i = 0; i < 5 && HakMemory.GetStatistics().InUseBlocks != use.Before.InUseBlocks; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        Assert.False(Finalized.Failed);
    }

    [Fact]
    public void ThreadsWithoutAHeapFreeBlocks()
    {
        using UnchangedUse use = new();
        Random random = new(3);
        ConcurrentBag<MarkedBlock> blocks = [.. Enumerable.Range(0, 4000).Select(_ => MarkedBlock.Alloc(random, MarkedBlock.DrawSize(random)))];
        ulong heaps = HakMemory.GetStatistics().Heaps;
        NativeThreads.Run(4, _ =>
        {
            while (blocks.TryTake(out MarkedBlock block)) block.Free();
        });
        Assert.Equal(heaps, HakMemory.GetStatistics().Heaps);
    }

    [Fact]
    public void FreesWhileOwnersEndAndSlabsMoveLoseNothing()
    {
        using UnchangedUse use = new();
        ConcurrentQueue<MarkedBlock> exchange = new();
        bool ended = false;
        Thread trimming = new(() =>
        {
            while (!Volatile.Read(ref ended))
            {
                HakMemory.Trim();
                Thread.Sleep(1);
            }
        });
        trimming.Start();
        for (int round = 0; round < 40; round++)
        {
            NativeThreads.Run(6, index =>
            {
                Random random = new((round * 6) + index);
                for (int i = 0; i < 800; i++)
                {
                    exchange.Enqueue(MarkedBlock.Alloc(random, (nuint)random.Next(1, 600)));
                    if (random.Next(16) != 0 && exchange.TryDequeue(out MarkedBlock block)) block.Free();
                }
            });
        }

        Volatile.Write(ref ended, true);
        trimming.Join();
        while (exchange.TryDequeue(out MarkedBlock block)) block.Free();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Abandon(Random random, int count)
    {
        for (int i = 0; i < count; i++) _ = new Finalized(MarkedBlock.Alloc(random, MarkedBlock.DrawSize(random)));
    }

    private sealed class Finalized(MarkedBlock block)
    {
        public static volatile bool Failed;

        ~Finalized()
        {
            try
            {
                block.Free();
            }
            catch (InvalidOperationException)
            {
                Failed = true;
            }
        }
    }
}
