using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;

namespace HakMem.Bench.Commands;

/// <summary>Finds the repository's own traces from wherever the program is run.</summary>
internal static class TraceFolder
{
    private const string Pattern = "*.hkt.gz";

    public static IReadOnlyList<string> AllFiles()
    {
        foreach (string start in new[] { AppContext.BaseDirectory, Directory.GetCurrentDirectory() })
        {
            for (DirectoryInfo? folder = new(start); folder is not null; folder = folder.Parent)
            {
                string traces = Path.Combine(folder.FullName, "bench", "traces");
                if (Directory.Exists(traces) && Directory.EnumerateFiles(traces, Pattern).Any())
                    return [.. Directory.EnumerateFiles(traces, Pattern).Order(StringComparer.Ordinal)];
            }
        }

        throw new BadInputException($"No trace files ({Pattern}): there is no folder bench/traces above {AppContext.BaseDirectory} or the current folder. Name the files.");
    }
}
