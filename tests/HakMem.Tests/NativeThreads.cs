using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;
using System.Threading;

namespace HakMem.Tests;

/// <summary>Threads that are gone when they are said to be: the native thread lives a moment longer than the managed one.</summary>
internal static class NativeThreads
{
    /// <summary>Runs all actions at the same time, each on a thread of its own, and returns when the OS knows none of them any more.</summary>
    public static void Run(params IEnumerable<Action> actions)
    {
        Exception? failure = null;
        Action[] all = [.. actions];
        int[] ids = new int[all.Length];
        Thread[] threads = [.. all.Select((action, index) => new Thread(() =>
        {
            ids[index] = gettid();
            try
            {
                action();
            }
            catch (Exception exception)
            {
                Interlocked.CompareExchange(ref failure, exception, null);
            }
        }))];
        foreach (Thread thread in threads) thread.Start();
        foreach (Thread thread in threads) thread.Join();
        foreach (int id in ids)
        {
            while (Directory.Exists($"/proc/self/task/{id}")) Thread.Sleep(1);
        }

        if (failure != null) throw new InvalidOperationException("a thread failed", failure);
    }

    /// <summary>The same action on several threads, which learn their number.</summary>
    public static void Run(int count, Action<int> action) => Run(Enumerable.Range(0, count).Select(index => (Action)(() => action(index))));

    [DllImport("libc")]
    private static extern int gettid();
}
