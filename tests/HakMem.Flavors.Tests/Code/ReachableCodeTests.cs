using System;
using System.Collections.Generic;
using System.Linq;
using System.Reflection;
using HakMem.Boxes;
using Xunit;
using Xunit.Abstractions;

namespace HakMem.Flavors.Tests;

/// <summary>What is off is not in the binary: no method that an allocation or a free can reach names a diagnostic or a guard, in code or in state.</summary>
public class ReachableCodeTests(ITestOutputHelper output)
{
    private static readonly string[] s_roots = ["Alloc", "TryAlloc", "Free", "AllocZeroed", "AlignedAlloc", "Realloc", "AllocBatch", "FreeBatch", "UsableSize", "Trim", "ReadStatistics"];
    private static readonly CodeUniverse s_universe = new(typeof(Slab).Assembly.Location, typeof(HakMemory).Assembly.Location, typeof(ReachableCodeTests).Assembly.Location);

    public static IEnumerable<object[]> Woven => typeof(Slab).Assembly.GetTypes()
        .Where(static type => type.GetCustomAttribute<BoxAttribute>()?.Layer >= BoxLayer.Diagnostics).Select(static type => new object[] { type.Name });

    /// <summary>In the release flavor: none. In every other: just those that the build says it has, so the walk sees what there is to see.</summary>
    [Fact]
    public void HakMemReachesJustTheDiagnosticsThatItIsBuiltWith()
    {
        PropertyInfo features = typeof(HakMemory).Assembly.GetType("HakMem.DefaultAllocator", throwOnError: true)!.GetProperty("Features")!;
        string[] compiledIn = ((string)features.GetValue(null)!).Split(", ", StringSplitOptions.RemoveEmptyEntries);
        ReachableCode code = ReachableCode.From(s_universe, "HakMem.DefaultAllocator", "HakMem.HakMemory", [.. s_roots, "GetStatistics", "TryAllocZeroed", "TryAlignedAlloc", "TryRealloc", "AlignedRealloc"]);
        output.WriteLine($"{code.Methods.Count} methods");
        Assert.InRange(code.Methods.Count, 250, 2000);
        Assert.Contains("HakMem.Boxes.UnifiedCacheRefill.TakeFree", code.Methods);
        Assert.Contains("HakMem.Boxes.PurgeQueue.Poll", code.Methods);
        Assert.Contains("HakMem.ScavengeWakeUp`1.TryArm", code.Methods);
        Assert.Equal(compiledIn.Order(StringComparer.Ordinal), code.WovenBoxes);
    }

    [Fact]
    public void AReleaseCompositionReachesNone() => Assert.Empty(Of("ReleaseHeap").WovenBoxes);

    [Theory]
    [MemberData(nameof(Woven))]
    public void ASwitchIsReachedWhenItIsOn(string box)
    {
        ReachableCode release = Of("ReleaseHeap"), with = Of(box + "Heap");
        Assert.Equal([box], with.WovenBoxes);
        Assert.Contains(with.Methods.Except(release.Methods), method => method.StartsWith($"HakMem.Boxes.{box}.", StringComparison.Ordinal));
    }

    [Fact]
    public void ADiagnosticLeftInABoxIsFound() => Assert.Equal(["WarmPoolStats"], Of("LeakyHeap").WovenBoxes);

    [Fact]
    public void TheFlavorsAreWhatThePageSays()
    {
        static string[] Of(string flavor) =>
        [
            .. typeof(Slab).Assembly.GetTypes()
                .Where(type => type.GetCustomAttribute<BoxAttribute>()?.Flavors?.Split(',').Contains(flavor) == true)
                .Select(static type => type.Name).Order(StringComparer.Ordinal),
        ];

        Assert.Empty(Of("release"));
        Assert.Equal(["DebugCounters", "LockStats", "PageFaultTelemetry", "SizeHistogram", "WarmPoolStats"], Of("profile"));
        Assert.Equal(["DebugCounters", "DoubleFreeCheck", "FreelistValidation", "LockStats", "PageFaultTelemetry", "Poison", "SchedulePerturbation", "SizeHistogram", "WarmPoolStats"], Of("debug"));
        Assert.Equal(["DoubleFreeCheck", "ZeroOnFree"], Of("hardened"));
    }

    private static ReachableCode Of(string composition) => ReachableCode.From(s_universe, "HakMem.Flavors.Tests." + composition, "HakMem.Flavors.Tests." + composition, s_roots);
}
