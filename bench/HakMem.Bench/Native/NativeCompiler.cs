using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using HakMem.Bench.Commands;

namespace HakMem.Bench.Native;

/// <summary>Compiles the programs of <c>bench/native</c> into a folder of their own, which disappears with this object.</summary>
internal sealed class NativeCompiler : IDisposable
{
    private static readonly string[] s_compilers = ["cc", "gcc", "clang"];
    private static readonly string[] s_options = ["-std=gnu17", "-O2", "-fno-builtin", "-pthread", "-Wall", "-Wextra"];

    private readonly string _compiler;
    private readonly string _sources;
    private readonly string _folder = Directory.CreateTempSubdirectory("hakmem-bench-native-").FullName;

    public NativeCompiler()
    {
        _compiler = Find(Environment.GetEnvironmentVariable("CC"), Environment.GetEnvironmentVariable("PATH") ?? "");
        _sources = RepositoryFolder.Candidates("bench", "native").FirstOrDefault() ?? throw new BadInputException(
            $"There is no folder bench/native above {AppContext.BaseDirectory} or the current folder.");
    }

    /// <summary>The compiler: the one that <c>CC</c> names, else the first that is in the path.</summary>
    public static string Find(string? named, string path)
    {
        if (named is { Length: > 0 })
            return InPath(named, path) ?? throw new BadInputException($"CC names the C compiler '{named}', which is not here.");
        return s_compilers.Select(name => InPath(name, path)).FirstOrDefault(file => file is not null) ?? throw new BadInputException(
            $"The native programs need a C compiler, but none of {string.Join(", ", s_compilers)} is in the path. On Debian: apt-get install gcc libc6-dev.");
    }

    /// <returns>The compiled program's path.</returns>
    public string Compile(string name, bool asFloor)
    {
        string output = Path.Combine(_folder, asFloor ? name + "-floor" : name);
        if (File.Exists(output))
            return output;
        var start = new ProcessStartInfo(_compiler) { RedirectStandardError = true, RedirectStandardOutput = true };
        foreach (string argument in Arguments(name, output, asFloor))
            start.ArgumentList.Add(argument);
        using Process process = Process.Start(start) ?? throw new InvalidOperationException("no compiler process");
        string errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? output : throw new BadInputException($"{_compiler} cannot compile {name}.c:\n{errors.Trim()}");
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private IEnumerable<string> Arguments(string name, string output, bool asFloor) =>
        [.. s_options, .. asFloor ? ["-DFLOOR"] : Array.Empty<string>(), "-o", output, Path.Combine(_sources, name + ".c"), "-ldl"];

    private static string? InPath(string program, string path) =>
        program.Contains('/') ? (File.Exists(program) ? program : null)
        : path.Split(':', StringSplitOptions.RemoveEmptyEntries).Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);
}
