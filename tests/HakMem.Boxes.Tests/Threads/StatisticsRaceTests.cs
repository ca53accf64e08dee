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
}
