using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Text.RegularExpressions;
using HakMem.Bench.Allocators;
using HakMem.Bench.Commands;
using HakMem.Bench.Measuring;
using HakMem.Bench.Tests.Replay;
using HakMem.Bench.Tests.Traces;
using Xunit;

namespace HakMem.Bench.Tests.Commands;

public class BenchCommandLineTests
{
    private const string Known = "native, mimalloc, mimalloc-sgt, null";

    [Theory]
    [InlineData("replay --paralel", "There is no option '--paralel'. Did you mean '--parallel'?")]
    [InlineData("--chek", "There is no option '--chek'. Did you mean '--check'?")]
    [InlineData("--hepl", "There is no option '--hepl'. Did you mean '--help'?")]
    [InlineData("scenario tiny --slots 10", "--slots does nothing in tiny; it is an option of random-mixed, private.")]
    [InlineData("scenario tiny grow --threads 2", "--threads does nothing in tiny, grow; it is an option of larson, ring, private, burst-idle.")]
    [InlineData("native --library /etc/passwd", "--library: '/etc/passwd' is no shared library.")]
    [InlineData("info --files", "There is no option '--files'.")]
    [InlineData("scenario tiny --slot", "There is no option '--slot'. Did you mean '--slots'?")]
    [InlineData("repaly", "Unrecognized command or argument 'repaly'. Did you mean 'replay'?")]
    [InlineData("replay nowhere.hkt.gz", "There is no file 'nowhere.hkt.gz'.")]
    [InlineData("replay /", "'/' is a folder; name trace files.")]
    [InlineData("replay --allocators nativ", "There is no allocator 'nativ'. Did you mean 'native'? Known: ")]
    [InlineData("replay --allocators ,", "--allocators names none. Known: ")]
    [InlineData("replay --rounds 0", "--rounds must be from 1 to 10000, not 0.")]
    [InlineData("replay --rounds many", "'many'")]
    [InlineData("replay --processes 0", "--processes must be from 1 to 10000, not 0.")]
    [InlineData("replay --rounds 3 --processes 4", "--processes: 3 rounds cannot be spread over 4 processes.")]
    [InlineData("replay --json /no/such/folder/file.json", "--json: there is no folder '/no/such/folder'.")]
    [InlineData("replay --json ", "--json needs a file name.\n")]
    [InlineData("replay --json /proc/x", "--json: '/proc/x' cannot be written: ")]
    [InlineData("scenario tiny --json /tmp", "--json: '/tmp' is a folder.")]
    [InlineData("scenario tiny --json ", "--json needs a file name.\n")]
    [InlineData("scenario", "Which scenario? Known: tiny, random-mixed, grow, larson, producer-consumer, ring, async-handover, private, thread-churn, burst-idle.")]
    [InlineData("scenario timy", "There is no scenario 'timy'. Did you mean 'tiny'? Known: tiny, random-mixed, grow, larson, producer-consumer, ring, async-handover, private, thread-churn, burst-idle.")]
    [InlineData("scenario random-mixed --min 20 --max 10", "--max 10 is below --min 20.")]
    [InlineData("scenario larson --threads 1,0", "--threads must be numbers from 1 to 1024, separated by commas, not '1,0'.")]
    [InlineData("scenario larson --threads two", "--threads must be numbers from 1 to 1024, separated by commas, not 'two'.")]
    [InlineData("scenario larson --rounds-per-pass 0", "--rounds-per-pass must be from 1 to 10000, not 0.")]
    [InlineData("scenario larson --chunk 10", "There is no option '--chunk'. Did you mean '--chunks'?")]
    [InlineData("scenario thread-churn --at-once 0", "--at-once must be from 1 to 1024, not 0.")]
    [InlineData("scenario burst-idle --keep 0", "--keep must be from 1 to 1048576, not 0.")]
    [InlineData("scenario tiny larson --parallel", "--parallel is an option of replay, where a trace says which thread does what. A scenario has its threads by itself: tiny, random-mixed, grow one, the others several (--threads).")]
    [InlineData("flavors --rounds 0", "--rounds must be from 1 to 1000, not 0.")]
    [InlineData("flavors --inline", "Unrecognized command or argument '--inline'.")]
    [InlineData("scenario grow --size 0", "--size must be from 1 to 1073741824, not 0.")]
    public void Bad_usage_exits_with_2_and_says_what_is_wrong(string commandLine, string message)
    {
        (int exitCode, string output, string error) = Run(commandLine.Split(' '));
        Assert.Equal(2, exitCode);
        Assert.Contains($"error: ", error, StringComparison.Ordinal);
        Assert.Contains(message, error, StringComparison.Ordinal);
        Assert.Equal("", output);
    }

    [Fact]
    public void An_unknown_allocator_is_answered_with_all_known_ones() =>
        Assert.Contains(Known, Run("replay", "--allocators", "jemalloc").Error, StringComparison.Ordinal);

    [Fact]
    public void A_mistyped_option_is_not_taken_for_a_file_of_that_name()
    {
        string folder = Directory.CreateTempSubdirectory("hakmem-bench-").FullName;
        string trace = Path.Combine(folder, "--paralel");
        File.WriteAllBytes(trace, new TraceWriter().Alloc(1).Compressed());
        string before = Directory.GetCurrentDirectory();
        try
        {
            Directory.SetCurrentDirectory(folder);
            (int exitCode, _, string error) = Run("replay", "--paralel", "--no-memory", "--rounds", "1");
            Assert.Equal(2, exitCode);
            Assert.Contains("There is no option '--paralel'", error, StringComparison.Ordinal);
        }
        finally
        {
            Directory.SetCurrentDirectory(before);
        }
    }

    [Fact]
    public void A_bad_trace_exits_with_2_before_anything_is_measured()
    {
        string good = SyntheticTraces.Random(seed: 1, events: 100, threads: 1).Save("good");
        string bad = new TraceWriter().Alloc(8).Free(1).Free(1).Save("bad");
        (int exitCode, string output, string error) = Run("replay", good, bad, "--no-memory");
        Assert.Equal(2, exitCode);
        Assert.Equal("", output);
        Assert.Equal($"error: {bad}: event 2: frees block 0, which an earlier event freed or reallocated", error.Trim().Split('\n')[^1]);
    }

    [Fact]
    public void A_trace_without_events_is_told_checked_and_not_timed()
    {
        string file = new TraceWriter().Save("empty");
        Assert.Equal(0, Run("info", file).ExitCode);
        Assert.Equal(0, Run("replay", file, "--check", "--allocators", "native").ExitCode);
        (int exitCode, string output, string error) = Run("replay", file, "--rounds", "2", "--allocators", "native");
        Assert.Equal(2, exitCode);
        Assert.Equal("", output);
        Assert.Equal($"error: '{file}' is a trace without events: there is nothing to time.", error.Trim().Split('\n')[^1]);
    }

    [Fact]
    public void A_trace_from_a_pipe_is_told_and_not_replayed()
    {
        string file = new TraceWriter().Alloc(1).Free(1).Save("piped"), pipe = Path.ChangeExtension(file, ".pipe");
        Process.Start("mkfifo", [pipe]).WaitForExit();
        foreach ((string command, int expected, string answer) in new[] { ("info", 0, "2 events"), ("replay", 2, "can be read only once") })
        {
            using Process writer = Process.Start("sh", ["-c", "cat \"$0\" > \"$1\"", file, pipe]);
            (int exitCode, string output, string error) = Run(command, pipe);
            writer.WaitForExit();
            Assert.True(exitCode == expected, error);
            Assert.Contains(answer, output + error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_refused_command_leaves_no_file_and_no_change_of_one()
    {
        string json = Path.Combine(Directory.CreateTempSubdirectory("hakmem-bench-").FullName, "result.json"), broken = new TraceWriter().Alloc(8).Free(1).Free(1).Save("broken");
        string[] commandLine = ["replay", broken, "--json", json];
        Assert.Equal(2, Run(commandLine).ExitCode);
        Assert.Empty(Directory.GetFileSystemEntries(Path.GetDirectoryName(json)!));
        File.WriteAllText(json, "of yesterday");
        Assert.Equal(2, Run(commandLine).ExitCode);
        Assert.Equal([json], Directory.GetFileSystemEntries(Path.GetDirectoryName(json)!));
        Assert.Equal("of yesterday", File.ReadAllText(json));
    }

    [Theory]
    [InlineData("--help")]
    [InlineData("replay --help")]
    [InlineData("scenario --help")]
    [InlineData("info -h")]
    public void Help_has_examples(string commandLine)
    {
        (int exitCode, string output, _) = Run(commandLine.Split(' '));
        Assert.Equal(0, exitCode);
        Assert.Contains("Examples:", output, StringComparison.Ordinal);
        Assert.DoesNotContain("memory-probe", output, StringComparison.Ordinal);
    }

    [Fact]
    public void Info_summarises_a_trace()
    {
        string file = new TraceWriter().Alloc(100).AllocZeroed(1000).Free(2).Save("small");
        (int exitCode, string output, _) = Run("info", file);
        Assert.Equal(0, exitCode);
        Assert.Contains("small: 3 events, 1 thread, 2 blocks", output, StringComparison.Ordinal);
    }

    [Fact]
    public void Check_alone_times_nothing()
    {
        string file = SyntheticTraces.Random(seed: 4, events: 1_000, threads: 2).Save("checked");
        (int exitCode, string output, _) = Run("replay", file, "--check", "--parallel", "--allocators", "native");
        Assert.Equal(0, exitCode);
        Assert.Contains("clean", output, StringComparison.Ordinal);
        Assert.DoesNotContain("ns/op", output, StringComparison.Ordinal);
    }

    [Fact]
    public void Scenarios_of_one_thread_have_a_check_pass()
    {
        (int exitCode, string output, string error) = Run("scenario", "tiny", "random-mixed", "grow", "--count", "1000", "--check", "--allocators", "native,hakmem");
        Assert.True(exitCode == 0, error);
        Assert.Equal(20, Regex.Count(output, " clean *$", RegexOptions.Multiline));
        Assert.DoesNotContain("ns/op", output, StringComparison.Ordinal);
    }

    [Fact]
    public void Replay_writes_a_table_and_json_with_memory_of_child_processes()
    {
        string file = SyntheticTraces.Random(seed: 9, events: 30_000, threads: 2).Save("whole");
        string json = Path.Combine(Path.GetDirectoryName(file)!, "result.json");
        (int exitCode, string output, string error) = Run("replay", file, "--allocators", "native,native", "--rounds", "2", "--json", json);
        Assert.True(exitCode == 0, error + output);
        Assert.Contains("native#2", output, StringComparison.Ordinal);
        Assert.Contains("libc", output, StringComparison.Ordinal);

        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(json));
        JsonElement root = document.RootElement;
        Assert.Equal(["schema", "environment", "results"], root.EnumerateObject().Select(property => property.Name));
        Assert.Equal(1, root.GetProperty("schema").GetInt32());
        Assert.Equal(["native", "native#2", "null"], root.GetProperty("results").EnumerateArray().Select(row => row.GetProperty("allocator").GetString()));
        JsonElement native = root.GetProperty("results")[0];
        Assert.Equal(
            ["scenario", "variant", "allocator", "nsPerOp", "operations", "pageFaultsPerOp", "firstPassPageFaultsPerOp", "peakRssBytes", "peakLiveBytes", "identity"],
            native.EnumerateObject().Select(property => property.Name));
        Assert.Equal(["min", "median"], native.GetProperty("nsPerOp").EnumerateObject().Select(property => property.Name));
        Assert.Equal(("whole", "serial", 30_000), (native.GetProperty("scenario").GetString(), native.GetProperty("variant").GetString(), native.GetProperty("operations").GetInt32()));
        Assert.True(native.GetProperty("nsPerOp").GetProperty("min").GetDouble() > 0);
        Assert.True(native.GetProperty("peakRssBytes").GetInt64() > native.GetProperty("peakLiveBytes").GetInt64() / 4);
        Assert.Contains("mallinfo2 moved", native.GetProperty("identity").GetString()!, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("scenario larson --threads 2 --chunks 50 --ops 500")]
    [InlineData("replay")]
    public void Rounds_of_several_processes_come_together(string command)
    {
        string file = SyntheticTraces.Random(seed: 10, events: 3_000, threads: 2).Save("spread");
        string[] arguments = [.. command.Split(' '), .. command == "replay" ? new[] { file } : [], "--allocators", "native,hakmem,native", "--rounds", "3", "--processes", "2", "--no-memory"];
        (int exitCode, string output, string error) = Run(arguments);
        Assert.True(exitCode == 0, error + output);
        Assert.Contains("3 rounds in 2 processes; minima and medians over all.", output, StringComparison.Ordinal);
        Assert.Equal(["native", "hakmem", "native#2", "null"], Regex.Matches(output, @" (\S+) +\d+\.\d\d +\d+\.\d\d ").Select(static row => row.Groups[1].Value));
    }

    [Fact]
    public void Rounds_that_a_process_cannot_do_are_errors()
    {
        (IReadOnlyList<TimedContestant>? timed, string? problem) = TimesProbe.Measure(
            WorkloadRecipe.OfTrace("/no/such/trace.hkt.gz", "serial"), Contestant.From([AllocatorCatalog.Find("native")!]), [1, 1], static () => { });
        Assert.Null(timed);
        Assert.Contains("/no/such/trace.hkt.gz", problem!, StringComparison.Ordinal);
    }

    [Fact]
    public void Scenarios_run_in_all_variants()
    {
        string json = Path.Combine(Directory.CreateTempSubdirectory("hakmem-bench-").FullName, "scenarios.json");
        (int exitCode, string output, string error) = Run(
            "scenario", "tiny", "random-mixed", "grow", "--count", "1000", "--allocators", "native", "--rounds", "1", "--no-memory", "--json", json);
        Assert.True(exitCode == 0, error + output);
        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(json));
        string[] variants = [.. document.RootElement.GetProperty("results").EnumerateArray()
            .Where(row => row.GetProperty("allocator").GetString() == "native")
            .Select(row => $"{row.GetProperty("scenario").GetString()}: {row.GetProperty("variant").GetString()}")];
        Assert.Equal(
            [
                "tiny: inlined", "tiny: noinline", "random-mixed: inlined", "random-mixed: noinline", "grow: in-order inlined", "grow: in-order noinline",
                "grow: reverse inlined", "grow: reverse noinline", "grow: shuffled inlined", "grow: shuffled noinline",
            ],
            variants);
    }

    [Theory]
    [InlineData("micro --list flat", 0)]
    [InlineData("micro --list flat --filter *AllocFree*", 0)]
    [InlineData("micro --help", 0)]
    [InlineData("micro --list foo", 2)]
    [InlineData("micro --list flat --fliter x", 2)]
    [InlineData("micro --filter nothing-of-that-name", 2)]
    public void Options_of_BenchmarkDotNet_that_it_cannot_read_exit_with_2(string commandLine, int expected) =>
        Assert.Equal(expected, Run(commandLine.Split(' ')).ExitCode);

    private static (int ExitCode, string Output, string Error) Run(params string[] arguments)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        return (BenchCommandLine.Run(arguments, output, error), output.ToString(), error.ToString());
    }
}
