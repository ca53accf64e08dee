using System.Collections.Generic;
using System.Numerics;

namespace HakMem.Bench.Traces;

/// <summary>The numbers of a trace that a person asks for first.</summary>
internal sealed class TraceSummary
{
    private readonly long[] _events = new long[(int)TraceOperation.AlignedAlloc + 1];

    private TraceSummary(Trace trace)
    {
        Trace = trace;
    }

    public Trace Trace { get; }

    /// <summary>Frees and reallocations of a block that another thread made.</summary>
    public long CrossThreadEvents { get; private set; }

    public long LiveAtEnd { get; private set; }

    /// <summary>Requests by the power of two that holds them: key n counts sizes above 2^(n−1) up to 2^n, key 0 those of 0 and 1.</summary>
    public SortedDictionary<int, long> RequestsBySizeLog2 { get; } = [];

    public long this[TraceOperation operation] => _events[(int)operation];

    public static TraceSummary Of(Trace trace)
    {
        var summary = new TraceSummary(trace);
        var threadOfBlock = new ushort[trace.BlockCount];
        long live = 0;
        for (long i = 0; i < trace.EventCount; i++)
        {
            ref TraceEvent traced = ref trace.Events[i];
            summary._events[(int)traced.Operation]++;
            if (traced.EndedBlock != Trace.NoBlock)
            {
                live--;
                summary.CrossThreadEvents += threadOfBlock[traced.EndedBlock] != traced.Thread ? 1 : 0;
            }

            if (traced.CreatedBlock == Trace.NoBlock)
                continue;
            live++;
            threadOfBlock[traced.CreatedBlock] = traced.Thread;
            int log2 = traced.SizeBytes <= 1 ? 0 : BitOperations.Log2(traced.SizeBytes - 1) + 1;
            summary.RequestsBySizeLog2[log2] = summary.RequestsBySizeLog2.GetValueOrDefault(log2) + 1;
        }

        summary.LiveAtEnd = live;
        return summary;
    }
}
