using System;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using System.Threading.Tasks;
using Xunit;
using Xunit.Abstractions;

namespace HakMem.Systems.Tests;

/// <summary>Runs only in a Release build, which is what the script runs, and where there is an emulator.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class EmulatedFactAttribute : FactAttribute
{
    public EmulatedFactAttribute(params string[] needs)
    {
#if DEBUG
        Skip = "the script runs Release builds";
#endif
        if (!needs.Any(File.Exists)) Skip = $"no {needs[0]}";
    }
}

/// <summary>Other systems: what <c>tests/systems.sh</c> finds. Its table is this test's output.</summary>
public sealed partial class SystemsTests(ITestOutputHelper output)
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(12);

    [EmulatedFact("/usr/lib/wine/wine64", "/usr/bin/wine64", "/usr/bin/wine")]
    public void TheTestsPassOnWindows() => AssertPassed(900, "win-x64", "--quick");

    [EmulatedFact("/usr/bin/qemu-aarch64")]
    public void ThreadsAndTheApiWorkOnArm64() => AssertPassed(200, "linux-arm64", "--only", @"\.(ProtocolStressTests|HeapRegistryTests|EndedThreadTests|SystemMemoryTests)$|\.Api\.");

    [Theory]
    [InlineData(0, "usage: tests/systems.sh [OPTION]... [SYSTEM]...", "--help")]
    [InlineData(2, "error: there is no option '--quik'", "--quik")]
    [InlineData(2, "error: there is no system 'win-x86'", "win-x86")]
    [InlineData(2, "error: --only takes a pattern", "--only")]
    public void ItsArgumentsAreExplained(int expected, string text, params string[] arguments)
    {
        (int exitCode, string said) = Run(arguments);

        Assert.Equal(expected, exitCode);
        Assert.Contains(text, said, StringComparison.Ordinal);
    }

    private void AssertPassed(int least, params string[] arguments)
    {
        string flavor = typeof(SystemsTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().First(static one => one.Key == "HakMemBuildFlavor").Value!;
        (int exitCode, string table) = Run(["--no-build", "--flavor", flavor, .. arguments]);
        output.WriteLine(table);
        Match count = Count().Match(table);

        Assert.True(count.Success, table);
        if (Absence().Match(table) is { Success: true } absence)
        {
            output.WriteLine($"not run: {absence.Groups["why"].Value}");   // the emulator is here, and something that belongs to it is not
            return;
        }

        Assert.True(exitCode == 0 && count.Groups["failed"].Value == "0", table);
        Assert.True(int.Parse(count.Groups["passed"].Value) >= least, $"fewer than {least}:\n{table}");
    }

    private static (int ExitCode, string Output) Run(params string[] arguments)
    {
        ProcessStartInfo start = new("bash", [Path.Combine(Path.GetDirectoryName(Source())!, "..", "systems.sh"), .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(), error = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(s_patience))
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"systems.sh {string.Join(' ', arguments)} did not end:\n{output.Result}{error.Result}");
        }

        return (process.ExitCode, output.Result + error.Result);
    }

    private static string Source([CallerFilePath] string path = "") => path;

    [GeneratedRegex(@"^(?<passed>\d+) passed, (?<failed>\d+) failed, \d+ skipped, \d+ not run\s*$", RegexOptions.Multiline)]
    private static partial Regex Count();

    [GeneratedRegex(@"\| +\| NOT RUN: (?<why>(no |wineboot|its ).*)$", RegexOptions.Multiline)]
    private static partial Regex Absence();
}
