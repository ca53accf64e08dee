using System;
using System.Collections.Generic;
using System.Linq;
using HakMem.Generators.Model;

namespace HakMem.Generators.Gather;

/// <summary>Names of written files. The compiler takes two that differ only in case for one and drops everything.</summary>
internal static class FileNames
{
    private const string Extension = ".g.cs";

    /// <summary>The names that another one differs from only in case.</summary>
    public static EquatableArray<string> Alike(IEnumerable<string> names) => names.Distinct()
        .GroupBy(static name => name, StringComparer.OrdinalIgnoreCase)
        .Where(static group => group.Count() > 1)
        .SelectMany(static group => group)
        .OrderBy(static name => name, StringComparer.Ordinal)
        .ToEquatableArray();

    /// <summary>The name itself; a number in it, which no type's name can give, where another one is like it.</summary>
    public static string Of(string name, EquatableArray<string> alike)
    {
        int before = alike.Count(other => string.CompareOrdinal(other, name) < 0 && string.Equals(other, name, StringComparison.OrdinalIgnoreCase));
        return before == 0 ? name : $"{name.Substring(0, name.Length - Extension.Length)}-{before + 1}{Extension}";
    }
}
