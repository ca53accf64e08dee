using System;
using System.Threading;
using Xunit;

namespace HakMem.Boxes.Tests;

public unsafe class StatisticsRaceTests
{
    private const int Blocks = 4096, MillisecondsOfReading = 1500;

    /// <summary>Reading looks into the remote tables of running threads: what it finds there may be gone at the next look.</summary>
    [Fact]
    public void Statistics_may_be_read_while_other_threads_free() => OwnThread.RunFresh(StressHeap.Reset, static () =>
    {
        using CancellationTokenSource over = new();
        nint[] blocks = new nint[Blocks];
        OwnThread.Handle reader = OwnThread.Start(() =>
        {
            AllocatorStatistics statistics;
            while (!over.IsCancellationRequested) StressHeap.ReadStatistics(&statistics);
        });
        OwnThread.Handle freer = OwnThread.Start(() =>
        {
            _ = StressHeap.CurrentHeap();
            while (!over.IsCancellationRequested)
            {
                for (int i = 0; i < Blocks; i++)
                {
                    nint block = Interlocked.Exchange(ref blocks[i], 0);
                    if (block != 0) StressHeap.Free((void*)block);
                }
            }
        });
        OwnThread.Handle maker = OwnThread.Start(() =>
        {
            while (!over.IsCancellationRequested)
            {
                for (int i = 0; i < Blocks; i++)
                {
                    if (Volatile.Read(ref blocks[i]) == 0) Volatile.Write(ref blocks[i], (nint)StressHeap.Alloc(64));
                }
            }
        });
        Thread.Sleep(MillisecondsOfReading);
        over.Cancel();
        foreach (OwnThread.Handle thread in new[] { reader, freer, maker }) thread.WaitForEnd();
        foreach (OwnThread.Handle thread in new[] { reader, freer, maker }) thread.Join();
    });

    /// <summary>What somebody who is at rest or gone was about to send is counted where it is: with his heap, or with the owner when a scavenger has sent it. Here a scavenger comes at each step of the reading, and goes as far as the locks let it.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Statistics_are_exact_while_a_scavenger_runs(bool firstClass) => OwnThread.RunFresh(SteppedHeap.Reset, () =>
    {
        const int Sent = 20, Kept = 100;
        FaultyMemory.Clock = 1000;   // no pass comes due: none runs but the one here
        for (int i = 0; i < Kept; i++) _ = SteppedHeap.Alloc(64);
        SteppedHeap.CurrentHeap()->EndMark = 0;   // this thread is alive: no look at whether it has ended
        ThreadHeap* heap = firstClass ? FirstClassHeap.Create<SteppedHeap.Config>() : null;
        using ManualResetEventSlim stands = new();
        OwnThread.Handle? scavenger;
        int at = 0, ran = 0;
        do
        {
            at++;
            nint[] blocks = new nint[Sent];
            for (int i = 0; i < Sent; i++) blocks[i] = (nint)SteppedHeap.Alloc(64);
            OwnThread.Run(() => FreeThrough(firstClass ? heap : SteppedHeap.CurrentHeap(), blocks));
            scavenger = null;
            int steps = 0;
            NextStep.Do(Elsewhere);
            AllocatorStatistics statistics;
            SteppedHeap.ReadStatistics(&statistics);
            NextStep.Do(static () => { });
            scavenger?.Join();
            FaultyMemory.WhileWaiting = null;
            Assert.Equal((ulong)Kept, statistics.InUseBlocks);
            SteppedHeap.Trim();
            ran += scavenger == null ? 0 : 1;

            void Elsewhere()
            {
                NextStep.Do(Elsewhere);
                if (++steps != at) return;
                NextStep.Do(static () => { });
                stands.Reset();
                FaultyMemory.WhileWaiting = stands.Set;
                scavenger = OwnThread.Start(() =>
                {
                    _ = SteppedHeap.Config.ScavengePass(true);
                    stands.Set();
                });
                stands.Wait();
            }
        }
        while (scavenger != null);

        Assert.InRange(ran, 10, int.MaxValue);
    });

    // Blocks of another heap, which stay in this one's remote table.
    private static void FreeThrough(ThreadHeap* heap, nint[] blocks)
    {
        foreach (nint block in blocks)
        {
            if (heap->Kind == HeapKind.FirstClass) FirstClassHeap.Free<SteppedHeap.Config>(heap, (void*)block);
            else SteppedHeap.Free((void*)block);
        }

        ulong* pending = stackalloc ulong[(int)SizeClasses.Count];
        new Span<ulong>(pending, (int)SizeClasses.Count).Clear();
        RemoteFree.CountPending<SteppedHeap.Config>(heap, pending);
        Assert.Equal((ulong)blocks.Length, pending[SizeClasses.ClassOf(64)]);
    }
}
