using System;
using System.Globalization;
using System.IO;
using System.Linq;
using HakMem.Bench.Traces;

namespace HakMem.Bench.Reporting;

/// <summary>A trace's summary for people.</summary>
internal static class TraceSummaryText
{
    private const int BarColumns = 50;

    public static void Write(TextWriter writer, TraceSummary summary)
    {
        Trace trace = summary.Trace;
        Line(writer, $"{trace.Name}: {trace.EventCount:N0} events, {trace.ThreadCount} {(trace.ThreadCount == 1 ? "thread" : "threads")}, {trace.BlockCount:N0} blocks");
        foreach (TraceOperation operation in Enum.GetValues<TraceOperation>())
            Line(writer, $"  {operation,-14} {summary[operation],12:N0}");
        Line(writer, $"  {"cross-thread",-14} {summary.CrossThreadEvents,12:N0}  (frees and reallocations of a block that another thread made)");
        Line(writer, $"  {"live at end",-14} {summary.LiveAtEnd,12:N0}");
        Line(writer, $"  {"peak live",-14} {ResultTable.Mebibytes(trace.PeakLiveBytes),12} MiB requested; {trace.PeakLiveBlocks:N0} blocks at most");
        Line(writer, $"  requested sizes, up to:");
        long most = summary.RequestsBySizeLog2.Values.DefaultIfEmpty(1).Max();
        foreach ((int log2, long count) in summary.RequestsBySizeLog2)
            Line(writer, $"  {SizeName(log2),10} {count,12:N0} {new string('#', (int)(count * BarColumns / most))}");
        writer.WriteLine();
    }

    private static string SizeName(int log2) => log2 switch
    {
        < 10 => $"{1 << log2} B",
        < 20 => $"{1 << (log2 - 10)} KiB",
        < 30 => $"{1 << (log2 - 20)} MiB",
        _ => $"{1L << (log2 - 30)} GiB",
    };

    private static void Line(TextWriter writer, FormattableString text) => writer.WriteLine(text.ToString(CultureInfo.InvariantCulture).TrimEnd());
}
