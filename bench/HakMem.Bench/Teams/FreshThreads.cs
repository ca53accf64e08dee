using System;
using System.Threading;

namespace HakMem.Bench.Teams;

/// <summary>Runs one job on several new threads and waits until all have ended: for scenarios in which starting and ending is part of the work.</summary>
internal static class FreshThreads
{
    public static void Run(int threadCount, Action<int> job)
    {
        var failure = new FirstFailure();
        var threads = new Thread[threadCount];
        for (int i = 0; i < threadCount; i++)
        {
            int index = i;
            threads[i] = new Thread(() => failure.Catch(job, index)) { IsBackground = true };
            threads[i].Start();
        }

        foreach (Thread thread in threads)
            thread.Join();
        failure.ThrowIfAny();
    }
}
