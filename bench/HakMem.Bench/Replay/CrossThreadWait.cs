using System;
using System.Runtime.CompilerServices;
using System.Threading;
using HakMem.Bench.Measuring;

namespace HakMem.Bench.Replay;

/// <summary>
/// Waiting for a block that another thread has yet to make. No cycle of waits can arise: each thread keeps the trace's
/// order and waits only for earlier events, so the earliest event not yet done can always be done. A thread that fails
/// makes all waits fail.
/// </summary>
internal sealed unsafe class CrossThreadWait
{
    private const int Spins = 64;
    private const int YieldsBeforeSleep = 4096;

    private Exception? _failure;
    private long _waitedNanoseconds;

    public Exception? Failure => Volatile.Read(ref _failure);

    /// <summary>CPU time that all threads spent waiting: the harness's, not the allocator's.</summary>
    public long WaitedNanoseconds => Volatile.Read(ref _waitedNanoseconds);

    public void Fail(Exception failure) => Interlocked.CompareExchange(ref _failure, failure, null);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void* Block(nint* place)
    {
        nint block = Volatile.Read(ref *place);
        return block != 0 ? (void*)block : WaitSlow(place);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void* WaitSlow(nint* place)
    {
        long start = CpuClock.Thread;
        nint block;
        for (int tries = 0; (block = Volatile.Read(ref *place)) == 0; tries++)
        {
            if (Failure is not null)
                throw new OperationCanceledException("another thread failed");
            if (tries < Spins)
                Thread.SpinWait(8);
            else if (tries < YieldsBeforeSleep)
                Thread.Yield();
            else
                Thread.Sleep(1);
        }

        Interlocked.Add(ref _waitedNanoseconds, CpuClock.Thread - start);
        return (void*)block;
    }
}
