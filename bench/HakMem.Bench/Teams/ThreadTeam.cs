using System;
using System.Threading;
using HakMem.Bench.Measuring;

namespace HakMem.Bench.Teams;

/// <summary>Runs one job on several new threads that start together and end together.</summary>
internal static class ThreadTeam
{
    /// <returns>What the process took from the common start to the last thread's end of work, without the start and the end of the threads.</returns>
    public static PassCost Run(int threadCount, Action<int> job) => Run(threadCount, _ => { }, job);

    /// <param name="threadCount">How many threads.</param>
    /// <param name="prepare">What each thread does first, unmeasured.</param>
    /// <param name="job">What each thread does between the common start and the common end.</param>
    /// <param name="leaveThread">What each thread does last, unmeasured.</param>
    /// <param name="bound">Whether each thread keeps to a processor of its own.</param>
    /// <returns>What the process took for the job.</returns>
    public static PassCost Run(int threadCount, Action<int> prepare, Action<int> job, Action? leaveThread = null, bool bound = false)
    {
        using var parked = new CountdownEvent(threadCount);
        using var done = new CountdownEvent(threadCount);
        using var start = new ManualResetEvent(false);
        using var leave = new ManualResetEvent(false);
        var failure = new FirstFailure();
        var threads = new Thread[threadCount];
        for (int i = 0; i < threadCount; i++)
        {
            int index = i;
            threads[i] = new Thread(() =>
            {
                if (bound)
                    failure.Catch(Processors.Bind, index);
                failure.Catch(prepare, index);
                parked.Signal();
                start.WaitOne();
                failure.Catch(job, index);
                done.Signal();
                leave.WaitOne();
                leaveThread?.Invoke();
            })
            { IsBackground = true };
            threads[i].Start();
        }

        parked.Wait();
        PassMeter meter = PassMeter.Start();
        start.Set();
        done.Wait();
        PassCost cost = meter.Stop();
        leave.Set();
        foreach (Thread thread in threads)
            thread.Join();
        failure.ThrowIfAny();
        return cost;
    }
}
