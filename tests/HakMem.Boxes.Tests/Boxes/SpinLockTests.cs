using System.Threading;
using Xunit;
using Config = HakMem.Boxes.Tests.TestHeap.Config;

namespace HakMem.Boxes.Tests;

public unsafe class SpinLockTests
{
    private static int s_word;
    private static long s_plain;

    [Fact]
    public void One_thread_at_a_time_is_inside()
    {
        const int Rounds = 30_000;
        s_plain = 0;
        FaultyMemory.Restore();
        OwnThread.Handle[] threads = new OwnThread.Handle[3];
        for (int i = 0; i < threads.Length; i++)
        {
            threads[i] = OwnThread.Start(static () =>
            {
                fixed (int* word = &s_word)
                {
                    for (int round = 0; round < Rounds; round++)
                    {
                        SpinLock.Enter<Config>(word);
                        s_plain++;
                        SpinLock.Exit<Config>(word);
                    }
                }
            });
        }

        foreach (OwnThread.Handle thread in threads) thread.Join();
        Assert.Equal(Rounds * threads.Length, s_plain);
        Assert.Equal(0, Volatile.Read(ref s_word));
    }

    /// <summary>Who gives a lock back only to take it again was faster each time: the other sleeps by then.</summary>
    [Fact]
    public void Who_waits_for_long_comes_first_when_the_lock_is_passed()
    {
        FaultyMemory.Restore();
        s_word = 0;
        s_plain = 0;
        fixed (int* word = &s_word)
        {
            for (int round = 1; round <= 20; round++)
            {
                SpinLock.Enter<Config>(word);
                OwnThread.Handle waiting = OwnThread.Start(static () =>
                {
                    fixed (int* word = &s_word)
                    {
                        SpinLock.Enter<Config>(word);
                        s_plain++;
                        SpinLock.Exit<Config>(word);
                    }
                });
                while (Volatile.Read(ref s_word) != 2) Thread.Sleep(1);
                SpinLock.Pass<Config>(word);
                Assert.Equal(round, s_plain);
                SpinLock.Exit<Config>(word);
                waiting.Join();
            }
        }
    }

    [Fact]
    public void Trying_does_not_wait()
    {
        int word = 0;
        Assert.True(SpinLock.TryEnter<Config>(&word));
        Assert.False(SpinLock.TryEnter<Config>(&word));
        SpinLock.Exit<Config>(&word);
        Assert.True(SpinLock.TryEnter<Config>(&word));
    }
}
