using System;
using System.Threading;
using HakMem.Bench.Allocators;

namespace HakMem.Bench.Teams;

/// <summary>Runs one job on several new threads and waits until all have ended: for scenarios in which starting and ending is part of the work.</summary>
internal static class FreshThreads
{
    public static void Run<T>(int threadCount, Action<int> job, bool bound = false)
        where T : struct, IBenchAllocator
    {
        var failure = new FirstFailure();
        var threads = new Thread[threadCount];
        for (int i = 0; i < threadCount; i++)
        {
            int index = i;
            threads[i] = new Thread(() =>
            {
                if (bound)
                    failure.Catch(Processors.Bind, index);
                failure.Catch(job, index);
                T.LeaveThread();
            })
            { IsBackground = true };
            threads[i].Start();
        }

        foreach (Thread thread in threads)
            thread.Join();
        failure.ThrowIfAny();
    }
}
