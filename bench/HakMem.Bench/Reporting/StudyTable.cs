using System.Collections.Generic;
using System.Linq;
using HakMem.Bench.Measuring;
using Spectre.Console;

namespace HakMem.Bench.Reporting;

/// <summary>The table of a memory study: its figures are the columns.</summary>
internal static class StudyTable
{
    public static Table Of(IReadOnlyList<WorkloadReport> reports)
    {
        Table table = ResultTable.NewTable("scenario", "variant", "allocator");
        ResultTable.AddNumberColumns(table, [.. reports[0].Figures.Select(kind => kind.Header)]);
        foreach (WorkloadReport report in reports)
        {
            foreach (MeasuredRow row in report.Rows)
                table.AddRow([.. Cells(report, row).Select(cell => new Text(cell))]);
            if (report != reports[^1])
                table.AddEmptyRow();
        }

        return table;
    }

    private static IEnumerable<string> Cells(WorkloadReport report, MeasuredRow row)
    {
        bool first = row == report.Rows[0];
        yield return first ? row.Scenario : "";
        yield return first ? row.Variant : "";
        yield return row.Error is null ? row.Allocator : row.Allocator + " (error)";
        foreach (FigureKind kind in report.Figures)
            yield return ResultTable.Number(row.Figures is not null && row.Figures.TryGetValue(kind.Name, out double value) ? value * kind.ColumnScale : null);
    }
}
