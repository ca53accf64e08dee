using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;
using System.Threading.Tasks;
using HakMem.Bench.Measuring;

namespace HakMem.Bench.Memory;

/// <summary>This program again, in a process of its own.</summary>
internal static class ChildProcess
{
    // A memory's measurement: the runtime is configured alike for all allocators, so that children differ by their allocator only.
    private static readonly (string Name, string Value)[] s_fixedRuntime =
    [
        ("DOTNET_gcServer", "0"),
        ("DOTNET_gcConcurrent", "0"),
        ("DOTNET_GCgen0size", "0x1000000"),
        ("DOTNET_TieredCompilation", "0"),
        ("DOTNET_TieredPGO", "0"),
    ];

    /// <summary>Runs a child with a fixed configuration of the runtime, whose memory can be compared.</summary>
    /// <returns>What the child wrote to standard output, or why it failed.</returns>
    public static (string? Output, string? Error) Run(string command, string allocator, WorkloadRecipe recipe) => Run(s_fixedRuntime, [command, allocator, recipe.ToJson()]);

    /// <summary>Runs a child configured as this process.</summary>
    /// <returns>What the child wrote to standard output, or why it failed.</returns>
    public static (string? Output, string? Error) RunAlike(params IEnumerable<string> arguments) => Run([], arguments);

    private static (string? Output, string? Error) Run(IEnumerable<(string Name, string Value)> settings, IEnumerable<string> arguments)
    {
        using OwnedProcess owned = OwnedProcess.Start(StartInfo(settings, arguments));
        Process child = owned.Process;
        Task<string> errors = child.StandardError.ReadToEndAsync();
        string output = child.StandardOutput.ReadToEnd().Trim();
        child.WaitForExit();
        if (child.ExitCode == 0)
            return (output, null);
        string reason = errors.Result.Trim().Split('\n')[0];
        return (null, $"its process ended with {child.ExitCode}{(reason.Length > 0 ? $": {reason}" : "")}");
    }

    private static ProcessStartInfo StartInfo(IEnumerable<(string Name, string Value)> settings, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(DotnetHost()) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add(typeof(ChildProcess).Assembly.Location);
        foreach (string argument in arguments)
            start.ArgumentList.Add(argument);
        foreach (string name in start.Environment.Keys.Where(MimallocEnvironment.IsOption).ToArray())
            start.Environment.Remove(name);
        foreach ((string name, string value) in settings)
            start.Environment[name] = value;
        return start;
    }

    /// <summary>The host of the running runtime, four folders above its libraries.</summary>
    public static string DotnetHost()
    {
        string host = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", "dotnet"));
        return File.Exists(host) ? host : "dotnet";
    }
}
