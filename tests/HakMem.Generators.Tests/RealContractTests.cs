using Xunit;

namespace HakMem.Generators.Tests;

/// <summary>The same over the boxes of this repository: every flavor compiles without a warning.</summary>
public class RealContractTests
{
    [Theory]
    [InlineData("release", "")]
    [InlineData("debug", "")]
    [InlineData("release", "Isolated = true")]
    [InlineData("debug", "Isolated = true, MaxTiny = 512")]
    public void Compiles(string flavor, string arguments)
    {
        string written = GeneratorHarness.Generate(
            GeneratorHarness.Boxes, $"namespace Shop; [HakMem.Boxes.HakMemAllocator({arguments})] internal static partial class X;", ("HakMemBuildFlavor", flavor));

        Assert.Equal(flavor == "debug", written.Contains("DebugCounters"));
        Assert.DoesNotContain("global::", written);
    }

    [Fact]
    public void ADiagnosticListedInAReleaseIsTheOnlyOne()
    {
        string written = GeneratorHarness.Generate(
            GeneratorHarness.Boxes, "using HakMem.Boxes; [HakMemAllocator(Diagnostics = new[] { typeof(DebugCounters) })] internal static partial class X;");

        Assert.Contains("Config.OnFrontHit(heap, sizeClass, block);", written);
        Assert.DoesNotContain("FreelistValidation", written);
    }
}
