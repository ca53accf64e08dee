using System;
using System.Globalization;
using Xunit;

namespace HakMem.Preload.Tests.Programs;

/// <summary>Random calls against a shadow model. <c>HAKMEMTEST_FUZZ_SECONDS</c> (5) sets how long each runs, <c>HAKMEMTEST_FUZZ_SEED</c> (1) where it begins.</summary>
public sealed class FuzzTests
{
    [NativeTheory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(6)]
    public void NoFault(int threads)
    {
        int seconds = int.Parse(Setting("HAKMEMTEST_FUZZ_SECONDS", "5"), CultureInfo.InvariantCulture);
        string[] arguments = ["--seconds", $"{seconds}", "--threads", $"{threads}", "--seed", Setting("HAKMEMTEST_FUZZ_SEED", "1")];
        NativeResult result = NativeProcess.Run(NativeToolchain.Compiled("fuzz"), arguments, LibraryUnderTest.Preloaded(), TimeSpan.FromSeconds(2 * seconds + 60));
        NativeCases.AssertPasses(result);
        Assert.Contains("no fault", result.Output, StringComparison.Ordinal);
    }

    private static string Setting(string name, string otherwise) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : otherwise;
}
