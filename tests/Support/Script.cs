using System;
using System.Diagnostics;
using System.IO;
using System.Runtime.CompilerServices;
using System.Threading.Tasks;

namespace HakMem.Tests.Support;

/// <summary>The scripts in <c>tests</c>.</summary>
internal static class Script
{
    /// <summary>Runs one to its end; returns all that it wrote. Ends it with all that it started when that takes longer.</summary>
    internal static (int ExitCode, string Output) Run(string name, TimeSpan patience, params string[] arguments)
    {
        ProcessStartInfo start = new("bash", [Path.Combine(Path.GetDirectoryName(Source())!, "..", name), .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(), error = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(patience))
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{name} {string.Join(' ', arguments)} did not end:\n{output.Result}{error.Result}");
        }

        return (process.ExitCode, output.Result + error.Result);
    }

    private static string Source([CallerFilePath] string path = "") => path;
}
