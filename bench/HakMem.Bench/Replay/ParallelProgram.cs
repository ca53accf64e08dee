using System;
using HakMem.Bench.Memory;
using HakMem.Bench.Traces;

namespace HakMem.Bench.Replay;

/// <summary>An event of a parallel replay.</summary>
internal struct ParallelEvent
{
    public uint EndedBlock;
    public uint CreatedBlock;
    public ulong SizeBytes;
    public uint Alignment;

    /// <summary>A code of <see cref="ReplayWord"/>.</summary>
    public uint Operation;
}

/// <summary>A trace made ready for one thread per thread of the trace; all find the blocks by number in one table.</summary>
internal sealed unsafe class ParallelProgram : IDisposable
{
    private readonly long[] _starts;

    public ParallelProgram(Trace trace)
    {
        ThreadCount = trace.ThreadCount;
        Events = new MappedArray<ParallelEvent>(trace.EventCount);
        Blocks = new MappedArray<nint>(trace.BlockCount, populate: true);
        AlignedBlocks = new MappedArray<bool>(trace.BlockCount);
        _starts = new long[trace.ThreadCount + 1];
        for (long i = 0; i < trace.EventCount; i++)
            _starts[trace.Events[i].Thread + 1]++;
        for (int thread = 0; thread < trace.ThreadCount; thread++)
            _starts[thread + 1] += _starts[thread];
        long[] next = (long[])_starts.Clone();
        for (long i = 0; i < trace.EventCount; i++)
        {
            ref TraceEvent traced = ref trace.Events[i];
            Events[next[traced.Thread]++] = Compile(in traced);
        }
    }

    public int ThreadCount { get; }

    public MappedArray<ParallelEvent> Events { get; }

    /// <summary>Pointers by block number; zero until the block exists, written with release, read with acquire.</summary>
    public MappedArray<nint> Blocks { get; }

    public MappedArray<bool> AlignedBlocks { get; }

    public ParallelEvent* First(int thread) => Events.Pointer + _starts[thread];

    public ParallelEvent* End(int thread) => Events.Pointer + _starts[thread + 1];

    public void Dispose()
    {
        Events.Dispose();
        Blocks.Dispose();
        AlignedBlocks.Dispose();
    }

    private ParallelEvent Compile(in TraceEvent traced)
    {
        uint operation = (uint)traced.Operation;
        if (traced.Operation == TraceOperation.AlignedAlloc)
            AlignedBlocks[traced.CreatedBlock] = true;
        if (traced.Operation == TraceOperation.Free && AlignedBlocks[traced.EndedBlock])
            operation = ReplayWord.AlignedFree;
        return new ParallelEvent
        {
            EndedBlock = traced.EndedBlock,
            CreatedBlock = traced.CreatedBlock,
            SizeBytes = traced.SizeBytes,
            Alignment = 1u << traced.AlignmentLog2,
            Operation = operation,
        };
    }
}
