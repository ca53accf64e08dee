namespace HakMem.Preload;

/// <summary>What a call did, as the log holds it until the file is written. The first five are those of the trace format (bench/traces/README.md).</summary>
internal enum TraceOperation : byte
{
    /// <summary>Not written: the thread took the place and the process ended, or nobody took it.</summary>
    None,

    /// <summary>A block was allocated.</summary>
    Alloc,

    /// <summary>A block is about to be freed.</summary>
    Free,

    /// <summary>A block that <see cref="ReallocBegin"/> named has a new size and perhaps a new place; without a new place, it failed.</summary>
    Realloc,

    /// <summary>A zeroed block was allocated.</summary>
    AllocZeroed,

    /// <summary>A block was allocated at an alignment.</summary>
    AlignedAlloc,

    /// <summary>A block is about to be resized: from here on its address may be another's.</summary>
    ReallocBegin,
}

/// <summary>One call: 32 bytes.</summary>
internal unsafe struct TraceRecord
{
    /// <summary>The block that a call gave or takes.</summary>
    public void* Block;

    /// <summary>The size asked for, in bytes.</summary>
    public ulong Size;

    /// <summary>When, in nanoseconds of the monotonic clock: before a free frees, after an allocation has its block.</summary>
    public ulong Time;

    /// <summary>The number of the thread: its heap's id; 0 for a thread without one.</summary>
    public uint Thread;

    /// <summary>log2 of the alignment asked for.</summary>
    public byte AlignmentLog2;

    /// <summary>What the call did; written last.</summary>
    public TraceOperation Operation;
}
