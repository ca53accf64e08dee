using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using HakMem.Tests.Support;

namespace HakMem.Boxes.Tests;

/// <summary>The machine code of one method, as the JIT listed it.</summary>
internal sealed class JitListing
{
    private JitListing(string method, string[] instructions)
    {
        Method = method;
        Instructions = instructions;
    }

    public string Method { get; }

    public IReadOnlyList<string> Instructions { get; }

    /// <summary>The instructions that call and come back.</summary>
    public string[] Calls => [.. Instructions.Where(static line => line.StartsWith("call", StringComparison.Ordinal))];

    /// <summary>The instructions that leave for another method.</summary>
    public string[] TailJumps => [.. Instructions.Where(static line => line.StartsWith("tail.jmp", StringComparison.Ordinal) || line.StartsWith("rex.jmp", StringComparison.Ordinal))];

    public string[] Atomics => [.. Instructions.Where(static line => line.StartsWith("lock", StringComparison.Ordinal) || line.StartsWith("xchg", StringComparison.Ordinal))];

    /// <summary>Runs <see cref="HotPathProgram"/> and reads the last tier-1 listing of each of its methods.</summary>
    public static Dictionary<string, JitListing> OfHotPaths()
    {
        string output = Path.GetTempFileName();
        try
        {
            ProcessStartInfo start = Child("hot-paths");
            start.Environment["DOTNET_JitStdOutFile"] = output;
            start.Environment["DOTNET_JitDisasm"] = "Alloc* Free*";
            start.Environment["DOTNET_JitDisasmDiffable"] = "1";
            start.Environment["DOTNET_TieredPGO"] = "0";
            start.Environment["DOTNET_TC_DelaySingleProcMultiplier"] = "1";   // with one processor the last tier would come ten times as late
            (int exitCode, string said) = Run(start);
            if (exitCode != 0) throw new InvalidOperationException($"exit code {exitCode}: {said}");
            return Parse(File.ReadAllLines(output));
        }
        finally
        {
            File.Delete(output);
        }
    }

    /// <summary>This assembly as a program of its own.</summary>
    public static ProcessStartInfo Child(string argument) => DotnetProgram.Start(typeof(HotPathProgram).Assembly.Location, argument);

    /// <summary>Runs it to its end.</summary>
    public static (int ExitCode, string Said) Run(ProcessStartInfo start)
    {
        using Process process = Process.Start(start) ?? throw new InvalidOperationException("no process");
        string said = process.StandardOutput.ReadToEnd() + process.StandardError.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, said);
    }

    private static Dictionary<string, JitListing> Parse(string[] lines)
    {
        const string Head = "; Assembly listing for method ";
        Dictionary<string, JitListing> found = [];
        for (int i = 0; i < lines.Length; i++)
        {
            if (!lines[i].StartsWith(Head, StringComparison.Ordinal) || !lines[i].EndsWith("(Tier1)", StringComparison.Ordinal)) continue;
            string method = lines[i][Head.Length..];
            string type = typeof(HotPathProgram).FullName + ":";
            if (!method.StartsWith(type, StringComparison.Ordinal)) continue;
            List<string> instructions = [];
            for (int line = i + 1; line < lines.Length && !lines[line].StartsWith("; Total bytes", StringComparison.Ordinal); line++)
            {
                if (lines[line].StartsWith("       ", StringComparison.Ordinal) && lines[line].Trim() is [not ';', ..] text) instructions.Add(text);
            }

            string name = method[type.Length..method.IndexOf('(')];
            found[name] = new JitListing(name, [.. instructions]);
        }

        return found;
    }
}
