using System;
using System.Collections.Generic;
using System.Linq;

namespace HakMem.Bench.Measuring;

/// <summary>
/// How far an allocator differs from itself: the noise below which a difference says nothing. It is the ratio between
/// the minima of the even and of the odd processes, or with one process of its rounds (which visit the contestants in opposite orders), or between contestants
/// that are the same allocator if that is larger; net of the floor.
/// </summary>
internal static class AaSpread
{
    /// <returns>0.03 if the contestant differed from itself by up to 3 %; null if there was nothing to compare.</returns>
    public static double? Of(TimedContestant one, IReadOnlyList<TimedContestant> all)
    {
        SampleSet? floor = one.Contestant.IsFloor ? null : all.FirstOrDefault(other => other.Contestant.IsFloor)?.NsPerOp;
        var ratios = new List<double>();
        if (one.NsPerOp.HalfMin(0) is { } even && one.NsPerOp.HalfMin(1) is { } odd)
            AddRatio(ratios, even - (floor?.HalfMin(0) ?? 0), odd - (floor?.HalfMin(1) ?? 0));
        foreach (TimedContestant other in all.Where(other => other != one && other.Contestant.Entry == one.Contestant.Entry))
            AddRatio(ratios, one.NsPerOp.Min - (floor?.Min ?? 0), other.NsPerOp.Min - (floor?.Min ?? 0));
        return ratios.Count == 0 ? null : ratios.Max() - 1;
    }

    /// <summary>The same of the rounds alone, where nothing runs twice under another name.</summary>
    public static double? OfHalves(SampleSet times, SampleSet? floor)
    {
        var ratios = new List<double>();
        if (times.HalfMin(0) is { } even && times.HalfMin(1) is { } odd)
            AddRatio(ratios, even - (floor?.HalfMin(0) ?? 0), odd - (floor?.HalfMin(1) ?? 0));
        return ratios.Count == 0 ? null : ratios[0] - 1;
    }

    /// <summary>The noise to judge a ratio of two contestants by: the larger of theirs.</summary>
    public static double? OfPair(double? first, double? second) => first > second || second is null ? first : second;

    /// <summary>True if a ratio of two allocators is no larger than that of an allocator to itself.</summary>
    public static bool CallsEqual(double ratio, double? spread) =>
        spread is { } noise && ratio > 0 && Math.Max(ratio, 1 / ratio) - 1 <= noise;

    private static void AddRatio(List<double> ratios, double first, double second)
    {
        if (first > 0 && second > 0)
            ratios.Add(Math.Max(first, second) / Math.Min(first, second));
    }
}
