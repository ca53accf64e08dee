using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using HakMem.Boxes;

namespace HakMem.Tests;

/// <summary>Threads that are gone when they are said to be: the native thread lives a moment longer than the managed one.</summary>
internal static unsafe class NativeThreads
{
    /// <summary>Runs all actions at the same time, each on a thread of its own, and returns when the OS knows none of them any more.</summary>
    public static void Run(params IEnumerable<Action> actions)
    {
        Exception? failure = null;
        Action[] all = [.. actions];
        uint[] ids = new uint[all.Length];
        Thread[] threads = [.. all.Select((action, index) => new Thread(() =>
        {
            ids[index] = SystemMemory.ThreadId();
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
        foreach (uint id in ids)
        {
            while (!SystemMemory.ThreadIsGone(id, null)) Thread.Sleep(1);
        }

        if (failure != null) throw new InvalidOperationException("a thread failed", failure);
    }

    /// <summary>The same action on several threads, which learn their number.</summary>
    public static void Run(int count, Action<int> action) => Run(Enumerable.Range(0, count).Select(index => (Action)(() => action(index))));
}
