using System;

namespace HakMem.Bench.Commands;

/// <summary>What follows <c>--allocators</c>, of every command that has it.</summary>
internal static class AllocatorNames
{
    /// <summary>The names between the commas: one at least.</summary>
    public static string[] Split(string names, string known)
    {
        string[] split = names.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return split.Length > 0 ? split : throw new BadInputException($"--allocators names none. Known: {known}.");
    }
}
