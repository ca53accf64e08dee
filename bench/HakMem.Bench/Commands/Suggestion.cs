using System;
using System.Collections.Generic;
using System.Linq;

namespace HakMem.Bench.Commands;

/// <summary>Finds what a mistyped word was probably meant to be.</summary>
internal static class Suggestion
{
    /// <returns><c> Did you mean 'x'?</c>, or nothing if no known word is near.</returns>
    public static string For(string word, IEnumerable<string> known)
    {
        int tolerance = Math.Max(1, word.TrimStart('-').Length / 3);
        string? nearest = known.Where(candidate => Distance(word, candidate) <= tolerance).MinBy(candidate => Distance(word, candidate));
        return nearest is null ? "" : $" Did you mean '{nearest}'?";
    }

    /// <summary>Insertions, deletions and replacements that lead from one word to the other.</summary>
    internal static int Distance(string from, string to)
    {
        int[] row = [.. Enumerable.Range(0, to.Length + 1)];
        for (int i = 1; i <= from.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= to.Length; j++)
            {
                int replaced = diagonal + (from[i - 1] == to[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(replaced, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[^1];
    }
}
