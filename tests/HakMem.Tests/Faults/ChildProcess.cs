using System;
using System.Diagnostics;
using System.IO;
using System.Threading.Tasks;
using HakMem.Tests.Support;

namespace HakMem.Tests.Faults;

/// <summary>A run of <c>HakMem.Faults</c>, which lies beside the tests.</summary>
internal sealed record ChildProcess(int ExitCode, string Output, string Error)
{
    /// <summary>What a shell makes of SIGABRT; on Windows a failure that the program itself reports.</summary>
    public static int Aborted { get; } = OperatingSystem.IsWindows() ? unchecked((int)0xC0000602) : 128 + 6;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>The program.</summary>
    public static string Program => Path.Combine(AppContext.BaseDirectory, "HakMem.Faults.dll");

    public static ChildProcess Run(params string[] arguments) => Run([], [Program, .. arguments]);

    /// <summary>A run with environment variables, <c>NAME=value</c> each, and all arguments of <c>dotnet</c>.</summary>
    public static ChildProcess Run(string[] environment, string[] arguments) => Run(DotnetProgram.Start(arguments), environment);

    /// <summary>A run of one case whose standard error goes elsewhere, as a shell says it: <c>2>&amp;-</c>.</summary>
    public static ChildProcess RunRedirected(string redirection, string[] environment, string use)
        => Run(new ProcessStartInfo("sh", ["-c", $"exec dotnet \"$0\" \"$1\" {redirection}", Program, use]) { RedirectStandardOutput = true, RedirectStandardError = true }, environment);

    private static ChildProcess Run(ProcessStartInfo start, string[] environment)
    {
        start.Environment["DOTNET_DbgEnableMiniDump"] = "0";
        foreach (string variable in environment) start.Environment[variable[..variable.IndexOf('=')]] = variable[(variable.IndexOf('=') + 1)..];
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(), error = process.StandardError.ReadToEndAsync();
        if (process.WaitForExit(Patience))
        {
            string said = error.Result.ReplaceLineEndings("\n");
            int end = Emulation.Emulator == null ? -1 : said.IndexOf("qemu: uncaught target signal 6", StringComparison.Ordinal);   // what a shell says
            return new ChildProcess(process.ExitCode, output.Result.ReplaceLineEndings("\n"), end < 0 ? said : said[..end]);
        }

        process.Kill();
        throw new TimeoutException($"{start.FileName} {string.Join(' ', start.ArgumentList)} did not end");
    }
}
