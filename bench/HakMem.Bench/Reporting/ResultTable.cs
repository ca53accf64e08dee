using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using HakMem.Bench.Allocators;
using HakMem.Bench.Measuring;
using Spectre.Console;

namespace HakMem.Bench.Reporting;

/// <summary>The one table of a run, with the noise to read it by and what served each row.</summary>
internal static class ResultTable
{
    // Wider than any row, be it a memory study's with the longest name of a file: a pipe has no width of its own, and a table that wraps cannot be read.
    private const int PipeColumns = 2_000;
    private const string Nothing = "";

    public static void Write(TextWriter writer, IReadOnlyList<WorkloadReport> reports, MeasuringPlan plan)
    {
        IAnsiConsole console = PlainConsole(writer);
        if (plan.WithTimes || plan.WithMemory)
        {
            WorkloadReport[] timed = [.. reports.Where(report => report.Figures.Count == 0)];
            if (timed.Length > 0)
                console.Write(Numbers(timed, plan));
            foreach (IGrouping<string, WorkloadReport> studies in reports.Except(timed).GroupBy(report => report.Scenario))
                console.Write(StudyTable.Of([.. studies]));
        }
        else
        {
            console.Write(Checks(reports));
        }

        foreach (MeasuredRow row in reports.SelectMany(report => report.Rows).Where(row => row.Error is not null))
            writer.WriteLine($"error: {row.Scenario} {row.Variant}, {row.Allocator}: {row.Error}");
        if (plan.WithTimes && reports.Any(report => report.Figures.Count == 0))
            WriteLegend(writer, [.. plan.Shares()]);
        writer.WriteLine("Served by:");
        foreach (MeasuredRow row in reports.SelectMany(report => report.Rows).Where(row => row.Identity is not null).DistinctBy(row => row.Allocator))
            writer.WriteLine($"  {row.Allocator}: {row.Identity}");
    }

    public static IAnsiConsole PlainConsole(TextWriter writer)
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(writer) });
        console.Profile.Width = Math.Max(PipeColumns, console.Profile.Width);
        return console;
    }

    public static string Mebibytes(double bytes) => (bytes / (1024 * 1024)).ToString("F2", CultureInfo.InvariantCulture);

    private static Table Numbers(IReadOnlyList<WorkloadReport> reports, MeasuringPlan plan)
    {
        Table table = NewTable("scenario", "variant", "allocator");
        string peer = AllocatorCatalog.PeerName;
        AddNumberColumns(table, "ns/op\nmin", "ns/op\nmedian", $"min ÷\n{peer}", "net ns/op\nmin", $"net ÷\n{peer}", "A/A\nspread", "faults per\n1,000 ops");
        if (plan.WithMemory)
            AddNumberColumns(table, "first pass\nfaults/1,000", "peak memory\nMiB", "÷ peak\nlive bytes", $"memory ÷\n{peer}");
        foreach (WorkloadReport report in reports)
        {
            foreach (MeasuredRow row in report.Rows)
                table.AddRow([.. Cells(report, row, plan.WithMemory).Select(cell => new Text(cell))]);
            if (report != reports[^1])
                table.AddEmptyRow();
        }

        return table;
    }

    private static IEnumerable<string> Cells(WorkloadReport report, MeasuredRow row, bool withMemory)
    {
        MeasuredRow? floor = report.Rows.FirstOrDefault(other => other.Allocator == AllocatorCatalog.FloorName);
        MeasuredRow? peer = report.Rows.FirstOrDefault(other => other.Allocator == AllocatorCatalog.PeerName);
        bool first = row == report.Rows[0];
        yield return first ? row.Scenario : Nothing;
        yield return first ? row.Variant : Nothing;
        yield return row.Allocator;
        if (row.Error is not null)
        {
            yield return "error";
            for (int i = 0; i < (withMemory ? 10 : 6); i++)
                yield return Nothing;
            yield break;
        }

        double? noise = AaSpread.OfPair(row.AaSpread, peer?.AaSpread);
        double? net = row == floor ? null : Net(row, floor);
        yield return Number(row.NsPerOp?.Min);
        yield return Number(row.NsPerOp?.Median);
        yield return row == floor ? Nothing : Ratio(row.NsPerOp?.Min, peer?.NsPerOp?.Min, noise);
        yield return Number(net);
        yield return Ratio(net, peer is null ? null : Net(peer, floor), noise);
        yield return row.AaSpread is { } spread ? (spread * 100).ToString("F1", CultureInfo.InvariantCulture) + " %" : Nothing;
        yield return Number(row.PageFaultsPerOp?.Median * 1000);
        if (!withMemory)
            yield break;
        yield return Number(row.FirstPassPageFaults * 1000.0 / row.Operations);
        yield return row == floor || row.PeakRssBytes is null ? Nothing : Mebibytes(row.PeakRssBytes.Value);
        yield return row == floor ? Nothing : Number(row.PeakRssBytes / (double?)row.PeakLiveBytes);
        yield return row == floor ? Nothing : Ratio(row.PeakRssBytes, peer?.PeakRssBytes, null);
    }

    private static Table Checks(IReadOnlyList<WorkloadReport> reports)
    {
        Table table = NewTable("scenario", "variant", "allocator");
        AddNumberColumns(table, "blocks", "verified\nMiB");
        table.AddColumn(new TableColumn("result").NoWrap());
        foreach (MeasuredRow row in reports.SelectMany(report => report.Rows).Where(row => row.Checked is not null || row.Error is not null))
        {
            table.AddRow(
                new Text(row.Scenario),
                new Text(row.Variant),
                new Text(row.Allocator),
                new Text(row.Checked?.Blocks.ToString("N0", CultureInfo.InvariantCulture) ?? Nothing),
                new Text(row.Checked is { } tally ? Mebibytes(tally.VerifiedBytes) : Nothing),
                new Text(row.Error is null ? "clean" : "error"));
        }

        return table;
    }

    private static void WriteLegend(TextWriter writer, int[] shares)
    {
        writer.WriteLine($"{Count(shares.Sum(), "round")}{(shares.Length == 1 ? "" : $" in {shares.Length} processes")}; minima and medians over all.");
        writer.WriteLine("ns/op: CPU time, each allocation, reallocation and free one operation. net: less the null row, the harness itself.");
        writer.WriteLine("A/A spread: how far the allocator differs from itself here; a ratio marked = lies inside that of either and is called equal.");
    }

    private static string Count(int number, string what) => $"{number} {what}{(number == 1 ? "" : "s")}";

    private static double? Net(MeasuredRow row, MeasuredRow? floor) =>
        row.NsPerOp is { } times && floor?.NsPerOp is { } floorTimes ? Math.Max(0, times.Min - floorTimes.Min) : null;

    internal static string Number(double? value) => value?.ToString("F2", CultureInfo.InvariantCulture) ?? Nothing;

    internal static string Ratio(double? value, double? reference, double? spread)
    {
        if (value is not { } numerator || reference is not { } denominator || denominator <= 0)
            return Nothing;
        double ratio = numerator / denominator;
        return ratio.ToString("F2", CultureInfo.InvariantCulture) + (ratio != 1 && AaSpread.CallsEqual(ratio, spread) ? " =" : "  ");
    }

    internal static Table NewTable(params string[] names)
    {
        Table table = new Table().Border(TableBorder.Simple);
        foreach (string name in names)
            table.AddColumn(new TableColumn(name).NoWrap());
        return table;
    }

    internal static void AddNumberColumns(Table table, params string[] names)
    {
        foreach (string name in names)
            table.AddColumn(new TableColumn(new Text(name, Style.Plain)).RightAligned().NoWrap());
    }
}
