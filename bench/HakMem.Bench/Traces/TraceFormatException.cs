using System;

namespace HakMem.Bench.Traces;

/// <summary>A trace file that cannot be replayed; the message names the file and, where there is one, the event.</summary>
internal sealed class TraceFormatException : Exception
{
    public TraceFormatException(string file, string problem)
        : base($"{file}: {problem}")
    {
    }

    // Events are numbered from 0, as blocks are.
    public TraceFormatException(string file, long eventIndex, string problem)
        : base($"{file}: event {eventIndex}: {problem}")
    {
        EventIndex = eventIndex;
    }

    public long? EventIndex { get; }
}
