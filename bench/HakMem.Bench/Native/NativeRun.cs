using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using HakMem.Bench.Memory;

namespace HakMem.Bench.Native;

/// <summary>One run of a program in a process of its own: what it reported, or why it cannot be used.</summary>
internal sealed record NativeRun(long Operations, long CpuNanoseconds, long PeakRssBytes, string ServedBy, string? Error)
{
    private const long KiB = 1024;
    private const int SignalBase = 128;
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    public static NativeRun Start(string executable, IReadOnlyList<string> arguments, PreloadedAllocator allocator, bool isFloor)
    {
        var start = new ProcessStartInfo(executable) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (string argument in arguments)
            start.ArgumentList.Add(argument);
        foreach (string name in start.Environment.Keys.Where(NativeEnvironment.IsRemoved).ToArray())
            start.Environment.Remove(name);
        if (allocator.Library is not null)
            start.Environment["LD_PRELOAD"] = allocator.Library;
        using OwnedProcess owned = OwnedProcess.Start(start);
        Process process = owned.Process;
        Task<string> output = process.StandardOutput.ReadToEndAsync(), errors = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(s_patience))
        {
            process.Kill(entireProcessTree: true);
            return Failed($"did not end within {s_patience.TotalSeconds} s");
        }

        return process.ExitCode == 0 ? Parse(output.Result, allocator, isFloor) : Failed(EndOf(process.ExitCode, errors.Result));
    }

    /// <summary>Reads the line that a program reports; a run that another allocator served is an error.</summary>
    public static NativeRun Parse(string line, PreloadedAllocator allocator, bool isFloor)
    {
        // The path comes last and may have blanks.
        const string pathKey = " served_by=";
        int path = line.IndexOf(pathKey, StringComparison.Ordinal);
        if (path < 0)
            return Failed($"reported '{line.Trim()}'");
        string servedBy = line[(path + pathKey.Length)..].Trim();
        Dictionary<string, long> values = line[..path].Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Select(pair => pair.Split('='))
            .ToDictionary(pair => pair[0], pair => long.Parse(pair[1], CultureInfo.InvariantCulture));
        string? error = isFloor ? null : WrongServer(allocator, servedBy, values["libc_bytes"]);
        return new NativeRun(values["operations"], values["cpu_ns"], values["peak_rss_kib"] * KiB, servedBy, error);
    }

    /// <summary>Two proofs: the library that the symbols lead to, and whether the C library's own count moved with an allocation.</summary>
    private static string? WrongServer(PreloadedAllocator allocator, string servedBy, long libcBytes)
    {
        bool isLibc = Path.GetFileName(servedBy).StartsWith("libc", StringComparison.Ordinal);
        if (allocator.Library is null)
            return isLibc && libcBytes > 0 ? null : $"malloc is served by {servedBy} (the C library counts {libcBytes} bytes), not by the C library";
        if (!SameFile(servedBy, allocator.Library))
            return $"malloc is served by {servedBy}, not by {allocator.Library}";
        return libcBytes == 0 ? null : $"{servedBy} hands the calls on: the C library's own count moved by {libcBytes} bytes";
    }

    private static bool SameFile(string one, string other) => Resolved(one) == Resolved(other);

    private static string Resolved(string path)
    {
        string full = Path.GetFullPath(path);
        string file = File.Exists(full) && new FileInfo(full).ResolveLinkTarget(returnFinalTarget: true) is { } target ? target.FullName : full;
        // /lib is a link to /usr/lib on most systems, and the linker's cache writes the short one.
        return file.StartsWith("/lib", StringComparison.Ordinal) && new DirectoryInfo("/" + file.Split('/')[1]).ResolveLinkTarget(returnFinalTarget: true) is { } folder
            ? folder.FullName + file[file.IndexOf('/', 1)..]
            : file;
    }

    private static string EndOf(int exitCode, string errors)
    {
        string reason = errors.Trim().Split('\n')[^1];
        string how = exitCode > SignalBase ? $"was ended by signal {exitCode - SignalBase}" : $"ended with {exitCode}";
        return reason.Length > 0 ? $"{how}: {reason}" : how;
    }

    private static NativeRun Failed(string error) => new(0, 0, 0, "", error);
}
