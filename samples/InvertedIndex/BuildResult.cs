using System;

namespace InvertedIndexSample;

/// <summary>What building the indexes once cost, and what came out of it.</summary>
internal sealed record BuildResult
{
    public required TimeSpan BuildTime { get; init; }

    /// <summary>The time to give the indexes up, block by block; nothing for the collector, whose work comes later.</summary>
    public TimeSpan DropTime { get; init; }

    /// <summary>How long collections stopped the program meanwhile.</summary>
    public required TimeSpan PauseTime { get; init; }

    public required int Collections { get; init; }

    /// <summary>Allocated on the garbage-collected heap meanwhile.</summary>
    public required long ManagedBytes { get; init; }

    /// <summary>What the allocator holds more than before, when all indexes are built.</summary>
    public required long HeldBytes { get; init; }

    public required int TermCount { get; init; }

    public required long PayloadBytes { get; init; }

    public required ulong Fingerprint { get; init; }

    public required Hit[] Hits { get; init; }

    /// <summary>Whether two ways gave the same indexes and the same answers.</summary>
    public bool Agrees(BuildResult other) =>
        TermCount == other.TermCount && PayloadBytes == other.PayloadBytes && Fingerprint == other.Fingerprint && Hits.AsSpan().SequenceEqual(other.Hits);
}
