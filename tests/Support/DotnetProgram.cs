using System;
using System.Diagnostics;
using System.IO;
using System.Reflection;

namespace HakMem.Tests.Support;

/// <summary>How a test starts an assembly as a program of its own: by <c>dotnet</c>, or where the tests run in <c>HakMem.Systems</c>, by that, and by the emulator that <c>HAKMEMTEST_EMULATOR</c> names.</summary>
internal static class DotnetProgram
{
    /// <summary>A start that is made ready: both outputs come back as text.</summary>
    internal static ProcessStartInfo Start(params ReadOnlySpan<string> arguments)
    {
        ProcessStartInfo start = new() { RedirectStandardOutput = true, RedirectStandardError = true };
        if (Emulation.IsHosted)
        {
            string program = Path.ChangeExtension(Assembly.GetEntryAssembly()!.Location, OperatingSystem.IsWindows() ? "exe" : null);
            start.FileName = Emulation.Emulator ?? program;
            if (Emulation.Emulator != null) start.ArgumentList.Add(program);
            start.ArgumentList.Add("run");
        }
        else
        {
            start.FileName = Environment.ProcessPath is { } host && Path.GetFileNameWithoutExtension(host) == "dotnet" ? host : "dotnet";
        }

        foreach (string argument in arguments) start.ArgumentList.Add(argument);
        return start;
    }
}
