using System;
using System.Collections.Generic;
using System.IO;

namespace HakMem.Bench.Commands;

/// <summary>Finds the repository's own folders from wherever the program is run.</summary>
internal static class RepositoryFolder
{
    /// <summary>Each folder of that path below a folder above the program or the current folder, the nearest first.</summary>
    public static IEnumerable<string> Candidates(params string[] path)
    {
        foreach (string start in new[] { AppContext.BaseDirectory, Directory.GetCurrentDirectory() })
        {
            for (DirectoryInfo? folder = new(start); folder is not null; folder = folder.Parent)
            {
                string candidate = Path.Combine([folder.FullName, .. path]);
                if (Directory.Exists(candidate))
                    yield return candidate;
            }
        }
    }
}
