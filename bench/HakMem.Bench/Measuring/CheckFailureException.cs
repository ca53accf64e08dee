using System;

namespace HakMem.Bench.Measuring;

/// <summary>An allocator broke a promise in a check pass.</summary>
internal sealed class CheckFailureException(long eventIndex, string problem) : Exception($"event {eventIndex}: {problem}")
{
    public long EventIndex { get; } = eventIndex;
}
