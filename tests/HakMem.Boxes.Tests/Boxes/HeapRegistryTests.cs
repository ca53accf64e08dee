using System.Threading;
using HakMem.Tests.Support;
using Xunit;
using Config = HakMem.Boxes.Tests.TestHeap.Config;

namespace HakMem.Boxes.Tests;

public unsafe class HeapRegistryTests
{
    [Fact]
    public void The_heap_of_an_ended_thread_serves_the_next_with_its_blocks() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        _ = TestHeap.CurrentHeap();
        ThreadHeap* first = null, second = null;
        void* freed = null;
        OwnThread.Run(() =>
        {
            first = TestHeap.CurrentHeap();
            freed = TestHeap.Alloc(1024);
            TestHeap.Free(freed);
        });
        OwnThread.Run(() =>
        {
            second = TestHeap.CurrentHeap();
            Assert.True(TestHeap.Alloc(1024) == freed);
        });
        Assert.True(first == second);
        AllocatorStatistics statistics;
        TestHeap.ReadStatistics(&statistics);
        Assert.Equal((2UL, 1UL, 1UL), (statistics.Heaps, statistics.Adoptions, statistics.InUseBlocks));
    });

    /// <summary>Whoever finds it first, the next thread or a pass.</summary>
    [Fact]
    public void A_heap_of_an_ended_thread_is_counted_once() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        _ = TestHeap.CurrentHeap();
        OwnThread.Run(static () => TestHeap.Free(TestHeap.Alloc(1024)));
        _ = Config.ScavengePass(false);
        Assert.Equal((1u, 1UL), (Config.RegistryState->FreeHeaps, Config.RegistryState->Adoptions));
        OwnThread.Run(static () => TestHeap.Free(TestHeap.Alloc(1024)));
        Assert.Equal((0u, 1UL), (Config.RegistryState->FreeHeaps, Config.RegistryState->Adoptions));
    });

    /// <summary>Only the oldest of many heaps has what is wanted: looks that begin at the newest each time never come to it.</summary>
    [Fact]
    public void What_any_of_many_ended_threads_left_is_found() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        const int Ended = 40, Wanted = 512;
        _ = TestHeap.CurrentHeap();
        using CountdownEvent attached = new(Ended);
        OwnThread.Handle[] threads = new OwnThread.Handle[Ended];
        nint[] left = new nint[2000];
        using ManualResetEventSlim filled = new();
        for (int i = 0; i < Ended; i++)
        {
            bool first = i == 0;
            threads[i] = OwnThread.Start(() =>
            {
                _ = TestHeap.CurrentHeap();
                if (first)
                {
                    for (int b = 0; b < left.Length; b++) left[b] = (nint)TestHeap.Alloc(Wanted);
                    for (int b = 0; b < left.Length; b++)
                    {
                        if (b % 4 != 0) TestHeap.Free((void*)left[b]);
                    }
                }

                attached.Signal();
                attached.Wait();
            });
        }

        threads[0].Join();
        TestHeap.Trim();
        for (int i = 1; i < Ended; i++) threads[i].Join();
        TestHeap.Trim();
        Assert.Equal((uint)Ended, Config.RegistryState->FreeHeaps);
        for (int i = 0; i < 4000; i++) _ = TestHeap.Alloc(Wanted);
        Assert.NotEqual(0UL, Config.RegistryState->Migrations);
        HeapWalk.AssertValid<Config>();
    });

    [Fact]
    public void A_living_thread_keeps_its_heap() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        using ManualResetEventSlim attached = new(), leave = new();
        ThreadHeap* one = null, two = null;
        OwnThread.Handle thread = OwnThread.Start(() =>
        {
            one = TestHeap.CurrentHeap();
            attached.Set();
            leave.Wait();
        });
        attached.Wait();
        OwnThread.Run(() => two = TestHeap.CurrentHeap());
        Assert.True(one != two);
        TestHeap.Trim();
        Assert.Equal((HeapLife.Active, HeapLife.Free), (one->Life, two->Life));
        leave.Set();
        thread.Join();
        TestHeap.Trim();
        Assert.Equal((HeapLife.Free, 2u), (one->Life, Config.RegistryState->FreeHeaps));
    });

    [Fact]
    public void The_heap_of_one_ended_thread_is_found_among_those_of_many_living() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        const int Living = 20;
        using CountdownEvent attached = new(Living);
        using ManualResetEventSlim leave = new();
        ThreadHeap* ended = null, next = null;
        OwnThread.Handle last = OwnThread.Start(() => ended = TestHeap.CurrentHeap());
        last.Join();
        ended->Life = HeapLife.Active;
        ended->Thread = SystemMemory.ThreadId();   // ours: it is not taken over by those below
        OwnThread.Handle[] threads = new OwnThread.Handle[Living];
        for (int i = 0; i < Living; i++)
        {
            threads[i] = OwnThread.Start(() =>
            {
                _ = TestHeap.CurrentHeap();
                attached.Signal();
                leave.Wait();
            });
        }

        attached.Wait();
        uint heaps = Config.RegistryState->Heaps;
        ended->Thread = 0;   // gone
        OwnThread.Run(() => next = TestHeap.CurrentHeap());
        Assert.True(next == ended);
        Assert.Equal(heaps, Config.RegistryState->Heaps);
        leave.Set();
        foreach (OwnThread.Handle thread in threads) thread.Join();
    });

    /// <summary>The system knows a thread of this id, the one that asks; but that has no heap yet, so the heap's was another.</summary>
    [Fact]
    public void The_heap_of_an_ended_thread_whose_id_came_again_is_that_of_the_next() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        ThreadHeap* mine = TestHeap.CurrentHeap(), first = null, second = null;
        OwnThread.Run(() => first = TestHeap.CurrentHeap());
        OwnThread.Run(() =>
        {
            first->Thread = SystemMemory.ThreadId();
            second = TestHeap.CurrentHeap();
        });
        Assert.True(first != mine && second == first);
        Assert.Equal((2u, 1UL), (Config.RegistryState->Heaps, Config.RegistryState->Adoptions));
    });

    [Fact]
    public void A_thread_in_its_last_moments_is_waited_for() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        using ManualResetEventSlim attached = new(), leave = new();
        ThreadHeap* one = null, two = null;
        OwnThread.Handle thread = OwnThread.Start(() =>
        {
            one = TestHeap.CurrentHeap();   // in this composition a thread's end is marked from its beginning
            attached.Set();
            leave.Wait();
        });
        attached.Wait();
        FaultyMemory.WhileWaiting = () =>
        {
            leave.Set();
            thread.WaitForEnd();
        };
        OwnThread.Run(() => two = TestHeap.CurrentHeap());
        Assert.True(one == two);
        thread.Join();
    });

    [Fact]
    public void Slabs_of_ended_threads_move_before_new_ones_are_taken() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        ThreadHeap* mine = TestHeap.CurrentHeap();
        BlockLedger ledger = new();
        OwnThread.Run(() =>
        {
            for (int i = 0; i < 200; i++) ledger.Add(TestHeap.Alloc(512), 512);
            for (int i = 199; i >= 0; i -= 2) TestHeap.Free(ledger.Take(i));
        });
        for (int i = 0; i < 150; i++) ledger.Add(TestHeap.Alloc(512), 512);
        ledger.Check();
        AllocatorStatistics statistics;
        TestHeap.ReadStatistics(&statistics);
        Assert.True(statistics.Migrations >= 1);
        Assert.Equal(250UL, statistics.InUseBlocks);
        Assert.Equal(250UL, statistics.ClassBlocks[(int)SizeClasses.ClassOf(512)]);
        HeapWalk.AssertValid<Config>();
        while (ledger.Count != 0) TestHeap.Free(ledger.Take(ledger.Count - 1));
        TestHeap.Trim();
        TestHeap.ReadStatistics(&statistics);
        Assert.Equal((0UL, 0UL, 0UL), (statistics.InUseBlocks, statistics.CommittedBytes, statistics.CachedBytes));
        Assert.Equal(mine->Id, TestHeap.CurrentHeap()->Id);
    });

    /// <summary>Each thread of a heap borrows anew from the home class, as long as at most 128 KiB of that are out: what many threads leave behind takes little more room than one's would.</summary>
    [Fact]
    public void Small_blocks_that_many_threads_leave_do_not_all_take_large_ones_places() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        const int Threads = 100, Left = 20;
        _ = TestHeap.CurrentHeap();
        uint own = SizeClasses.ClassOf(16), home = Config.Classes[own].Home, homeBytes = Config.Classes[home].SizeBytes;
        nint* blocks = stackalloc nint[Threads * Left];
        AllocatorStatistics statistics;
        for (int thread = 0; thread < Threads; thread++)
        {
            nint* at = blocks + (thread * Left);
            OwnThread.Run(() =>
            {
                for (int i = 0; i < Left; i++) at[i] = (nint)TestHeap.Alloc(16);
            });
            if (thread != 1) continue;
            TestHeap.ReadStatistics(&statistics);
            Assert.Equal((2UL * Left, 0UL), (statistics.ClassBlocks[(int)home], statistics.ClassBlocks[(int)own]));
        }

        TestHeap.ReadStatistics(&statistics);
        Assert.InRange(statistics.ClassBlocks[(int)home] * homeBytes, 128u << 10, (128u << 10) + (Config.Classes[own].Lent * homeBytes));
        Assert.Equal(Threads * (ulong)Left, statistics.ClassBlocks[(int)home] + statistics.ClassBlocks[(int)own]);
        for (int i = 0; i < Threads * Left; i++) TestHeap.Free((void*)blocks[i]);

        // With all of it free again, it lends again.
        TestHeap.Trim();
        TestHeap.Trim();
        OwnThread.Run(() => _ = TestHeap.Alloc(16));
        TestHeap.ReadStatistics(&statistics);
        Assert.Equal((1UL, 0UL), (statistics.ClassBlocks[(int)home], statistics.ClassBlocks[(int)own]));
    });

    [SystemFact(SystemNeeds.SmallPages)]
    public void Statistics_tell_blocks_from_caches() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        TestHeap.Free(TestHeap.Alloc(3_000_000));   // the first time it goes back
        void* tiny = TestHeap.Alloc(1024), mid = TestHeap.Alloc(8192), large = TestHeap.Alloc(100_000), big = TestHeap.Alloc(3_000_000);
        AllocatorStatistics statistics;
        TestHeap.ReadStatistics(&statistics);
        Assert.Equal((4UL, 1UL, 131072UL, 1UL, 3002368UL), (statistics.InUseBlocks, statistics.LargeBlocks, statistics.LargeBytes, statistics.BigBlocks, statistics.BigBytes));
        Assert.Equal(1024UL + 8192 + 131072 + 3002368, statistics.InUseBytes);
        Assert.Equal((1UL, 1UL), (statistics.ClassBlocks[(int)SizeClasses.ClassOf(1024)], statistics.ClassBlocks[(int)SizeClasses.ClassOf(8192)]));
        Assert.True(statistics.CommittedBytes >= statistics.InUseBytes && statistics.ReservedBytes > 64u << 20);
        foreach (nint block in new[] { (nint)tiny, (nint)mid, (nint)large, (nint)big }) TestHeap.Free((void*)block);
        TestHeap.ReadStatistics(&statistics);
        Assert.Equal((0UL, 0UL), (statistics.InUseBlocks, statistics.InUseBytes));
        Assert.True(statistics.CachedBytes >= 1024 + 8192 + 131072 + 3002368);
        TestHeap.Trim();
        TestHeap.ReadStatistics(&statistics);
        Assert.Equal((0UL, 0UL), (statistics.CachedBytes, statistics.CommittedBytes));
        Assert.True(statistics.PurgedBytes > 0);
    });

    [Fact]
    public void The_system_marks_the_ends_of_threads()
    {
        for (int i = 0; i < 100; i++)
        {
            OwnThread.Run(static () =>
            {
                void* block = PlainHeap.Alloc(40);
                Assert.Equal(0, PlainHeap.CurrentHeap()->EndMark);
                PlainHeap.Free(block);
            });
        }

        OwnThread.Run(static () =>
        {
            AllocatorStatistics statistics;
            PlainHeap.ReadStatistics(&statistics);
            Assert.InRange(statistics.Heaps, 1UL, 20UL);
            Assert.True(statistics.Adoptions >= 80);
        });
    }

    /// <summary>In a process of its own: the destructor of the thread's key must not meet the unmapped heap.</summary>
    [Fact]
    public void A_thread_may_end_after_its_allocator_was_reset() => Assert.Equal((0, ""), JitListing.Run(JitListing.Child("reset")));

    [Fact]
    public void A_heap_that_cannot_be_made_costs_nothing_however_often_it_is_asked_for() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        FaultyMemory.Affected = MemoryCalls.Commit;
        FaultyMemory.FailAt = 1;
        FaultyMemory.FailTimes = long.MaxValue;
        _ = TestHeap.TryAlloc(100, out void* first);
        TestHeap.Free(first);
        long mapped = FaultyMemory.MappedBytes;
        for (int i = 0; i < 20_000; i++)
        {
            _ = TestHeap.TryAlloc(100, out void* block);
            TestHeap.Free(block);
        }

        Assert.InRange(FaultyMemory.MappedBytes - mapped, 0, 1 << 20);
    });
}
