using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Threading;

namespace HakMem.Faults;

/// <summary>Memory that nobody uses goes back without a call of the allocator, or stays when it was told to.</summary>
internal static unsafe class IdleMemory
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);

    public static Dictionary<string, Action> Cases { get; } = new()
    {
        ["idle-own"] = () =>
        {
            Residency burst = new();
            burst.Allocate();
            burst.Free();
            AwaitGivenBack(burst);
            if (ThreadPool.ThreadCount != 0 || Timer.ActiveCount != 0) throw new InvalidOperationException("for that the thread pool was started: four threads, 0.8 MiB");
            Reuse(burst);
        },
        ["idle-other"] = () =>
        {
            // The thread that allocated sleeps; another freed its blocks and sleeps, too.
            Residency burst = new();
            using ManualResetEventSlim allocated = new(), leave = new();
            Thread owner = new(() =>
            {
                burst.Allocate();
                allocated.Set();
                leave.Wait();
            });
            owner.Start();
            allocated.Wait();
            burst.Free();
            AwaitGivenBack(burst);
            leave.Set();
            owner.Join();
            Reuse(burst);
        },
        ["idle-ended"] = () =>
        {
            Residency burst = new();
            PointerFaults.OnThread(() =>
            {
                burst.Allocate();
                burst.Free();
            });
            AwaitGivenBack(burst);
            Reuse(burst);
        },
        ["idle-blocked-pool"] = () =>
        {
            // There is no thread in the pool: the host has one of its own.
            const int Threads = 2;
            if (!ThreadPool.SetMinThreads(1, 1) || !ThreadPool.SetMaxThreads(Threads, Threads)) throw new InvalidOperationException("the pool cannot be made so small");
            using ManualResetEventSlim leave = new();
            using CountdownEvent blocked = new(Threads);
            for (int i = 0; i < Threads; i++)
            {
                ThreadPool.QueueUserWorkItem(_ =>
                {
                    blocked.Signal();
                    leave.Wait();
                });
            }

            blocked.Wait();
            Residency burst = new();
            burst.Allocate();
            burst.Free();
            AwaitGivenBack(burst);
            leave.Set();
            Reuse(burst);
        },
        ["idle-kept"] = () =>
        {
            // HAKMEM_PURGE=false: nothing goes until somebody asks.
            Residency burst = new();
            burst.Allocate();
            burst.Free();
            Thread.Sleep(2500);
            if (burst.ResidentPages() < burst.FreePages * 99 / 100) throw new InvalidOperationException($"{burst.ResidentPages()} of {burst.FreePages} pages were left");
            HakMemory.Trim();
            if (!burst.IsGivenBack()) throw new InvalidOperationException($"a trim left {burst.ResidentPages()} of {burst.FreePages} pages");
            Reuse(burst);
        },
    };

    private static void AwaitGivenBack(Residency burst)
    {
        Stopwatch watch = Stopwatch.StartNew();
        while (!burst.IsGivenBack())
        {
            if (watch.Elapsed > s_patience) throw new InvalidOperationException($"{burst.ResidentPages()} of {burst.FreePages} pages are still there after {s_patience}");
            Thread.Sleep(20);
        }

        Console.WriteLine($"{burst.FreePages - burst.ResidentPages()} of {burst.FreePages} wholly free pages went back within {watch.ElapsedMilliseconds} ms");
    }

    // The pages serve again, zeroed where asked, and the numbers follow.
    private static void Reuse(Residency burst)
    {
        burst.VerifyKept();
        nuint purged = PurgedBytes();
        HakMemStatistics before = HakMemory.GetStatistics();
        if (purged < 4 << 20) throw new InvalidOperationException($"only {purged} bytes are counted as given back inside slabs");
        if (before.CommittedBytes < before.InUseBytes) throw new InvalidOperationException($"less committed than in use: {before}");
        List<nint> blocks = [];
        foreach (int size in new[] { 512, 1024, 2048 })
        {
            for (int i = 0; i < 30_000; i++)
            {
                void* block = i % 2 == 0 ? HakMemory.AllocZeroed((nuint)size) : HakMemory.Alloc((nuint)size);
                Span<byte> bytes = new(block, size);
                if (i % 2 == 0 && bytes.ContainsAnyExcept((byte)0)) throw new InvalidOperationException("not zeroed");
                bytes.Fill(0xEE);
                blocks.Add((nint)block);
            }
        }

        burst.VerifyKept();
        HakMemStatistics during = HakMemory.GetStatistics();
        if (during.CommittedBytes < during.InUseBytes) throw new InvalidOperationException($"less committed than in use: {during}");
        foreach (nint block in blocks)
        {
            if (new ReadOnlySpan<byte>((void*)block, 512).ContainsAnyExcept((byte)0xEE)) throw new InvalidOperationException("contents changed");
        }

        if (PurgedBytes() > purged / 20) throw new InvalidOperationException($"{PurgedBytes()} of {purged} bytes are still counted as given back");
        foreach (nint block in blocks) HakMemory.Free((void*)block);
        burst.FreeKept();
        HakMemory.Trim();
        HakMemStatistics after = HakMemory.GetStatistics();
        if (after.InUseBlocks != 0 || after.CommittedBytes > 1 << 20 || PurgedBytes() > after.CommittedBytes) throw new InvalidOperationException($"left: {after}");
    }

    private static nuint PurgedBytes()
    {
        PurgedSum sum = new();
        HakMemory.Walk(sum);
        return sum.Bytes;
    }

    private sealed class PurgedSum : IHeapVisitor
    {
        public nuint Bytes { get; private set; }

        public void VisitHeap(in HeapInfo heap)
        {
            if ((nint)heap.PurgedBytes < 0) throw new InvalidOperationException($"{heap}");
            Bytes += heap.PurgedBytes;
        }

        public void VisitSlab(in SlabInfo slab)
        {
        }

        public void VisitBlock(in BlockInfo block)
        {
        }
    }
}
