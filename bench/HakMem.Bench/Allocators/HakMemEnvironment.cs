using System;
using System.Collections.Generic;
using System.Linq;

namespace HakMem.Bench.Allocators;

/// <summary>Options of HakMem in the environment: a run keeps them, and says so.</summary>
internal static class HakMemEnvironment
{
    private const string Prefix = "HAKMEM_";

    public static bool IsOption(string name) => name.StartsWith(Prefix, StringComparison.Ordinal);

    /// <summary>What to tell the user about them; nothing if there are none.</summary>
    public static IEnumerable<string> Notes(string where)
    {
        string[] names = [.. Environment.GetEnvironmentVariables().Keys.Cast<string>().Where(IsOption).Order(StringComparer.Ordinal)];
        if (names.Length > 0)
            yield return $"{string.Join(", ", names)} left in {where}: hakmem runs with them.";
    }
}
