using System.Collections.Generic;
using System.Linq;
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

    /// <summary>Who gives a lock back only to take it again was faster each time: the other sleeps by then. The other thread is played here by what happens while this one waits, so that no schedule decides.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(8)]
    public void Who_waits_for_long_comes_first_when_the_lock_is_passed(int wakesUpAtWait)
    {
        (int waits, int inside) = Pass(wanted: true, wakesUpAtWait);
        Assert.Equal(wakesUpAtWait, inside);
        Assert.Equal(wakesUpAtWait + 1, waits); // once more while the other is inside
    }

    /// <summary>A thread that was stopped while it waited must not stop this one.</summary>
    [Fact]
    public void A_lock_is_not_passed_for_ever() => Assert.Equal((8, 0), Pass(wanted: true, wakesUpAtWait: int.MaxValue));

    [Fact]
    public void A_lock_that_nobody_waits_for_is_passed_without_waiting() => Assert.Equal((0, 0), Pass(wanted: false, wakesUpAtWait: 1));

    /// <summary>What <see cref="SpinLock.Pass"/> goes by.</summary>
    [Fact]
    public void Who_waits_for_long_says_so()
    {
        FaultyMemory.Restore();
        int word = 0, waits = 0;
        int* at = &word;
        List<int> seen = [];
        SpinLock.Enter<Config>(at);
        FaultyMemory.WhileWaiting = Elsewhere;
        SpinLock.Enter<Config>(at);
        FaultyMemory.WhileWaiting = null;
        Assert.Equal(1, word);   // whoever comes in last: nobody is known to wait for it yet
        Assert.Equal([.. Enumerable.Repeat(1, (int)SpinLock.YieldAttempt), 2, 2, 2], seen);

        void Elsewhere()
        {
            seen.Add(*at);
            if (++waits == SpinLock.YieldAttempt + 3) SpinLock.Exit<Config>(at);
            else FaultyMemory.WhileWaiting = Elsewhere;
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

    /// <summary>Passes a lock; the other thread takes it during a wait, and gives it back during the next. Says how often this one waited, and at which wait the other came in.</summary>
    private static (int Waits, int Inside) Pass(bool wanted, int wakesUpAtWait)
    {
        FaultyMemory.Restore();
        int word = 0, waits = 0, inside = 0;
        int* at = &word;
        SpinLock.Enter<Config>(at);
        if (wanted) word = 2;
        FaultyMemory.WhileWaiting = Elsewhere;
        SpinLock.Pass<Config>(at);
        FaultyMemory.WhileWaiting = null;
        Assert.Equal(1, word);
        return (waits, inside);

        void Elsewhere()
        {
            waits++;
            if (inside != 0)
            {
                SpinLock.Exit<Config>(at);
            }
            else if (waits == wakesUpAtWait)
            {
                Assert.True(SpinLock.TryEnter<Config>(at));
                inside = waits;
            }

            FaultyMemory.WhileWaiting = Elsewhere;
        }
    }
}
