using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Linq;
using System.Threading;

namespace HakMem.Tests.Model;

/// <summary>Runs the sequences of one case at the same time, each on a thread of its own, and looks at the allocator's numbers afterwards.</summary>
internal static class HeapModel
{
    public static void Run(IHeapSubject subject, Operation[][] sequences)
    {
        HeapUse before = subject.InUse();
        IReadOnlyDictionary<nint, nuint>? liveBefore = subject.LiveBlocks();
        ShadowHeap shadow = new(subject);
        ConcurrentQueue<ShadowBlock> exchange = new();
        Exception? failure = null;
        using Barrier start = new(sequences.Length);
        Thread[] threads = [.. sequences.Select(sequence => new Thread(() =>
        {
            start.SignalAndWait();
            try
            {
                SequenceRunner runner = new(subject, shadow, exchange);
                foreach (Operation operation in sequence)
                {
                    if (Volatile.Read(ref failure) != null) return;
                    runner.Run(operation);
                }

                runner.Finish();
            }
            catch (Exception exception)
            {
                Interlocked.CompareExchange(ref failure, exception, null);
            }
        }))];
        foreach (Thread thread in threads) thread.Start();
        foreach (Thread thread in threads) thread.Join();
        if (failure != null) throw new ModelViolationException(failure.ToString());

        if (liveBefore != null) shadow.Compare(liveBefore, subject.LiveBlocks()!);
        FreeRest(subject, shadow, exchange);
        if (shadow.Count != 0) throw new ModelViolationException($"the model itself lost {shadow.Count} blocks");
        HeapUse after = subject.InUse();
        if (after != before) throw new ModelViolationException($"lost blocks: in use before {before}, after everything was freed {after}");
    }

    private static unsafe void FreeRest(IHeapSubject subject, ShadowHeap shadow, ConcurrentQueue<ShadowBlock> exchange)
    {
        while (exchange.TryDequeue(out ShadowBlock? block))
        {
            shadow.Dismiss(block);
            subject.Free(block.Start);
        }
    }
}
