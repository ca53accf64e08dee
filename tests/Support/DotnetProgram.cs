using System;
using System.Diagnostics;
using System.IO;

namespace HakMem.Tests.Support;

/// <summary>How a test starts an assembly as a program of its own: by <c>dotnet</c>, or where the tests run in <c>HakMem.Systems</c>, by that, and by the emulator that <c>HAKMEMTEST_EMULATOR</c> names.</summary>
internal static class DotnetProgram
{
    private static readonly string? s_host = Path.GetFileNameWithoutExtension(Environment.ProcessPath);

    /// <summary>A start that is made ready: both outputs come back as text.</summary>
    internal static ProcessStartInfo Start(params ReadOnlySpan<string> arguments)
    {
        string? emulator = Environment.GetEnvironmentVariable("HAKMEMTEST_EMULATOR");
        string host = s_host is "dotnet" or "HakMem.Systems" ? Environment.ProcessPath! : "dotnet";
        ProcessStartInfo start = new(emulator ?? host) { RedirectStandardOutput = true, RedirectStandardError = true };
        if (emulator != null) start.ArgumentList.Add(host);
        if (s_host == "HakMem.Systems") start.ArgumentList.Add("run");
        foreach (string argument in arguments) start.ArgumentList.Add(argument);
        return start;
    }
}
