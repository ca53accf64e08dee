using System;
using System.Collections.Generic;
using System.Linq;
using HakMem.Bench.Allocators;

namespace HakMem.Bench.Native;

/// <summary>Options of allocators in the environment would make their numbers those of another allocator.</summary>
internal static class NativeEnvironment
{
    private static readonly string[] s_prefixes = ["MIMALLOC_", "MALLOC_", "JE_MALLOC_", "JEMALLOC_", "TCMALLOC_", "SNMALLOC_", "RPMALLOC_", "SCUDO_", "GLIBC_TUNABLES", "LD_PRELOAD"];

    /// <summary>True for what a child process does not get to see.</summary>
    public static bool IsRemoved(string name) => s_prefixes.Any(prefix => name.StartsWith(prefix, StringComparison.Ordinal));

    /// <summary>What to tell the user about the environment.</summary>
    public static IEnumerable<string> Notes()
    {
        string[] names = [.. Environment.GetEnvironmentVariables().Keys.Cast<string>().Order(StringComparer.Ordinal)];
        string[] removed = [.. names.Where(IsRemoved)];
        if (removed.Length > 0)
            yield return $"{string.Join(", ", removed)} taken out of the programs' environment.";
        foreach (string note in HakMemEnvironment.Notes("the programs' environment"))
            yield return note;
    }
}
