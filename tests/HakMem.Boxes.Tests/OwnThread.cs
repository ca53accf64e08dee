using System;
using System.Runtime.ExceptionServices;
using System.Threading;

namespace HakMem.Boxes.Tests;

/// <summary>Runs tests on threads of their own: a thread keeps its heap for life, and a reset heap must not be met again.</summary>
internal static unsafe class OwnThread
{
    /// <summary>Runs on a new thread, and returns when the OS knows it no more.</summary>
    public static void Run(Action action)
    {
        Handle handle = Start(action);
        handle.Join();
    }

    /// <summary>Starts a new thread.</summary>
    public static Handle Start(Action action)
    {
        Handle handle = new(action);
        handle.Begin();
        return handle;
    }

    /// <summary>Runs on a new thread, with an isolated allocator that nobody has used yet and a system without faults.</summary>
    public static void RunFresh(Action reset, Action action) => Run(() =>
    {
        FaultyMemory.Restore();
        reset();
        FaultyMemory.Restore();
        try
        {
            action();
        }
        finally
        {
            FaultyMemory.FailAt = 0;
            reset();
        }
    });

    internal sealed class Handle
    {
        private readonly Thread _thread;
        private uint _id;
        private ExceptionDispatchInfo? _error;

        internal Handle(Action action) => _thread = new Thread(() =>
        {
            _id = SystemMemory.ThreadId();
            try
            {
                action();
            }
            catch (Exception error)
            {
                _error = ExceptionDispatchInfo.Capture(error);
                FaultyMemory.GiveUp(error.ToString());
            }
        });

        internal void Begin() => _thread.Start();

        /// <summary>Waits for the thread's native end; throws what it threw.</summary>
        public void Join()
        {
            WaitForEnd();
            _error?.Throw();
        }

        /// <summary>Waits for the thread's native end.</summary>
        public void WaitForEnd()
        {
            _thread.Join();
            while (!SystemMemory.ThreadIsGone(_id, null)) Thread.Sleep(1);
        }
    }
}
