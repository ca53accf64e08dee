using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Encodings.Web;
using System.Text.Json;
using HakMem.Bench.Measuring;

namespace HakMem.Bench.Reporting;

/// <summary>The results as a file for programs; the schema is in docs/benchmarks.md.</summary>
internal static class JsonReport
{
    private const int Schema = 1;

    public static void Write(string file, IReadOnlyList<WorkloadReport> reports, IReadOnlyDictionary<string, object> environment)
    {
        using var stream = new MemoryStream();
        Write(stream, reports, environment);
        WholeFile.Write(file, stream.GetBuffer().AsSpan(0, (int)stream.Length));
    }

    public static void Write(Stream stream, IReadOnlyList<WorkloadReport> reports, IReadOnlyDictionary<string, object> environment)
    {
        using var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        json.WriteStartObject();
        json.WriteNumber("schema", Schema);
        WriteEnvironment(json, reports, environment);
        json.WriteStartArray("results");
        foreach (MeasuredRow row in reports.SelectMany(report => report.Rows))
            WriteRow(json, row);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteEnvironment(Utf8JsonWriter json, IReadOnlyList<WorkloadReport> reports, IReadOnlyDictionary<string, object> environment)
    {
        json.WriteStartObject("environment");
        foreach ((string name, object value) in environment)
        {
            if (value is int number)
                json.WriteNumber(name, number);
            else
                json.WriteString(name, value.ToString());
        }

        json.WriteStartArray("workloads");
        foreach (WorkloadReport report in reports)
        {
            json.WriteStartObject();
            json.WriteString("scenario", report.Scenario);
            json.WriteString("variant", report.Variant);
            json.WriteStartObject("aaSpread");
            foreach (MeasuredRow row in report.Rows)
                WriteNumber(json, row.Allocator, row.AaSpread);
            json.WriteEndObject();
            WriteNumber(json, "floorPeakRssBytes", report.FloorPeakRssBytes);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteRow(Utf8JsonWriter json, MeasuredRow row)
    {
        json.WriteStartObject();
        json.WriteString("scenario", row.Scenario);
        json.WriteString("variant", row.Variant);
        json.WriteString("allocator", row.Allocator);
        if (row.Error is null && row.NsPerOp is { } times)
        {
            json.WriteStartObject("nsPerOp");
            json.WriteNumber("min", times.Min);
            json.WriteNumber("median", times.Median);
            json.WriteEndObject();
        }
        else
        {
            json.WriteNull("nsPerOp");
        }

        json.WriteNumber("operations", row.Operations);
        WriteNumber(json, "pageFaultsPerOp", row.Error is null ? row.PageFaultsPerOp?.Median : null);
        WriteNumber(json, "firstPassPageFaultsPerOp", row.Error is null ? row.FirstPassPageFaults / (double)row.Operations : null);
        WriteNumber(json, "peakRssBytes", row.Error is null ? row.PeakRssBytes : null);
        json.WriteNumber("peakLiveBytes", row.PeakLiveBytes);
        json.WriteString("identity", row.Identity);
        if (row.Figures is not null)
            WriteFigures(json, row.Figures);
        if (row.Error is not null)
            json.WriteString("error", row.Error);
        json.WriteEndObject();
    }

    private static void WriteFigures(Utf8JsonWriter json, IReadOnlyDictionary<string, double> figures)
    {
        json.WriteStartObject("figures");
        foreach ((string name, double value) in figures)
            json.WriteNumber(name, value);
        json.WriteEndObject();
    }

    private static void WriteNumber(Utf8JsonWriter json, string name, double? value)
    {
        if (value is { } number)
            json.WriteNumber(name, number);
        else
            json.WriteNull(name);
    }
}
