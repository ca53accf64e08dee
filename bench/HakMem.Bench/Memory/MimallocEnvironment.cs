using System;
using System.Linq;

namespace HakMem.Bench.Memory;

/// <summary>mimalloc's options from the environment would make its numbers those of another allocator.</summary>
internal static class MimallocEnvironment
{
    public static bool IsOption(string name) => name.StartsWith("MIMALLOC_", StringComparison.OrdinalIgnoreCase);

    /// <summary>Removes the options from this process, in the C library's view too; to be called before mimalloc is loaded.</summary>
    /// <returns>The names that were set.</returns>
    public static string[] Clear()
    {
        string[] names = [.. Environment.GetEnvironmentVariables().Keys.Cast<string>().Where(IsOption).Order()];
        foreach (string name in names)
        {
            Environment.SetEnvironmentVariable(name, null);
            _ = LibC.UnsetEnvironmentVariable(name);
        }

        return names;
    }
}
