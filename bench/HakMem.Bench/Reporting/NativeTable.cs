using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using HakMem.Bench.Allocators;
using HakMem.Bench.Measuring;
using HakMem.Bench.Native;
using Spectre.Console;

namespace HakMem.Bench.Reporting;

/// <summary>The table of the native programs: each allocator against the C library's in the same program.</summary>
internal static class NativeTable
{
    private const string Nothing = "";
    private const int CellsAfterName = 8;

    public static void Write(TextWriter writer, IReadOnlyList<WorkloadReport> reports)
    {
        Table table = ResultTable.NewTable("program", "variant", "allocator");
        ResultTable.AddNumberColumns(table, "ns/op\nmin", "ns/op\nmedian", "min ÷\nglibc", "net ns/op\nmin", "net ÷\nglibc", "A/A\nspread", "peak RSS\nMiB", "RSS ÷\nglibc");
        foreach (WorkloadReport report in reports)
        {
            foreach (MeasuredRow row in report.Rows)
                table.AddRow([.. Cells(report, row).Select(cell => new Text(cell))]);
            if (report != reports[^1])
                table.AddEmptyRow();
        }

        ResultTable.PlainConsole(writer).Write(table);
        foreach (MeasuredRow row in reports.SelectMany(report => report.Rows).Where(row => row.Error is not null))
            writer.WriteLine($"error: {row.Scenario} {row.Variant}, {row.Allocator}: {row.Error}");
        writer.WriteLine("ns/op: CPU time of the process, each allocation and free one operation. net: less the null row, the loop itself without an allocator.");
        writer.WriteLine("idle thread: the process has a second thread, as most have; glibc's malloc is slower from then on, so that row is the fair one.");
        writer.WriteLine("A/A spread: how far the allocator differs from itself here; a ratio marked = lies inside that of either and is called equal.");
        writer.WriteLine("Served by:");
        foreach (MeasuredRow row in reports.SelectMany(report => report.Rows).Where(row => row.Identity is not null).DistinctBy(row => row.Allocator))
            writer.WriteLine($"  {row.Allocator}: {row.Identity}");
    }

    private static IEnumerable<string> Cells(WorkloadReport report, MeasuredRow row)
    {
        bool isFirst = row == report.Rows[0];
        MeasuredRow? floor = report.Rows.FirstOrDefault(other => other.Allocator == AllocatorCatalog.FloorName);
        MeasuredRow? peer = report.Rows.FirstOrDefault(other => other.Allocator == PreloadedAllocator.GlibcName);
        yield return isFirst ? row.Scenario : Nothing;
        yield return isFirst ? row.Variant : Nothing;
        yield return row.Allocator;
        if (row.Error is not null)
        {
            yield return "error";
            for (int i = 1; i < CellsAfterName; i++)
                yield return Nothing;
            yield break;
        }

        bool isFloor = row == floor;
        double? noise = AaSpread.OfPair(row.AaSpread, peer?.AaSpread), net = isFloor ? null : Net(row, floor);
        yield return ResultTable.Number(row.NsPerOp?.Min);
        yield return ResultTable.Number(row.NsPerOp?.Median);
        yield return isFloor ? Nothing : ResultTable.Ratio(row.NsPerOp?.Min, peer?.NsPerOp?.Min, noise);
        yield return ResultTable.Number(net);
        yield return ResultTable.Ratio(net, peer is null ? null : Net(peer, floor), noise);
        yield return row.AaSpread is { } spread ? (spread * 100).ToString("F1", CultureInfo.InvariantCulture) + " %" : Nothing;
        yield return isFloor || row.PeakRssBytes is null ? Nothing : ResultTable.Mebibytes(row.PeakRssBytes.Value);
        yield return isFloor ? Nothing : ResultTable.Ratio(row.PeakRssBytes, peer?.PeakRssBytes, null);
    }

    private static double? Net(MeasuredRow row, MeasuredRow? floor) =>
        row.NsPerOp is { } times && floor?.NsPerOp is { } floorTimes ? Math.Max(0, times.Min - floorTimes.Min) : null;
}
