namespace HakMem.Bench.Memory;

/// <summary>Median peak resident memory of child processes, or why there is none.</summary>
internal readonly record struct PeakMemory(long? Bytes, string? Error);
