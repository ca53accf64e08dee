using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;

namespace HakMem.Flavors.Tests;

/// <summary>
/// The machine code of the ways of one allocator, as the JIT's last word lists it, without what differs between two compilations of the same source: the types that
/// a callee belongs to, the place of the thread's heap in the thread's storage, and whether a static field is near.
/// </summary>
internal sealed partial class MachineCode
{
    private const int Attempts = 8, Rounds = 60;
    private const string AnAddress = "0xD1FFAB1E";   // what a listing made to be compared has for each
    private const string Types = "HakMem.Flavors.Tests.";
    private readonly Dictionary<string, string[]> _methods = [];

    /// <summary>The hot ways as a program calls them, through <see cref="ProbeProgram"/>'s wrappers, then the methods that they leave for.</summary>
    public static readonly string[] HotMethods = ["Alloc", "Free"];

    public static readonly string[] SlowMethods =
        ["FindAndAllocSlow", "FreeRest", "AllocSlow", "TryAllocSlow", "Serve", "Refill", "Fill", "TakeFree", "Carve", "FreeSlow", "Flush", "GiveBack", "PutRun", "Merge", "Settle"];

    public string[] this[string method] => _methods.TryGetValue(method, out string[]? code) ? code : throw new InvalidOperationException($"the JIT listed no tier 1 of {method}; it listed {string.Join(", ", _methods.Keys)}");

    /// <summary>
    /// Starts <see cref="ProbeProgram"/> with some allocators, and gives the code of each, as soon as two runs agree: the JIT's threads may write into each
    /// other's listings.
    /// </summary>
    public static MachineCode[] Of(params string[] names)
    {
        MachineCode[] before = List(names, Rounds);
        List<string> differences = [];
        for (int attempt = 0; attempt < Attempts; attempt++)
        {
            MachineCode[] again = List(names, Rounds * (attempt + 1));   // on a busy machine the last tier comes late
            string difference = string.Join("; ", again.Zip(before, static (one, other) => one.Difference(other)).Where(static text => text.Length != 0));
            if (difference.Length == 0) return again;
            differences.Add(difference);
            before = again;
        }

        throw new InvalidOperationException($"no two listings of {string.Join(", ", names)} agree:\n{string.Join('\n', differences)}");
    }

    // Nothing when they agree.
    private string Difference(MachineCode other) => string.Join(", ", HotMethods.Concat(SlowMethods).Select(method => Difference(method, other)).Where(static text => text.Length != 0));

    private string Difference(string method, MachineCode other)
    {
        bool listed = _methods.TryGetValue(method, out string[]? mine), before = other._methods.TryGetValue(method, out string[]? its);
        if (!listed || !before) return $"{method} is in {(listed || before ? "one" : "none")}";
        if (mine!.SequenceEqual(its!)) return "";
        int at = mine!.Zip(its!, static (one, two) => one == two).TakeWhile(static same => same).Count();
        return $"{method} of {its!.Length} and {mine!.Length} lines from line {at + 1}: '{its.ElementAtOrDefault(at)}' and '{mine.ElementAtOrDefault(at)}'";
    }

    private static MachineCode[] List(string[] names, int rounds)
    {
        string output = Path.GetTempFileName();
        try
        {
            ProcessStartInfo start = new("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
            foreach (string argument in (string[])[typeof(ProbeProgram).Assembly.Location, "probe", rounds.ToString(CultureInfo.InvariantCulture), .. names]) start.ArgumentList.Add(argument);
            start.Environment["DOTNET_JitStdOutFile"] = output;
            start.Environment["DOTNET_JitDisasm"] = string.Join(' ', HotMethods.Concat(SlowMethods));
            start.Environment["DOTNET_JitDisasmDiffable"] = "1";
            start.Environment["DOTNET_JitDisasmOnlyOptimized"] = "1";
            start.Environment["DOTNET_TieredPGO"] = "0";
            start.Environment["DOTNET_TC_DelaySingleProcMultiplier"] = "1";   // with one processor the last tier would come ten times as late
            start.Environment["DOTNET_TC_CallCountingDelayMs"] = "0";
            start.Environment["DOTNET_TC_BackgroundWorkerTimeoutMs"] = "0";
            using Process process = Process.Start(start)!;
            string said = process.StandardOutput.ReadToEnd() + process.StandardError.ReadToEnd();
            process.WaitForExit();
            if (process.ExitCode != 0) throw new InvalidOperationException($"exit code {process.ExitCode}: {said}");
            string[] lines = File.ReadAllLines(output);
            return [.. names.Select(name => new MachineCode(lines, name))];
        }
        finally
        {
            File.Delete(output);
        }
    }

    private MachineCode(string[] lines, string name)
    {
        for (int i = 0; i < lines.Length; i++)
        {
            Match head = Listing().Match(lines[i]);
            if (!head.Success || MethodOf(head.Groups["type"].Value, head.Groups["method"].Value, head.Groups["over"].Value, name) is not { } method) continue;
            List<string> code = [];
            while (++i < lines.Length && !lines[i].StartsWith("; Total bytes", StringComparison.Ordinal))
            {
                if (!lines[i].StartsWith("       ", StringComparison.Ordinal) || lines[i].Trim() is not [not ';', ..] text) continue;
                if (NearLoad().Match(text) is { Success: true } load) code.Add($"mov      {load.Groups["register"].Value}, {AnAddress}");
                code.Add(Normalized(text, code.Count == 0 ? "" : code[^1]));
            }

            _methods[method] = [.. code];
        }
    }

    // The wrappers are closed over the probe, the boxes over the composition's configuration, the composition and the hand-written copy over nothing.
    private static string? MethodOf(string type, string method, string over, string name)
    {
        bool hot = HotMethods.Contains(method);
        if (hot) return type == Types + nameof(ProbeProgram) && over == $"{Types}{name}Probe" ? method : null;
        bool own = type == $"{Types}{name}Heap" || type == Types + name;
        return own || over == $"{Types}{name}Heap+Config" ? (own || !OfComposition.Contains(method) ? method : null) : null;
    }

    /// <summary>The names that gates and compositions both have: the composition's are meant.</summary>
    private static readonly string[] OfComposition = ["AllocSlow", "FreeSlow"];

    private static string Normalized(string instruction, string before)
    {
        if (before == "call     rax" && instruction.StartsWith("add      rax, ", StringComparison.Ordinal)) return "add      rax, <slot>";
        return NearLoad().Replace(Callee().Replace(instruction, "[${method}]"), "mov      ${register}, qword ptr [${register}]");
    }

    // A static field within 2 GiB of the code, which the system's choice of addresses decides: else its address is loaded first.
    [GeneratedRegex(@"^mov +(?<register>r\w+), qword ptr \[\(reloc\)\]$")]
    private static partial Regex NearLoad();

    [GeneratedRegex(@"^; Assembly listing for method (?<type>[\w.+`]+):(?<method>\w+)(\[(?<over>[^\]]*)\])?\(.*\(Tier1\)$")]
    private static partial Regex Listing();

    [GeneratedRegex(@"\[[A-Za-z][\w.+`]*:(?<method>\w+).*\]")]
    private static partial Regex Callee();
}
