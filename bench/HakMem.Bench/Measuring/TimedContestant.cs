namespace HakMem.Bench.Measuring;

/// <summary>A contestant with its CPU nanoseconds per operation, one per round.</summary>
internal sealed record TimedContestant(Contestant Contestant, SampleSet NsPerOp);
