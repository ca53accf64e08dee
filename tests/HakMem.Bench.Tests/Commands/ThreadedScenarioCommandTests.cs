using System.IO;
using System.Linq;
using System.Text.Json;
using HakMem.Bench.Commands;
using Xunit;

namespace HakMem.Bench.Tests.Commands;

public class ThreadedScenarioCommandTests
{
    [Fact]
    public void Scenarios_with_threads_run_in_a_row_group_for_each_number()
    {
        JsonElement[] rows = Rows("scenario larson private ring producer-consumer async-handover --threads 1,2 --ops 20000 --chunks 50 --flows 3 --no-memory");
        Assert.Equal(
            [
                "larson: 1 thread 50 chunks 8-1024 B", "larson: 2 threads 50 chunks 8-1024 B", "private: 1 thread 256 slots 16-1024 B", "private: 2 threads 256 slots 16-1024 B",
                "ring: 1 thread batches of 1000 8-135 B", "ring: 2 threads batches of 1000 8-135 B", "producer-consumer: 2 threads batches of 120 8-135 B",
                "async-handover: 3 flows yield batches of 32 16-1024 B", "async-handover: 3 flows channel batches of 32 16-1024 B",
            ],
            rows.Where(row => Text(row, "allocator") == "hakmem").Select(row => $"{Text(row, "scenario")}: {Text(row, "variant")}"));
        Assert.All(rows, row => Assert.True(row.GetProperty("nsPerOp").GetProperty("min").GetDouble() >= 0));
        Assert.All(rows, row => Assert.True(row.GetProperty("pageFaultsPerOp").GetDouble() >= 0));
    }

    [Fact]
    public void Pinned_rows_say_so()
    {
        JsonElement[] rows = Rows("scenario larson private ring producer-consumer --threads 2 --ops 20000 --chunks 50 --pin --no-memory");
        Assert.Equal(
            ["2 threads 50 chunks 8-1024 B pinned", "2 threads 256 slots 16-1024 B pinned", "2 threads batches of 1000 8-135 B pinned", "2 threads batches of 120 8-135 B pinned"],
            rows.Where(row => Text(row, "allocator") == "hakmem").Select(row => Text(row, "variant")));
    }

    [Fact]
    public void Thread_churn_reports_memory_of_processes_of_its_own()
    {
        JsonElement[] rows = Rows("scenario thread-churn --lifetimes 64 --at-once 4 --leave 5");
        Assert.All(rows, row => Assert.Equal(JsonValueKind.Null, row.GetProperty("nsPerOp").ValueKind));
        Assert.All(rows, row => Assert.True(Figure(row, "rssBytes") > 1_000_000));
        JsonElement hakmem = rows.First(row => Text(row, "allocator") == "hakmem");
        Assert.True(Figure(hakmem, "committedBytes") > 0 && Figure(hakmem, "heaps") >= 4, hakmem.ToString());
    }

    [Fact]
    public void Burst_idle_counts_the_pages_that_come_back()
    {
        JsonElement[] rows = Rows("scenario burst-idle --divisor 100 --idle 0 --keep 50");
        JsonElement hakmem = rows.First(row => Text(row, "allocator") == "hakmem");
        double freed = Figure(hakmem, "freedBytes");
        Assert.InRange(freed, 2_600_000, 2_900_000);
        Assert.InRange(Figure(hakmem, "whollyFreePageBytes"), freed / 2, freed * 1.1);
        Assert.InRange(Figure(hakmem, "pagesReturnedTrimmedPercent"), 0, 100);
        JsonElement floor = rows.First(row => Text(row, "allocator") == "null");
        Assert.False(floor.GetProperty("figures").TryGetProperty("freedBytes", out _));
    }

    private static JsonElement[] Rows(string commandLine)
    {
        string json = Path.Combine(Directory.CreateTempSubdirectory("hakmem-bench-").FullName, "scenarios.json");
        using var output = new StringWriter();
        using var error = new StringWriter();
        int exitCode = BenchCommandLine.Run([.. commandLine.Split(' '), "--allocators", "native,hakmem", "--rounds", "1", "--json", json], output, error);
        Assert.True(exitCode == 0, error + output.ToString());
        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(json));
        return [.. document.RootElement.GetProperty("results").EnumerateArray().Select(row => row.Clone())];
    }

    private static string Text(JsonElement row, string name) => row.GetProperty(name).GetString()!;

    private static double Figure(JsonElement row, string name) => row.GetProperty("figures").GetProperty(name).GetDouble();
}
