namespace HakMem.Bench.Measuring;

/// <summary>What a check pass looked at.</summary>
internal readonly record struct CheckTally(long Blocks, long VerifiedBytes);
