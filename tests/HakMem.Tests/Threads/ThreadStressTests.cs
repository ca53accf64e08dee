using System;
using System.Collections.Concurrent;
using System.Linq;
using System.Threading;
using Xunit;

namespace HakMem.Tests.Threads;

/// <summary>Short seeded runs of the patterns that real programs have, every block checked.</summary>
[Collection(QuiescentHeap.Name)]
public sealed unsafe class ThreadStressTests
{
    [Fact]
    public void BlocksOfEveryTierAreFreedByAnotherThread()
    {
        nuint[] sizes = [0, 1, 64, 1024, 1025, 20_000, 32768, 32769, 500_000, 2 << 20, (2 << 20) + 1, 8 << 20];
        using UnchangedUse use = new();
        for (int round = 0; round < 10; round++)
        {
            MarkedBlock[] blocks = [];
            NativeThreads.Run(() => blocks = [.. sizes.Select(size => MarkedBlock.Alloc(new Random(round), size))]);
            NativeThreads.Run(() =>
            {
                HakMemory.Free(HakMemory.Alloc(8));
                foreach (MarkedBlock block in blocks) block.Free();
            });
        }
    }

    [Fact]
    public void ProducersAndConsumers()
    {
        const int Producers = 2, Consumers = 2, BlocksEach = 40_000;
        using UnchangedUse use = new();
        using BlockingCollection<MarkedBlock[]> channel = new(64);
        int producing = Producers;
        NativeThreads.Run(Producers + Consumers, index =>
        {
            if (index >= Producers)
            {
                foreach (MarkedBlock[] batch in channel.GetConsumingEnumerable())
                {
                    foreach (MarkedBlock block in batch) block.Free();
                }

                return;
            }

            Random random = new(index);
            for (int i = 0; i < BlocksEach; i += 100)
            {
                channel.Add([.. Enumerable.Range(0, 100).Select(_ => MarkedBlock.Alloc(random, (nuint)random.Next(1, 2000)))]);
            }

            if (Interlocked.Decrement(ref producing) == 0) channel.CompleteAdding();
        });
    }

    /// <summary>As larson: threads replace random blocks of an array, end, and leave the array to a successor.</summary>
    [Fact]
    public void ArraysOfBlocksOutliveTheirThreads()
    {
        const int Arrays = 4, Slots = 1000, Rounds = 10, Replacements = 4000;
        using UnchangedUse use = new();
        MarkedBlock[][] arrays = [.. Enumerable.Range(0, Arrays).Select(_ => new MarkedBlock[Slots])];
        for (int round = 0; round < Rounds; round++)
        {
            NativeThreads.Run(Arrays, index =>
            {
                Random random = new((round * Arrays) + index);
                MarkedBlock[] mine = arrays[(index + round) % Arrays];
                for (int i = 0; i < Replacements; i++)
                {
                    ref MarkedBlock slot = ref mine[random.Next(Slots)];
                    slot.Free();
                    slot = MarkedBlock.Alloc(random, (nuint)random.Next(8, 1025));
                }
            });
        }

        foreach (MarkedBlock block in arrays.SelectMany(array => array)) block.Free();
    }

    [Fact]
    public void TrimAndStatisticsWhileOthersAllocate()
    {
        const int Workers = 4, Operations = 25_000;
        using UnchangedUse use = new();
        int working = Workers;
        ulong readings = 0;
        NativeThreads.Run(Workers + 3, index =>
        {
            if (index >= Workers)
            {
                while (Volatile.Read(ref working) != 0)
                {
                    if (index != Workers) HakMemory.Trim();
                    else if (HakMemory.GetStatistics().CommittedBytes != 0) Interlocked.Increment(ref readings);
                    Thread.Yield();
                }

                return;
            }

            Random random = new(index);
            MarkedBlock[] slots = new MarkedBlock[300];
            for (int i = 0; i < Operations; i++)
            {
                ref MarkedBlock slot = ref slots[random.Next(slots.Length)];
                slot.Free();
                slot = random.Next(4) == 0 ? default : MarkedBlock.Alloc(random, MarkedBlock.DrawSize(random));
            }

            foreach (MarkedBlock block in slots) block.Free();
            Interlocked.Decrement(ref working);
        });
        Assert.NotEqual(0u, readings);
    }

    [Fact]
    public void BatchesAndLocalHeapsFromManyThreads()
    {
        using UnchangedUse use = new();
        ConcurrentQueue<nint[]> exchange = new();
        NativeThreads.Run(6, index =>
        {
            Random random = new(index);
            LocalHeap heap = HakMemory.GetLocalHeap();
            for (int i = 0; i < 300; i++)
            {
                nint[] batch = new nint[random.Next(1, 200)];
                if (random.Next(2) == 0) HakMemory.AllocBatch((nuint)random.Next(1, 3000), batch);
                else for (int j = 0; j < batch.Length; j++) batch[j] = (nint)heap.Alloc((nuint)random.Next(1, 3000));
                foreach (nint block in batch) *(nint*)block = block;
                exchange.Enqueue(batch);
                if (!exchange.TryDequeue(out nint[]? received)) continue;
                foreach (nint block in received) Assert.Equal(block, *(nint*)block);
                if (random.Next(2) == 0) HakMemory.FreeBatch(received);
                else foreach (nint block in received) heap.Free((void*)block);
            }
        });
        while (exchange.TryDequeue(out nint[]? rest)) HakMemory.FreeBatch(rest);
    }
}
