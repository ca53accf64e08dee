using System;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using Xunit;

namespace HakMem.Preload.Tests.Programs;

/// <summary>The cases of a program: each <c>CASE(name)</c> at the start of a line of its source.</summary>
internal static partial class NativeCases
{
    public static TheoryData<string> Of(string sourceFile) => [.. NamesIn(sourceFile)];

    public static string[] NamesIn(string sourceFile)
    {
        string[] names = [.. CaseLine().Matches(File.ReadAllText(Path.Combine(NativeToolchain.Sources, sourceFile))).Select(match => match.Groups[1].Value)];
        return names.Length > 0 ? names : throw new InvalidOperationException($"{sourceFile} has no cases.");
    }

    /// <summary>Runs one case with the library preloaded.</summary>
    public static NativeResult Run(string program, string name, TimeSpan patience) =>
        NativeProcess.Run(NativeToolchain.CompiledWithLibraries(program), [name], LibraryUnderTest.Preloaded(), patience);

    /// <summary>Runs one case of a program for musl with the library preloaded.</summary>
    public static NativeResult RunOnMusl(string program, string[] arguments, TimeSpan patience) =>
        NativeProcess.Run(NativeToolchain.CompiledForMusl(program), arguments, LibraryUnderTest.Preloaded(), patience);

    public static void AssertPasses(NativeResult result) => Assert.True(result.ExitCode == 0, result.ToString());

    [GeneratedRegex(@"^CASE\((\w+)\)", RegexOptions.Multiline)]
    private static partial Regex CaseLine();
}
