using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text.Json;
using System.Text.Json.Serialization;
using HakMem.Bench.Memory;

namespace HakMem.Bench.Measuring;

/// <summary>
/// Times contestants in several processes, one after the other: all of them interleaved in each, as in <see cref="RoundRunner"/>. Which pages of the machine a process is given, and where its
/// code lies, stay as they are for all its rounds, so that more rounds cannot even them out.
/// </summary>
internal static class TimesProbe
{
    /// <summary>The hidden command that a child is started with.</summary>
    public const string CommandName = "times-probe";

    /// <returns>The rounds of all processes together, or why there are none.</returns>
    public static (IReadOnlyList<TimedContestant>? Timed, string? Error) Measure(WorkloadRecipe recipe, IReadOnlyList<Contestant> contestants, IReadOnlyList<int> shares, Action step)
    {
        string names = string.Join(',', contestants.Select(static one => one.Entry.Name));
        var processes = new List<TimesOfContestant[]>();
        foreach (int rounds in shares)
        {
            (string? output, string? error) = ChildProcess.RunAlike(CommandName, names, recipe.ToJson(), rounds.ToString(CultureInfo.InvariantCulture));
            if (output is null)
                return (null, error);
            processes.Add(JsonSerializer.Deserialize(output, TimesJson.Default.TimesOfContestantArray)!);
            for (int i = 0; i < rounds; i++)
                step();
        }

        TimedContestant[] timed =
        [
            .. contestants.Select((contestant, i) => new TimedContestant(
                contestant,
                new SampleSet([.. processes.Select(one => one[i].Nanoseconds)]),
                new SampleSet([.. processes.Select(one => one[i].PageFaults)]))),
        ];
        return (timed, null);
    }

    public static string ToJson(IEnumerable<TimedContestant> timed) => JsonSerializer.Serialize(
        [.. timed.Select(static one => new TimesOfContestant([.. one.NsPerOp.Samples], [.. one.PageFaultsPerOp!.Samples]))], TimesJson.Default.TimesOfContestantArray);
}

/// <summary>What a child tells of a contestant: per operation, one number for each round.</summary>
internal sealed record TimesOfContestant(double[] Nanoseconds, double[] PageFaults);

[JsonSerializable(typeof(TimesOfContestant[]))]
internal sealed partial class TimesJson : JsonSerializerContext;
