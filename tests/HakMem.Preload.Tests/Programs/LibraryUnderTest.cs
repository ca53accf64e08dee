using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;

namespace HakMem.Preload.Tests.Programs;

/// <summary>The library that the programs are run with: named by <c>HAKMEMTEST_LIBRARY</c>, else published once from <c>src/HakMem.Preload</c>.</summary>
internal static class LibraryUnderTest
{
    public const string Variable = "HAKMEMTEST_LIBRARY";
    private const string FileName = "libhakmem.so";

    private static readonly Lazy<string> s_path = new(Find);

    private static string Project => System.IO.Path.Combine(Repository.Root, "src", "HakMem.Preload", "HakMem.Preload.csproj");

    /// <summary>Why there can be no library here; null if there can.</summary>
    public static string? Absence =>
        Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } ? null
        : !OperatingSystem.IsLinux() || RuntimeInformation.ProcessArchitecture != Architecture.X64 ? "the library is built for x86-64 Linux"
        : !File.Exists(Project) ? $"{Variable} names no library and there is no src/HakMem.Preload to publish"
        : Directory.Exists(NativeCompilerPackage) ? null
        : "the native compiler's package is not here: dotnet restore src/HakMem.Preload -p:HakMemNative=true";

    private static string NativeCompilerPackage => System.IO.Path.Combine(
        Environment.GetEnvironmentVariable("NUGET_PACKAGES") is { Length: > 0 } packages
            ? packages
            : System.IO.Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages"),
        "runtime.linux-x64.microsoft.dotnet.ilcompiler");

    /// <summary>Its absolute path. A build that fails is a failure of the test.</summary>
    public static string Path => s_path.Value;

    /// <summary>True for the library of this repository, whose messages are known; other allocators can be named to see that the tests can fail.</summary>
    public static bool IsHakMem => System.IO.Path.GetFileName(Path) == FileName;

    private static string Find()
    {
        if (Environment.GetEnvironmentVariable(Variable) is not { Length: > 0 } named) return Publish();
        string path = System.IO.Path.GetFullPath(named);
        return File.Exists(path) ? path : throw new FileNotFoundException($"{Variable} names '{named}', which is not there.");
    }

    private static string Publish()
    {
        string folder = Directory.CreateTempSubdirectory("hakmem-preload-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(folder, recursive: true);
        // What the test host sets would make the nested build another one.
        (string, string)[] environment = [("MSBUILDDISABLENODEREUSE", "1"), ("DOTNET_CLI_TELEMETRY_OPTOUT", "1")];
        NativeResult result = NativeProcess.Run("dotnet", ["publish", Project, "-c", "Release", "-o", folder, "--nologo"], environment, TimeSpan.FromMinutes(5));
        string library = System.IO.Path.Combine(folder, FileName);
        return result.ExitCode == 0 && File.Exists(library) ? library : throw new InvalidOperationException($"dotnet publish of src/HakMem.Preload made no {FileName}:\n{result}");
    }

    /// <summary>The environment that puts the library before the C library's malloc and has the program prove it.</summary>
    public static IEnumerable<(string Name, string Value)> Preloaded(string? before = null, string? after = null) =>
    [
        ("LD_PRELOAD", string.Join(' ', new[] { before, Path, after }.Where(library => library is not null))),
        ("HAKMEMTEST_EXPECT", Path),
        (Variable, Path),
    ];
}
