using System.Collections.Generic;

namespace HakMem.Bench.Measuring;

/// <summary>What a command asks to be measured.</summary>
internal sealed record MeasuringPlan(IReadOnlyList<Contestant> Contestants)
{
    public int Rounds { get; init; } = DefaultRounds;

    public bool WithCheck { get; init; }

    public bool WithTimes { get; init; } = true;

    public bool WithMemory { get; init; } = true;

    public const int DefaultRounds = 40;
    public const int MaxMemoryProcesses = 5;
    public const int MaxStudyProcesses = 3;

    /// <summary>Child processes per allocator whose medians are the figures of a memory study.</summary>
    public int StudyProcesses => int.Clamp(Rounds, 1, MaxStudyProcesses);

    /// <summary>Child processes per allocator whose median is the peak memory.</summary>
    public int MemoryProcesses => int.Clamp(Rounds, 1, MaxMemoryProcesses);
}
