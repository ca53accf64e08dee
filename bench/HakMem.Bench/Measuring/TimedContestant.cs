namespace HakMem.Bench.Measuring;

/// <summary>A contestant with its CPU nanoseconds and page faults per operation, one each per round.</summary>
internal sealed record TimedContestant(Contestant Contestant, SampleSet NsPerOp, SampleSet? PageFaultsPerOp = null);
