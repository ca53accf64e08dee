using System;
using System.Threading;
using HakMem.Bench.Measuring;

namespace HakMem.Bench.Replay;

/// <summary>Runs one job on several new threads that start together and end together.</summary>
internal static class ThreadTeam
{
    /// <returns>CPU time of the process from the common start to the last thread's end of work, without the start and the end of the threads.</returns>
    public static long Run(int threadCount, Action<int> job)
    {
        using var parked = new CountdownEvent(threadCount);
        using var done = new CountdownEvent(threadCount);
        using var start = new ManualResetEvent(false);
        using var leave = new ManualResetEvent(false);
        var threads = new Thread[threadCount];
        for (int i = 0; i < threadCount; i++)
        {
            int index = i;
            threads[i] = new Thread(() =>
            {
                parked.Signal();
                start.WaitOne();
                job(index);
                done.Signal();
                leave.WaitOne();
            })
            { IsBackground = true };
            threads[i].Start();
        }

        parked.Wait();
        long before = CpuClock.Process;
        start.Set();
        done.Wait();
        long elapsed = CpuClock.Process - before;
        leave.Set();
        foreach (Thread thread in threads)
            thread.Join();
        return elapsed;
    }
}
