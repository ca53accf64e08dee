using System;
using System.Collections.Concurrent;
using System.Threading;
using Xunit;

namespace HakMem.Tests;

public sealed class WakeUpTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(1);

    [Fact]
    public void MomentsComeInTheirOrderOnOneThreadOfTheLibrarysOwn()
    {
        ConcurrentQueue<(int Moment, Thread Thread)> come = [];
        using CountdownEvent all = new(3);
        WakeUp[] moments = new WakeUp[3];
        for (int i = 0; i < moments.Length; i++)
        {
            int moment = i;
            moments[i] = new WakeUp(_ =>
            {
                come.Enqueue((moment, Thread.CurrentThread));
                all.Signal();
            });
        }

        moments[0].Set(3000);
        moments[1].Set(1000);
        moments[2].Set(2000);
        Assert.True(all.Wait(s_patience));
        Assert.Equal([1, 2, 0], Array.ConvertAll(come.ToArray(), static each => each.Moment));
        Assert.All(come, each => Assert.True(each.Thread is { IsBackground: true, IsThreadPoolThread: false, Name: "HakMem" }));
    }

    [Fact]
    public void AMomentCanBeSetAnewEarlierAndByItself()
    {
        using CountdownEvent times = new(3);
        WakeUp moment = new(self =>
        {
            if (!times.Signal()) self.Set(10);
        });
        moment.Set(uint.MaxValue);
        moment.Set(50);
        Assert.True(times.Wait(s_patience));
    }

    [Fact]
    public void AMomentThatWasTakenBackDoesNotCome()
    {
        using ManualResetEventSlim later = new();
        bool came = false;
        WakeUp first = new(_ => came = true), second = new(_ => came = true), last = new(_ => later.Set());
        first.Set(3000);
        last.Set(3500);
        second.Set(3100);
        first.Cancel();
        second.Cancel();
        second.Cancel();   // again: nothing
        Assert.True(later.Wait(s_patience));
        Assert.False(came);
        first.Set(1);
        Assert.True(SpinWait.SpinUntil(() => came, s_patience));
    }
}
