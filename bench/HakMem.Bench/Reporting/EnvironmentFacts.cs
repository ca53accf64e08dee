using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Runtime.InteropServices;
using HakMem.Bench.Allocators;

namespace HakMem.Bench.Reporting;

/// <summary>What of the machine and the build a number depends on.</summary>
internal static class EnvironmentFacts
{
    private const string Unknown = "unknown";

    public static IReadOnlyDictionary<string, object> Gather(IReadOnlyList<string> arguments) => new Dictionary<string, object>
    {
        ["cpu"] = FirstValue("/proc/cpuinfo", "model name", ':'),
        ["cores"] = Environment.ProcessorCount,
        ["os"] = FirstValue("/etc/os-release", "PRETTY_NAME", '=').Trim('"'),
        ["kernel"] = ReadOr("/proc/sys/kernel/osrelease"),
        ["runtime"] = RuntimeInformation.FrameworkDescription,
        ["architecture"] = RuntimeInformation.ProcessArchitecture.ToString(),
        ["transparentHugePages"] = Chosen(ReadOr("/sys/kernel/mm/transparent_hugepage/enabled")),
        ["commit"] = Commit(),
        ["date"] = DateTime.UtcNow.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture),
        ["commandLine"] = string.Join(' ', arguments),
        ["runtimeSettings"] = string.Join(' ', RuntimeSettings()),
    };

    private static IEnumerable<string> RuntimeSettings() =>
        from System.Collections.DictionaryEntry variable in Environment.GetEnvironmentVariables()
        let name = (string)variable.Key
        where name.StartsWith("DOTNET_GC", StringComparison.OrdinalIgnoreCase) || name.StartsWith("DOTNET_Tiered", StringComparison.OrdinalIgnoreCase) || name.StartsWith("DOTNET_Jit", StringComparison.OrdinalIgnoreCase) || HakMemEnvironment.IsOption(name)
        orderby name
        select $"{name}={variable.Value}";

    /// <summary>The build stamps the commit behind the version: <c>0.1.0+abc…</c>.</summary>
    private static string Commit()
    {
        string version = typeof(EnvironmentFacts).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "";
        int plus = version.IndexOf('+', StringComparison.Ordinal);
        return plus < 0 ? Unknown : version[(plus + 1)..];
    }

    /// <summary>The kernel writes <c>always [madvise] never</c>.</summary>
    private static string Chosen(string options) =>
        options.Split(' ').FirstOrDefault(option => option.StartsWith('['))?.Trim('[', ']') ?? options;

    private static string FirstValue(string file, string key, char separator)
    {
        if (!File.Exists(file))
            return Unknown;
        string? line = File.ReadLines(file).FirstOrDefault(line => line.StartsWith(key, StringComparison.Ordinal));
        return line is null ? Unknown : line[(line.IndexOf(separator, StringComparison.Ordinal) + 1)..].Trim();
    }

    private static string ReadOr(string file) => File.Exists(file) ? File.ReadAllText(file).Trim() : Unknown;
}
