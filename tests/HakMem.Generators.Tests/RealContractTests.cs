using Xunit;

namespace HakMem.Generators.Tests;

/// <summary>The same over the boxes of this repository: every flavor compiles without a warning.</summary>
public class RealContractTests
{
    [Theory]
    [InlineData("release", "")]
    [InlineData("profile", "")]
    [InlineData("debug", "")]
    [InlineData("hardened", "")]
    [InlineData("release", "Isolated = true")]
    [InlineData("debug", "Isolated = true, MaxTiny = 512")]
    public void Compiles(string flavor, string arguments)
    {
        string written = GeneratorHarness.Generate(
            GeneratorHarness.Boxes, $"namespace Shop; [HakMem.Boxes.HakMemAllocator({arguments})] internal static partial class X;", ("HakMemBuildFlavor", flavor));

        Assert.Equal(flavor is "profile" or "debug", written.Contains("DebugCounters"));
        Assert.Equal(flavor is "debug" or "hardened", written.Contains("DoubleFreeCheck"));
        Assert.DoesNotContain("global::", written);
    }

    [Fact]
    public void ADiagnosticListedInAReleaseIsTheOnlyOne()
    {
        string written = GeneratorHarness.Generate(
            GeneratorHarness.Boxes, "using HakMem.Boxes; [HakMemAllocator(Diagnostics = new[] { typeof(DebugCounters) })] internal static partial class X;");

        Assert.Contains("Config.OnFrontPush(heap, sizeClass, block);", written);
        Assert.DoesNotContain("FreelistValidation", written);
    }

    [Theory]
    [InlineData("release", "", false)]
    [InlineData("debug", "", true)]
    [InlineData("debug", "false", false)]
    [InlineData("profile", "", false)]
    [InlineData("release", "true", true)]
    public void TheScheduleIsPerturbedInDebugAndByItsSwitch(string flavor, string value, bool perturbed)
    {
        string written = GeneratorHarness.Generate(
            GeneratorHarness.Boxes,
            "namespace Shop; [HakMem.Boxes.HakMemAllocator] internal static partial class X;",
            ("HakMemBuildFlavor", flavor),
            ("HakMemSchedulePerturbation", value));

        Assert.Equal(perturbed, written.Contains("SchedulePerturbation"));
        Assert.Contains("OnSharedStep()", written);
    }

    [Theory]
    [InlineData("", "", 4)]
    [InlineData("", "9", 9)]
    [InlineData("PrefillBudget = 2", "9", 2)]
    public void TheBuildGivesTheBudgetThatADeclarationDoesNot(string arguments, string property, int budget)
    {
        string written = GeneratorHarness.Generate(
            GeneratorHarness.Boxes, $"namespace Shop; [HakMem.Boxes.HakMemAllocator({arguments})] internal static partial class X;", ("HakMemPrefillBudget", property));

        Assert.Contains($"uint PrefillBudget => {budget};", written);
    }

    [Fact]
    public void ABudgetOutOfRangeIsReportedUnderThePropertysName() => Assert.Equal(
        ["HKM1502 at 'HakMem.Boxes.HakMemAllocator': Option 'HakMemPrefillBudget' is 17; it must be from 1 to 16"],
        GeneratorHarness.Report(GeneratorHarness.Boxes, "[HakMem.Boxes.HakMemAllocator] internal static partial class X;", ("HakMemPrefillBudget", "17")));
}
