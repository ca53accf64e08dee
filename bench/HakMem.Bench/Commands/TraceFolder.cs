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
        string traces = RepositoryFolder.Candidates("bench", "traces").FirstOrDefault(folder => Directory.EnumerateFiles(folder, Pattern).Any()) ?? throw new BadInputException(
            $"No trace files ({Pattern}): there is no folder bench/traces above {AppContext.BaseDirectory} or the current folder. Name the files.");
        return [.. Directory.EnumerateFiles(traces, Pattern).Order(StringComparer.Ordinal)];
    }
}
