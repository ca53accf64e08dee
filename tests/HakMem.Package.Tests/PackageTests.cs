using System;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using HakMem.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace HakMem.Package.Tests;

/// <summary>Fresh projects against the packed file: what <c>tests/package.sh</c> finds. Its table is this test's output.</summary>
public sealed partial class PackageTests(ITestOutputHelper output)
{
    private const int LeastCases = 60;

    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(30);

    [Fact]
    public void EveryCaseOfTheTableIsAsExpected()
    {
        (int exitCode, string table) = Script.Run("package.sh", s_patience);
        output.WriteLine(table);
        Match count = Count().Match(table);

        Assert.True(count.Success, table);
        Assert.True(exitCode == 0 && count.Groups["failed"].Value == "0", Failures(table));
        int cases = count.Groups.Values.Skip(1).Sum(static group => int.Parse(group.Value));
        Assert.True(cases >= LeastCases, $"{cases} cases only:\n{table}");
    }

    [Fact]
    public void ATableWithAFailureFails()
    {
        string file = Path.Combine(Directory.CreateTempSubdirectory("hakmem-package-").FullName, "HakMem.0.0.1-broken.nupkg");
        File.WriteAllText(file, "no package");
        (int exitCode, string table) = Script.Run("package.sh", s_patience, file);
        Directory.Delete(Path.GetDirectoryName(file)!, recursive: true);

        Assert.Equal(1, exitCode);
        Assert.Contains("1 failed", table);
    }

    [Theory]
    [InlineData(0, "usage: tests/package.sh [PACKAGE]", "--help")]
    [InlineData(2, "error: there is no option '--hepl'", "--hepl")]
    [InlineData(2, "error: there is no package 'HakMem.0.nupkg'", "HakMem.0.nupkg")]
    [InlineData(2, "error: there is one package to check, not 2", "a.nupkg", "b.nupkg")]
    public void ItsArgumentsAreExplained(int expected, string text, params string[] arguments)
    {
        (int exitCode, string said) = Script.Run("package.sh", s_patience, arguments);

        Assert.Equal(expected, exitCode);
        Assert.Contains(text, said);
    }

    private static string Failures(string table) => string.Join('\n', table.Split('\n').Where(static line => line.Contains("FAILED") || line.Contains("failed")));

    [GeneratedRegex(@"^(?<passed>\d+) passed, (?<failed>\d+) failed, (?<not>\d+) not run\s*$", RegexOptions.Multiline)]
    private static partial Regex Count();
}
