using System;
using System.IO;
using System.Text.Json;
using HakMem.Bench.Commands;
using HakMem.Bench.Tests.Traces;
using Xunit;

namespace HakMem.Bench.Tests.Commands;

public class HakMemEnvironmentTests
{
    private const string Option = "HAKMEM_PURGE", Note = "note: HAKMEM_PURGE left in the environment: hakmem runs with them.";

    [Theory]
    [InlineData("false")]
    [InlineData(null)]
    public void Options_of_HakMem_are_told_and_written_down(string? value)
    {
        string file = new TraceWriter().Alloc(100).Free(1).Save("told"), json = Path.Combine(Path.GetDirectoryName(file)!, "told.json");
        string? before = Environment.GetEnvironmentVariable(Option);
        try
        {
            Environment.SetEnvironmentVariable(Option, value);
            foreach (string[] command in new[] { new[] { "replay", file, "--check" }, ["scenario", "tiny", "--rounds", "1", "--no-memory"] })
            {
                using StringWriter output = new(), error = new();
                Assert.Equal(0, BenchCommandLine.Run([.. command, "--allocators", "native", "--json", json], output, error));
                using JsonDocument document = JsonDocument.Parse(File.ReadAllText(json));
                string settings = document.RootElement.GetProperty("environment").GetProperty("runtimeSettings").GetString()!;
                Assert.Equal(value is not null, error.ToString().Contains(Note, StringComparison.Ordinal));
                Assert.Equal(value is not null, settings.Contains($"{Option}=false", StringComparison.Ordinal));
            }
        }
        finally
        {
            Environment.SetEnvironmentVariable(Option, before);
        }
    }
}
