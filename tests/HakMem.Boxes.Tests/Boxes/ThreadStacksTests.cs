using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.CompilerServices;
using System.Threading;
using Xunit;
using Config = HakMem.Boxes.Tests.StackHeap.Config;

namespace HakMem.Boxes.Tests;

/// <summary>A thread's heap by the place of its stack, over the real system: found or not, it is always the thread's own.</summary>
public sealed unsafe class ThreadStacksTests
{
    private const int GranuleBytes = 16 << 10, IndexBytes = 128 << 10;
    private const long Milliseconds = 1500;

    [Fact]
    public void A_thread_is_found_from_its_first_call_on_and_no_longer_than_it_lives()
    {
        ThreadStacks.Record* record = null;
        OwnThread.Run(() =>
        {
            Assert.False(ThreadStacks.TryFind<Config>(out _));
            StackHeap.Free(StackHeap.Alloc(100));
            Assert.True(ThreadStacks.TryFind<Config>(out ThreadHeap* heap));
            Assert.Equal(SystemMemory.ThreadId(), heap->Thread);
            record = (ThreadStacks.Record*)heap->Stack;
            Assert.Equal(record->AllBytes, record->Bytes);
            Assert.True(record->Heap == heap);
        });
        Assert.True(record->Bytes <= 1, "the end of the thread did not shut its record");
    }

    [Fact]
    public void A_free_without_a_heap_makes_none()
    {
        void* block = StackHeap.Alloc(100);
        OwnThread.Run(() =>
        {
            StackHeap.Free(block);
            Assert.False(ThreadStacks.TryFind<Config>(out _));
        });
    }

    [Fact]
    public void A_deep_call_is_found_after_one_slow_one()
    {
        OwnThread.Run(static () =>
        {
            StackHeap.Free(StackHeap.Alloc(100));
            _ = Deep(60);
        });

        static int Deep(int left)
        {
            byte* room = stackalloc byte[GranuleBytes];
            if (left != 0) return Deep(left - 1) + room[0];
            ThreadHeap* heap = StackHeap.CurrentHeap();
            Assert.Equal(SystemMemory.ThreadId(), heap->Thread);
            Assert.True(ThreadStacks.TryFind<Config>(out ThreadHeap* found));
            Assert.True(found == heap);
            return room[1];
        }
    }

    [Fact]
    public void Threads_that_follow_each_other_on_a_stack_share_its_record()
    {
        HashSet<nint> records = [];
        for (int i = 0; i < 200; i++)
        {
            OwnThread.Run(() =>
            {
                StackHeap.Free(StackHeap.Alloc(100));
                Assert.True(ThreadStacks.TryFind<Config>(out ThreadHeap* heap));
                Assert.Equal(SystemMemory.ThreadId(), heap->Thread);
                records.Add((nint)heap->Stack);
            });
        }

        Assert.True(records.Count <= 20, $"{records.Count} records for 200 threads one after the other");
    }

    [Fact]
    public void Where_the_index_names_another_living_threads_stack_the_heap_is_found_all_the_same()
    {
        using Barrier step = new(2);
        ThreadStacks.Record* other = null;
        OwnThread.Handle elsewhere = OwnThread.Start(() =>
        {
            StackHeap.Free(StackHeap.Alloc(100));
            other = (ThreadStacks.Record*)StackHeap.CurrentHeap()->Stack;
            step.SignalAndWait();
            step.SignalAndWait();
        });
        step.SignalAndWait();
        OwnThread.Run(() =>
        {
            StackHeap.Free(StackHeap.Alloc(100));
            ThreadHeap* heap = StackHeap.CurrentHeap();
            ushort* place = PlaceHere();
            ushort mine = *place, theirs = (ushort)(((byte*)other - (Config.Stacks + IndexBytes)) / 8);
            *place = theirs;
            Assert.False(ThreadStacks.TryFind<Config>(out _));
            void* block = StackHeap.Alloc(64);
            Assert.True(StackHeap.CurrentHeap() == heap);
            Assert.Equal(heap->Id, Config.PageMap[((byte*)block - Config.Base) >> 16] >> 8);
            StackHeap.Free(block);
            Assert.Equal(theirs, *place);   // whoever came first stays while it lives
            step.SignalAndWait();
            elsewhere.Join();
            Assert.True(StackHeap.CurrentHeap() == heap);
            Assert.Equal(mine, *place);
            Assert.True(ThreadStacks.TryFind<Config>(out ThreadHeap* found) && found == heap);
        });
    }

    [Fact]
    public void Without_a_record_the_threads_own_storage_finds_the_heap()
    {
        uint records = Config.StacksState->Records;
        Config.StacksState->Records = 16384;
        try
        {
            // A stack larger than any before, so that the C library has no used one for it, of which there would be a record.
            Exception? error = null;
            Thread thread = new(() => error = Record.Exception(static () =>
            {
                void* block = StackHeap.Alloc(64);
                ThreadHeap* heap = StackHeap.CurrentHeap();
                Assert.True(heap->Stack == null);
                Assert.False(ThreadStacks.TryFind<Config>(out _));
                StackHeap.Free(block);
                Assert.True(StackHeap.Alloc(64) == block);
                StackHeap.Free(block);
                Assert.True(StackHeap.CurrentHeap() == heap);
            }), 333 << 20);
            thread.Start();
            thread.Join();
            Assert.Null(error);
        }
        finally
        {
            Config.StacksState->Records = records;
        }
    }

    /// <summary>Ends, stacks that come again, heaps that are taken over, blocks of others: each thread finds its own heap at every step, by a number that no other thread may change.</summary>
    [Theory]
    [InlineData(3)]
    [InlineData(8)]
    public void No_thread_ever_finds_the_heap_of_another(int atOnce)
    {
        long end = Environment.TickCount64 + Milliseconds;
        int wrong = 0, threads = 0;
        nint[] left = new nint[64];
        Thread[] drivers = [.. Enumerable.Range(0, atOnce).Select(driver => new Thread(() =>
        {
            Random random = new(driver);
            while (Environment.TickCount64 < end)
            {
                int stack = random.Next(4) == 0 ? 128 << (10 + random.Next(3)) : 0, seed = random.Next();
                Thread thread = new(() => Live(new Random(seed), left, ref wrong), stack);
                thread.Start();
                thread.Join();
                Interlocked.Increment(ref threads);
            }
        }))];
        foreach (Thread driver in drivers) driver.Start();
        foreach (Thread driver in drivers) driver.Join();
        foreach (nint block in left) StackHeap.Free((void*)block);
        Assert.Equal(0, wrong);
        Assert.True(threads > 50, $"only {threads} threads");
    }

    private static void Live(Random random, nint[] left, ref int wrong)
    {
        uint me = SystemMemory.ThreadId();
        for (int i = 0; i < 300; i++)
        {
            nint* block = (nint*)StackHeap.Alloc((nuint)random.Next(8, 2000));
            *block = (nint)me;
            if (ThreadStacks.TryFind<Config>(out ThreadHeap* heap) && heap->Thread != me) Interlocked.Increment(ref wrong);
            if (StackHeap.CurrentHeap()->Thread != me) Interlocked.Increment(ref wrong);
            if (*block != (nint)me) Interlocked.Increment(ref wrong);
            nint before = random.Next(3) == 0 ? (nint)block : Interlocked.Exchange(ref left[random.Next(left.Length)], (nint)block);
            StackHeap.Free((void*)before);
            if ((i & 63) == 0) Thread.Yield();
        }
    }

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ushort* PlaceHere()
    {
        byte here;
        return (ushort*)Config.Stacks + (ushort)((nuint)(&here) / GranuleBytes);
    }
}
