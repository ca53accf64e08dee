namespace HakMem.Bench.Memory;

/// <summary>Medians over child processes: peak resident memory and page faults of the pass; or why there are none.</summary>
internal readonly record struct PeakMemory(long? Bytes, long? PageFaults, string? Error);
