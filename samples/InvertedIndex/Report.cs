using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text;
using InvertedIndexSample.Texts;
using Spectre.Console;

namespace InvertedIndexSample;

/// <summary>The two tables.</summary>
internal static class Report
{
    // A pipe has no width of its own, and a table that wraps cannot be read.
    private const int PipeColumns = 160;

    public static void WriteCosts(TextWriter output, IReadOnlyList<Contestant> contestants, IReadOnlyList<BuildResult> results)
    {
        Table table = new Table().Border(TableBorder.Rounded).AddColumn("index in");
        foreach (string column in (string[])["build ms", "drop ms", "GC pauses ms", "collections", "allocated on the\nGC heap MiB", "held for the\nindex MiB", "÷ terms and\npostings"])
            table.AddColumn(new TableColumn(column).RightAligned());
        foreach ((Contestant contestant, BuildResult result) in contestants.Zip(results))
        {
            table.AddRow(
                contestant.Name, Milliseconds(result.BuildTime), Milliseconds(result.DropTime), Milliseconds(result.PauseTime), result.Collections.ToString(CultureInfo.InvariantCulture),
                Mebibytes(result.ManagedBytes), Mebibytes(result.HeldBytes), ((double)result.HeldBytes / result.PayloadBytes).ToString("F2", CultureInfo.InvariantCulture));
        }

        ConsoleOn(output).Write(table);
    }

    public static void WriteHits(TextWriter output, IReadOnlyList<Document> documents, byte[][] terms, Hit[] hits)
    {
        output.WriteLine($"Documents with {string.Join(" and ", terms.Select(Encoding.UTF8.GetString))}, best first:");
        if (hits.Length == 0)
        {
            output.WriteLine("  none");
            return;
        }

        Table table = new Table().Border(TableBorder.Rounded).AddColumn(new TableColumn("score").RightAligned()).AddColumn(new TableColumn("times").RightAligned()).AddColumn("file");
        string here = Directory.GetCurrentDirectory();
        foreach (Hit hit in hits)
        {
            string path = Path.GetRelativePath(here, documents[(int)hit.Document].Path);
            table.AddRow(new Text(hit.Score.ToString("F2", CultureInfo.InvariantCulture)), new Text(hit.Occurrences.ToString(CultureInfo.InvariantCulture)), new Text(path));
        }

        ConsoleOn(output).Write(table);
    }

    private static IAnsiConsole ConsoleOn(TextWriter output)
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(output) });
        if (output != Console.Out || Console.IsOutputRedirected) console.Profile.Width = PipeColumns;
        return console;
    }

    private static string Milliseconds(TimeSpan time) => time.TotalMilliseconds.ToString("F1", CultureInfo.InvariantCulture);

    private static string Mebibytes(long bytes) => (bytes / 1048576.0).ToString("F1", CultureInfo.InvariantCulture);
}
