using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.Threading;
using HakMem.Tests.Threads;
using Xunit;
using Xunit.Abstractions;

namespace HakMem.Tests.Heaps;

/// <summary>
/// Eight threads make heaps, share them, and end them, every block checked. Three seconds by default; <c>HAKMEMTEST_STRESS_SECONDS</c> makes it long
/// (docs/heaps.md has the command).
/// </summary>
[Collection(QuiescentHeap.Name)]
public sealed class HakHeapStressTests(ITestOutputHelper output)
{
    private const int Threads = 8, BlocksAtOnce = 3000;

    private static int Seconds
        => int.TryParse(Environment.GetEnvironmentVariable("HAKMEMTEST_STRESS_SECONDS"), NumberStyles.None, CultureInfo.InvariantCulture, out int seconds) ? seconds : 3;

    [Fact]
    public void HeapsAreMadeSharedAndDestroyed()
    {
        ulong destroyed = 0, released = 0;
        using (UnchangedUse use = new())
        {
            ConcurrentQueue<HeapBlock> orphans = new();
            SharedHeap?[] shared = new SharedHeap?[4];
            Stopwatch watch = Stopwatch.StartNew();
            TimeSpan end = TimeSpan.FromSeconds(Seconds);
            bool IsOn() => watch.Elapsed < end || (watch.Elapsed < 20 * end && (Volatile.Read(ref destroyed) == 0 || Volatile.Read(ref released) == 0));   // a slow machine comes to neither in time
            NativeThreads.Run(Threads, index =>
            {
                Random random = new((index * 7919) + 1);
                while (IsOn())
                {
                    ref SharedHeap? place = ref shared[random.Next(shared.Length)];
                    SharedHeap? heap = Interlocked.Exchange(ref place, null);
                    if (heap == null || heap.Uses > 6)
                    {
                        if (heap != null && heap.End(random, orphans)) Interlocked.Increment(ref destroyed);
                        else if (heap != null) Interlocked.Increment(ref released);
                        heap = new SharedHeap();
                    }

                    heap.Use(random, orphans);
                    SharedHeap? displaced = Interlocked.Exchange(ref place, heap);
                    displaced?.End(random, orphans);
                    while (orphans.Count > BlocksAtOnce && orphans.TryDequeue(out HeapBlock block)) block.Free();
                }
            });
            foreach (SharedHeap? heap in shared) heap?.End(new Random(0), orphans);
            while (orphans.TryDequeue(out HeapBlock block)) block.Free();
        }

        output.WriteLine($"{destroyed} heaps destroyed, {released} released in {Seconds} s");
        Assert.True(destroyed > 0 && released > 0);
    }

    /// <summary>A heap that several threads use at the same time for a while: two helpers beside the one who holds it.</summary>
    private sealed class SharedHeap
    {
        private readonly HakHeap _heap = new();
        private readonly List<HeapBlock> _blocks = [];

        public int Uses { get; private set; }

        public void Use(Random random, ConcurrentQueue<HeapBlock> orphans)
        {
            Uses++;
            int seed = random.Next();
            if (Uses != 2)
            {
                Work(new Random(seed), _blocks, orphans);
                return;
            }

            List<HeapBlock> theirs = [];
            NativeThreads.Run(() => Work(new Random(seed), _blocks, orphans), () => Work(new Random(seed + 1), theirs, orphans));
            _blocks.AddRange(theirs);
        }

        /// <summary>Destroys the heap with all its blocks, or releases it and leaves them to whoever comes by. Returns whether it was destroyed.</summary>
        public bool End(Random random, ConcurrentQueue<HeapBlock> orphans)
        {
            foreach (HeapBlock block in _blocks) block.Verify();
            if ((ulong)_blocks.Count != _heap.GetStatistics().Blocks) throw new InvalidOperationException($"{_blocks.Count} blocks held, {_heap.GetStatistics()}");
            if (random.Next(4) != 0)
            {
                _heap.Destroy();
                return true;
            }

            _heap.Release();
            foreach (HeapBlock block in _blocks) orphans.Enqueue(block);
            return false;
        }

        private void Work(Random random, List<HeapBlock> blocks, ConcurrentQueue<HeapBlock> orphans)
        {
            for (int i = 0; i < 300; i++)
            {
                int what = random.Next(10);
                if (what < 6 || blocks.Count == 0)
                {
                    blocks.Add(HeapBlock.Alloc(_heap, random, (nuint)random.Next(1 << random.Next(4, 15))));
                    continue;
                }

                int at = random.Next(blocks.Count);
                if (what == 6)
                {
                    blocks[at] = blocks[at].Resize(_heap, random, (nuint)random.Next(1, 3000));
                    continue;
                }

                if (what == 7) blocks[at].Free();
                else blocks[at].Free(_heap);
                blocks[at] = blocks[^1];
                blocks.RemoveAt(blocks.Count - 1);
                if (what == 8 && orphans.TryDequeue(out HeapBlock orphan)) orphan.Free(_heap);   // of a heap that was released
            }
        }
    }
}
