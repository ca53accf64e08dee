namespace HakMem.Bench.Traces;

/// <summary>Operations of the trace format; the values are the bytes in the file.</summary>
internal enum TraceOperation : byte
{
    Alloc = 1,
    Free = 2,
    Realloc = 3,
    AllocZeroed = 4,
    AlignedAlloc = 5,
}

/// <summary>One event with its back-reference resolved to a block number.</summary>
internal struct TraceEvent
{
    /// <summary>Requested size; 0 for a free.</summary>
    public ulong SizeBytes;

    /// <summary>The block a free or realloc ends; <see cref="Trace.NoBlock"/> otherwise.</summary>
    public uint EndedBlock;

    /// <summary>The block this event creates; <see cref="Trace.NoBlock"/> for a free.</summary>
    public uint CreatedBlock;

    public ushort Thread;
    public TraceOperation Operation;
    public byte AlignmentLog2;
}
