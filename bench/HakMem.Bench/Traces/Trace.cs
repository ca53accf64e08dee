using System;
using HakMem.Bench.Memory;

namespace HakMem.Bench.Traces;

/// <summary>A decoded and validated trace.</summary>
internal sealed class Trace(string name, MappedArray<TraceEvent> events, int threadCount, uint blockCount, ulong peakLiveBytes, uint peakLiveBlocks)
    : IDisposable
{
    public const uint NoBlock = uint.MaxValue;

    /// <summary>File name without <c>.hkt.gz</c>.</summary>
    public string Name { get; } = name;

    public MappedArray<TraceEvent> Events { get; } = events;

    public int ThreadCount { get; } = threadCount;

    public uint BlockCount { get; } = blockCount;

    /// <summary>Most bytes that the program had requested and not freed at any one event.</summary>
    public ulong PeakLiveBytes { get; } = peakLiveBytes;

    /// <summary>Most blocks live at any one event (not necessarily that of <see cref="PeakLiveBytes"/>).</summary>
    public uint PeakLiveBlocks { get; } = peakLiveBlocks;

    public long EventCount => Events.Length;

    public void Dispose() => Events.Dispose();
}
