using System;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Text.RegularExpressions;
using HakMem.Bench.Commands;
using HakMem.Bench.Memory;

namespace HakMem.Bench.Flavors;

/// <summary>The size of a hot method's machine code, as the JIT's last word lists it.</summary>
internal readonly record struct MethodSize(int Instructions, int Bytes)
{
    public override string ToString() => Instructions == 0 ? "–" : string.Create(CultureInfo.InvariantCulture, $"{Instructions}, {Bytes} B");
}

/// <summary>The sizes of <c>Alloc</c> and <c>Free</c> of a flavor, from a process of its own in which no other flavor takes the near places of thread storage.</summary>
internal sealed partial record HotCode(MethodSize Alloc, MethodSize Free)
{
    public static HotCode Of(Flavor flavor)
    {
        string listing = Path.GetTempFileName();
        try
        {
            var start = new ProcessStartInfo(ChildProcess.DotnetHost()) { RedirectStandardOutput = true };
            start.ArgumentList.Add(typeof(HotCode).Assembly.Location);
            start.ArgumentList.Add(FlavorProbeCommand.CommandName);
            start.ArgumentList.Add(flavor.Type);
            start.Environment["DOTNET_JitStdOutFile"] = listing;
            start.Environment["DOTNET_JitDisasm"] = "Alloc Free";
            start.Environment["DOTNET_JitDisasmDiffable"] = "1";
            start.Environment["DOTNET_JitDisasmOnlyOptimized"] = "1";
            start.Environment["DOTNET_TieredPGO"] = "0";
            start.Environment["DOTNET_TC_DelaySingleProcMultiplier"] = "1";   // with one processor the last tier would come ten times as late
            using OwnedProcess owned = OwnedProcess.Start(start);
            Process process = owned.Process;
            _ = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            if (process.ExitCode != 0)
                throw new InvalidOperationException($"the probe of {flavor.Name} ended with {process.ExitCode}");
            string[] lines = File.ReadAllLines(listing);
            return new HotCode(SizeOf(lines, flavor, "Alloc"), SizeOf(lines, flavor, "Free"));
        }
        finally
        {
            File.Delete(listing);
        }
    }

    private static MethodSize SizeOf(string[] lines, Flavor flavor, string method)
    {
        MethodSize found = default;
        int instructions = -1;
        foreach (string line in lines)
        {
            if (line.StartsWith("; Assembly listing for method ", StringComparison.Ordinal))
                instructions = line.Contains($"[{flavor.Type}]:{method}(", StringComparison.Ordinal) && line.EndsWith("(Tier1)", StringComparison.Ordinal) ? 0 : -1;
            else if (instructions >= 0 && TotalBytes().Match(line) is { Success: true } total)
                (found, instructions) = (new MethodSize(instructions, int.Parse(total.Groups[1].Value, CultureInfo.InvariantCulture)), -1);
            else if (instructions >= 0 && line.StartsWith("       ", StringComparison.Ordinal) && line.Trim() is [not ';', ..])
                instructions++;
        }

        return found;
    }

    [GeneratedRegex(@"^; Total bytes of code (\d+)")]
    private static partial Regex TotalBytes();
}
