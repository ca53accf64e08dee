using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using HakMem.Tests.Faults;
using HakMem.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace HakMem.Tests.SmallProcesses;

/// <summary>Runs only where no guard is compiled in: those touch memory that a program did not.</summary>
public sealed class LeanFactAttribute : FactAttribute
{
    public LeanFactAttribute()
    {
        if (DefaultAllocator.Features.Contains("Poison", StringComparison.Ordinal) || DefaultAllocator.Features.Contains("DoubleFreeCheck", StringComparison.Ordinal)) Skip = "guards are compiled in";
        else Skip = SystemFactAttribute.Missing(SystemNeeds.Linux | SystemNeeds.Kernel);
    }
}

/// <summary>
/// Small programs stay small: what HakMem adds to the resident memory of a process with few blocks, one byte of each written. Medians of five
/// children that allocate less medians of five that do not; and what of it lies in HakMem's own mappings. The rest is the runtime's: images
/// mapped and code compiled, 1.3 MiB in November 2026 whatever the program does.
/// </summary>
public sealed class SmallProcessTests(ITestOutputHelper output)
{
    private const int Runs = 5;
    private const long Kib = 1024, Mib = 1024 * Kib, RuntimeBytes = 2 * Mib;

    [LeanFact]
    public void OneBlock()
    {
        (long added, long own) = Measure("one-block");
        Assert.InRange(own, 1, 150 * Kib);
        Assert.InRange(added, 1, (150 * Kib) + RuntimeBytes);
    }

    [LeanFact]
    public void SixteenThreadsWithABlockInEachOfFortyClasses()
    {
        (long added, long own) = Measure("threads-16");
        Assert.InRange(own, 1, 2560 * Kib);

        // 2.3 MiB in the release flavor; diagnostics are memory and code beyond that, 0.4 MiB in the profile flavor.
        Assert.InRange(added, 1, (DefaultAllocator.Features.Length == 0 ? 2560 : 3072) * Kib);
    }

    [LeanFact]
    public void AThousandThreadsWithABlockInEachOfFortyClasses()
    {
        (long added, long own) = Measure("threads-1000");
        Assert.InRange(own, 1, 150 * Mib);
        Assert.InRange(added, 1, 150 * Mib);
    }

    private (long Added, long Own) Measure(string scenario)
    {
        (long Resident, long Own)[] with = [.. Enumerable.Range(0, Runs).Select(_ => Read(scenario, "hakmem"))];
        (long Resident, long Own)[] without = [.. Enumerable.Range(0, Runs).Select(_ => Read(scenario, "none"))];
        long added = Median(with.Select(run => run.Resident)) - Median(without.Select(run => run.Resident));
        long own = Median(with.Select(run => run.Own));
        output.WriteLine($"{scenario}: {added / Kib} KiB more than without, {own / Kib} KiB in HakMem's mappings");
        return (added, own);

        static long Median(IEnumerable<long> values) => values.Order().ElementAt(Runs / 2);
    }

    private static (long Resident, long Own) Read(string scenario, string allocator)
    {
        ChildProcess child = ChildProcess.Run("memory", scenario, allocator);
        Assert.Equal(string.Empty, child.Error);
        Assert.Equal(0, child.ExitCode);
        long[] numbers = [.. child.Output.Split(' ').Select(number => long.Parse(number, CultureInfo.InvariantCulture))];
        return (numbers[0], numbers[1]);
    }
}
