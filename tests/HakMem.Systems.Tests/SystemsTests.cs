using System;
using System.Collections.Concurrent;
using System.Globalization;
using System.Linq;
using System.Reflection;
using System.Text.RegularExpressions;
using HakMem.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace HakMem.Systems.Tests;

/// <summary>Runs only where the script can run the system: an emulator, and from NuGet its .NET runtime. It says what is missing.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class EmulatedFactAttribute : FactAttribute
{
    private static readonly ConcurrentDictionary<string, string?> s_missing = new();

    public EmulatedFactAttribute(string system) => Skip = s_missing.GetOrAdd(system, Missing);

    private static string? Missing(string system)
    {
#if DEBUG
        return "the script runs Release builds";
#else
        (int exitCode, string said) = Script.Run("systems.sh", SystemsTests.Patience, "--check", system);
        return exitCode == 0 ? null : said.Trim();
#endif
    }
}

/// <summary>Other systems: what <c>tests/systems.sh</c> finds. Its table is this test's output.</summary>
public sealed partial class SystemsTests(ITestOutputHelper output)
{
    internal static readonly TimeSpan Patience = TimeSpan.FromMinutes(12);

    [EmulatedFact("win-x64")]
    public void MemoryThreadsAndTheApiWorkOnWindows() => AssertPassed(500, "win-x64",
        "SystemMemory|AddressSpace|FixedRange|PageArena|PurgeQueue|BigCache|MemoryLimit|Scavenger|TouchedBytes|Exchange|HeapRegistry|ThreadStacks|RemoteFree|ReallocGate|EndedThread|WakeUp|FirstSoftLimit|JobLimit|OptionParsing|Allocation|NativeMemoryParity|Feature|HakHeap");

    [EmulatedFact("linux-arm64")]
    public void ThreadsWorkOnArm64() => AssertPassed(15, "linux-arm64", "SystemMemory|ProtocolStress|EndedThread");

    [EmulatedFact("linux-arm64-16k")]
    public void MemoryGoesBackByPagesOf16KiB() => AssertPassed(190, "linux-arm64-16k", "SystemMemory|TouchedBytes|Scavenger|BigCache|Allocation");

    [EmulatedFact("linux-musl-x64")]
    public void ThreadsAndTheApiWorkOnMusl() => AssertPassed(240, "linux-musl-x64", "SystemMemory|AddressSpace|HeapRegistry|ThreadStacks|EndedThread|Allocation|Feature");

    [Theory]
    [InlineData(0, "usage: tests/systems.sh [OPTION]... [SYSTEM]...", "--help")]
    [InlineData(2, "error: there is no option '--quik'", "--quik")]
    [InlineData(2, "error: there is no system 'win-x86'", "win-x86")]
    [InlineData(2, "error: --only takes a pattern", "--only")]
    [InlineData(1, "0 passed, 1 failed, 0 skipped, 0 not run: the flavor debugg is not built", "--no-build", "--flavor", "debugg", "win-x64")]
    public void ItsArgumentsAreExplained(int expected, string text, params string[] arguments)
    {
        (int exitCode, string said) = Script.Run("systems.sh", Patience, arguments);

        Assert.Equal(expected, exitCode);
        Assert.Contains(text, said, StringComparison.Ordinal);
    }

    // What touches the system, or differs with it; all takes minutes for each.
    private void AssertPassed(int least, string system, string classes)
    {
        string flavor = typeof(SystemsTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().First(static one => one.Key == "HakMemBuildFlavor").Value!;
        (int exitCode, string table) = Script.Run("systems.sh", Patience, ["--no-build", "--flavor", flavor, "--only", $@"\.({classes})Tests$", system]);
        output.WriteLine(table);
        Match count = Count().Match(table);

        Assert.True(count.Success, table);
        Assert.True(exitCode == 0 && count.Groups["failed"].Value == "0", table);
        Assert.True(int.Parse(count.Groups["passed"].Value, CultureInfo.InvariantCulture) >= least, $"fewer than {least}:\n{table}");
    }

    [GeneratedRegex(@"^(?<passed>\d+) passed, (?<failed>\d+) failed, \d+ skipped, \d+ not run\s*$", RegexOptions.Multiline)]
    private static partial Regex Count();
}
