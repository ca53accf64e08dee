using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Threading.Tasks;

namespace HakMem.Preload.Tests.Programs;

/// <summary>Runs native programs. One that does not end in time is ended with its descendants and reported.</summary>
internal static class NativeProcess
{
    public static NativeResult Run(string program, IEnumerable<string> arguments, IEnumerable<(string Name, string Value)> environment, TimeSpan patience)
    {
        ProcessStartInfo start = new(program) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (string argument in arguments) start.ArgumentList.Add(argument);
        start.Environment.Remove("LD_PRELOAD");
        foreach ((string name, string value) in environment) start.Environment[name] = value;
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(), error = process.StandardError.ReadToEndAsync();
        if (process.WaitForExit(patience)) return new NativeResult(process.ExitCode, output.Result, error.Result);
        process.Kill(entireProcessTree: true);
        throw new TimeoutException($"{program} {string.Join(' ', start.ArgumentList)} did not end within {patience.TotalSeconds} s.\n{error.Result}");
    }
}
