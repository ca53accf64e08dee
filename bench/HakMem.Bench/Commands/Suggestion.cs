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

    /// <summary>Insertions, deletions, replacements and swaps of neighbours that lead from one word to the other.</summary>
    internal static int Distance(string from, string to)
    {
        int[,] steps = new int[from.Length + 1, to.Length + 1];
        for (int i = 0; i <= from.Length; i++)
        {
            for (int j = 0; j <= to.Length; j++)
            {
                if (i == 0 || j == 0)
                {
                    steps[i, j] = i + j;
                    continue;
                }

                int replaced = steps[i - 1, j - 1] + (from[i - 1] == to[j - 1] ? 0 : 1);
                steps[i, j] = Math.Min(replaced, Math.Min(steps[i - 1, j], steps[i, j - 1]) + 1);
                if (i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1])
                    steps[i, j] = Math.Min(steps[i, j], steps[i - 2, j - 2] + 1);
            }
        }

        return steps[from.Length, to.Length];
    }
}
