using System;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using Xunit;
using Xunit.Abstractions;

namespace HakMem.Models.Tests;

/// <summary>
/// Searches every model exhaustively with spin: no error in the protocol as it is, one in each variant with a seeded bug. Where spin or a
/// C compiler is missing, the tests say so and check nothing.
/// </summary>
public partial class ModelTests(ITestOutputHelper output)
{
    private const int LimitSeconds = 60;

    public static TheoryData<string> Models() => [.. Model.All().Select(static model => model.Name)];

    public static TheoryData<string, string> Bugs()
    {
        TheoryData<string, string> data = [];
        foreach (Model model in Model.All())
        {
            foreach (string bug in model.NamedBugs) data.Add(model.Name, bug);
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void HasNoErrorWhenSpinIsPresent(string model)
    {
        if (!TrySearch(model, null, out string report)) return;
        Assert.Matches("errors: 0\n", Errors().Match(report).Value + "\n");
        Assert.DoesNotContain("max search depth too small", report);
        Assert.DoesNotContain("Search not completed", report);
    }

    [Theory]
    [MemberData(nameof(Bugs))]
    public void FindsTheSeededBugWhenSpinIsPresent(string model, string bug)
    {
        if (!TrySearch(model, bug, out string report)) return;
        Assert.Equal("errors: 1", Errors().Match(report).Value);
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void NamesTheBugsItSeeds(string name)
    {
        Model model = Model.Named(name);

        Assert.NotEmpty(model.NamedBugs);
        Assert.Equal(model.NamedBugs.Order(), model.SeededBugs.Order());
    }

    private bool TrySearch(string model, string? bug, out string report)
    {
        report = "";
        if (Find("spin") is not { } spin || (Find("cc") ?? Find("gcc") ?? Find("clang")) is not { } compiler)
        {
            output.WriteLine("SKIPPED: spin or a C compiler is not here (Debian: apt-get install spin gcc libc6-dev). Nothing was checked.");
            return false;
        }

        DirectoryInfo folder = Directory.CreateTempSubdirectory("hakmem-spin-");
        try
        {
            Run(folder, spin, bug is null ? ["-a", Model.Named(model).Path] : ["-D" + bug, "-a", Model.Named(model).Path]);
            Run(folder, compiler, ["-O1", "-w", "-DSAFETY", "-DCOLLAPSE", "-o", "pan", "pan.c"]);
            report = Run(folder, Path.Combine(folder.FullName, "pan"), ["-m100000"]);
            output.WriteLine(report);
            return true;
        }
        finally
        {
            folder.Delete(true);
        }
    }

    private static string Run(DirectoryInfo folder, string program, string[] arguments)
    {
        ProcessStartInfo start = new(program, arguments) { WorkingDirectory = folder.FullName, RedirectStandardOutput = true, RedirectStandardError = true };
        using Process process = Process.Start(start)!;
        process.ErrorDataReceived += static (_, _) => { };
        process.BeginErrorReadLine();
        System.Threading.Tasks.Task<string> text = process.StandardOutput.ReadToEndAsync();
        if (!process.WaitForExit(TimeSpan.FromSeconds(LimitSeconds)))
        {
            process.Kill();
            Assert.Fail($"{program} {string.Join(' ', arguments)} took more than {LimitSeconds} s.");
        }

        Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)} failed:\n{text.Result}");
        return text.Result;
    }

    private static string? Find(string program) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);

    [GeneratedRegex(@"errors: \d+")]
    private static partial Regex Errors();
}
