using System.Collections.Generic;

namespace HakMem.Bench.Measuring;

/// <summary>What a command asks to be measured.</summary>
internal sealed record MeasuringPlan(IReadOnlyList<Contestant> Contestants)
{
    public int Rounds { get; init; } = DefaultRounds;

    /// <summary>Processes that the timed rounds are spread over, one after the other; 1: this process.</summary>
    public int Processes { get; init; } = 1;

    public bool WithCheck { get; init; }

    public bool WithTimes { get; init; } = true;

    public bool WithMemory { get; init; } = true;

    public const int DefaultRounds = 30;
    public const int MaxDefaultProcesses = 2;
    public const int MaxMemoryProcesses = 5;
    public const int MaxStudyProcesses = 3;

    /// <summary>Processes if nobody says how many: each has ten rounds or more.</summary>
    public static int DefaultProcesses(int rounds) => int.Clamp(rounds / 10, 1, MaxDefaultProcesses);

    /// <summary>The rounds of each process: as even as can be, the first ones have one more.</summary>
    public IEnumerable<int> Shares()
    {
        int processes = int.Clamp(Processes, 1, Rounds);
        for (int i = 0; i < processes; i++)
            yield return Rounds / processes + (i < Rounds % processes ? 1 : 0);
    }

    /// <summary>Child processes per allocator whose medians are the figures of a memory study.</summary>
    public int StudyProcesses => int.Clamp(Rounds, 1, MaxStudyProcesses);

    /// <summary>Child processes per allocator whose median is the peak memory.</summary>
    public int MemoryProcesses => int.Clamp(Rounds, 1, MaxMemoryProcesses);
}
