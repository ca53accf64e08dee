namespace HakMem.Bench.Scenarios;

/// <summary>What the options of the scenarios set; each scenario reads those it has.</summary>
internal sealed record ScenarioParameters
{
    /// <summary>random-mixed: places for a block.</summary>
    public int Slots { get; init; } = 256;

    /// <summary>random-mixed: smallest block, in bytes.</summary>
    public int MinBytes { get; init; } = 16;

    /// <summary>random-mixed: largest block, in bytes.</summary>
    public int MaxBytes { get; init; } = 1024;

    /// <summary>grow: blocks that are allocated before the first is freed.</summary>
    public int Count { get; init; } = 100_000;

    /// <summary>grow: size of every block, in bytes.</summary>
    public int SizeBytes { get; init; } = 64;
}
