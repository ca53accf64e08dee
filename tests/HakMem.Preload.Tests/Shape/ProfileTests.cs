using System;
using System.Globalization;
using System.IO;
using System.Text.RegularExpressions;
using HakMem.Preload.Tests.Programs;
using Xunit;

namespace HakMem.Preload.Tests.Shape;

/// <summary>
/// The library in the flavor that measures: what a program did becomes a trace without contradictions, however the program ends, and nothing else is left behind; and its counters are shown.
/// </summary>
public sealed class ProfileTests : IDisposable
{
    private const int TakenAtFirst = 1000;

    private readonly string _folder = Directory.CreateTempSubdirectory("hakmem-trace-").FullName;

    private static string Library => ExtraPublish.Of("profile");

    private string Trace => Path.Combine(_folder, "trace.hkt.gz");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    /// <summary>Four threads that free each other's blocks fill many pieces of the log, each in its own time; the order of the trace must hold for every block.</summary>
    [NativeFact]
    public void A_programs_history_is_recorded()
    {
        NativeResult run = Record("fuzz", 0, "--seconds", "1", "--threads", "4", "--seed", "7");
        NativeTrace trace = NativeTrace.Read(Trace);
        Assert.Equal([Trace], Directory.GetFiles(_folder));
        Assert.InRange(trace.Threads, 4u, 1000u);
        Assert.True(trace.Crossed > 0, "no block was freed by another thread");

        // The program frees all of its own. A free that came before the allocation it belongs to would have been left out, and its block live.
        Assert.InRange(trace.LiveAtEnd, 0, 20);

        // Calls that fail, that are no allocation or that free null are none of the trace; most of the others are.
        long calls = long.Parse(Regex.Match(run.Output, @"^\d+").Value, CultureInfo.InvariantCulture);
        Assert.InRange((long)trace.Events, calls / 2, calls * 2);
    }

    [NativeTheory]
    [InlineData("exit", TakenAtFirst)]
    [InlineData("_exit", TakenAtFirst)]
    [InlineData("_Exit", TakenAtFirst)]
    [InlineData("quick_exit", TakenAtFirst)]
    [InlineData("refused", TakenAtFirst)]
    [InlineData("thread", TakenAtFirst + 300_000)]    // the second that ends the process waits for the first
    [InlineData("handler", TakenAtFirst + 300_000)]   // which can wait for nobody
    [InlineData("cancelled", TakenAtFirst)]
    [InlineData("vfork", TakenAtFirst + 500)]   // whose child must leave the parent's log alone
    [InlineData("exec", TakenAtFirst)]          // the later program has the name; the log of the earlier one gives way
    public void A_trace_is_written_however_a_program_ends(string how, int blocks)
    {
        _ = Record("endings", 3, how);
        Assert.Equal([Trace], Directory.GetFiles(_folder));
        AssertTaken(NativeTrace.Read(Trace), blocks);
    }

    /// <summary>Its form without exceptions is served by the C++ library's other form when there is no memory at first.</summary>
    [NativeFact(NativeNeed.CppCompiler)]
    public void What_a_new_handler_made_room_for_is_recorded_once()
    {
        _ = Record("operators", 0, "new_handler_that_frees_memory_lets_new_succeed");
        NativeTrace trace = NativeTrace.Read(Trace);
        for (ulong size = 40 << 20; size < (40 << 20) + 4; size++) Assert.Equal((1UL, 1UL), (trace.AllocsOf(size), trace.FreesOf(size)));
    }

    [NativeFact]
    public void A_child_has_a_trace_of_its_own()
    {
        _ = Record("endings", 3, "fork");
        AssertTaken(NativeTrace.Read(Trace), TakenAtFirst);
        string childs = Assert.Single(Directory.GetFiles(_folder), file => file != Trace);
        Assert.Matches(@"\.gz\.\d+$", childs);
        AssertTaken(NativeTrace.Read(childs), TakenAtFirst);
    }

    /// <summary>A process that is killed leaves its log, and the next takes the name all the same.</summary>
    [NativeFact]
    public void An_abandoned_log_gives_way()
    {
        _ = Record("endings", 128 + 9, "kill");
        Assert.Equal([Trace + ".log"], Directory.GetFiles(_folder));
        _ = Record("endings", 3, "exit");
        Assert.Equal([Trace], Directory.GetFiles(_folder));
    }

    /// <summary>Both look before either takes it away; the one that is later must not take away what the other made meanwhile.</summary>
    [NativeFact]
    public void An_abandoned_log_gives_way_to_one_of_two()
    {
        _ = Record("endings", 128 + 9, "kill");
        string program = $"'{NativeToolchain.Compiled("endings")}' late";
        string script = $"export HAKMEM_TRACE='{Trace}' LD_PRELOAD='{Library}'; UNLINK_DELAY=300 {program} & UNLINK_DELAY=900 {program}; first=$?; wait $!; exit $((first * 10 + $?))";
        NativeResult run = NativeProcess.Run("/bin/sh", ["-c", script], [], TimeSpan.FromMinutes(1));
        Assert.Equal((33, ""), (run.ExitCode, run.Error));
        string[] left = Directory.GetFiles(_folder);
        Assert.Equal(2, left.Length);
        Assert.Contains(Trace, left);
        Assert.Matches(@"\.gz\.\d+$", Assert.Single(left, file => file != Trace));
        foreach (string file in left) AssertTaken(NativeTrace.Read(file), TakenAtFirst);
    }

    /// <summary>A file that happens to have the log's name is the user's.</summary>
    [NativeTheory]
    [InlineData("")]
    [InlineData("2026 a log of another program, longer than the head of one of ours")]
    public void A_file_that_is_no_log_of_ours_stays(string text)
    {
        File.WriteAllText(Trace + ".log", text);
        _ = Record("endings", 3, "exit");
        Assert.Equal(text, File.ReadAllText(Trace + ".log"));
        AssertTaken(NativeTrace.Read(Assert.Single(Directory.GetFiles(_folder), file => !file.EndsWith(".log", StringComparison.Ordinal))), TakenAtFirst);
    }

    /// <summary>A pipe nobody writes to must not be waited for; a link must not be followed to the log of another process.</summary>
    [NativeTheory]
    [InlineData("mkfifo")]
    [InlineData("ln -s /etc/hostname")]
    public void What_is_no_file_and_has_the_logs_name_stays(string make)
    {
        string log = Trace + ".log";
        Assert.Equal(0, NativeProcess.Run("/bin/sh", ["-c", $"{make} '{log}'"], [], TimeSpan.FromMinutes(1)).ExitCode);
        _ = Record("endings", 3, "exit");
        string[] left = Directory.GetFiles(_folder);
        Assert.Contains(log, left);
        AssertTaken(NativeTrace.Read(Assert.Single(left, file => file != log)), TakenAtFirst);
    }

    /// <summary>A link is what it leads to; there is no log beside a device, to be taken away at the end.</summary>
    [NativeFact]
    public void A_link_to_a_device_stays()
    {
        _ = File.CreateSymbolicLink(Trace, "/dev/full");
        Assert.Equal($"hakmem: HAKMEM_TRACE, '{Trace}': that is no file. Nothing is recorded.\n", Record("endings", 3, "exit").Error);
        Assert.Equal([Trace], Directory.GetFiles(_folder));
    }

    [NativeFact]
    public void A_link_to_a_file_is_followed()
    {
        string target = Path.Combine(_folder, "elsewhere");
        File.WriteAllText(target, "");
        _ = File.CreateSymbolicLink(Trace, target);
        Assert.Equal("", Record("endings", 3, "exit").Error);
        AssertTaken(NativeTrace.Read(target), TakenAtFirst);
    }

    /// <summary>A pipe that takes the name while the program runs must not be waited for at its end.</summary>
    [NativeFact]
    public void A_pipe_that_has_taken_the_name_is_not_written()
    {
        string script = $"HAKMEM_TRACE='{Trace}' LD_PRELOAD='{Library}' '{NativeToolchain.Compiled("endings")}' late & sleep 0.5; mkfifo '{Trace}'; wait $!";
        NativeResult run = NativeProcess.Run("/bin/sh", ["-c", script], [], TimeSpan.FromMinutes(1));
        Assert.Equal((3, $"hakmem: HAKMEM_TRACE, '{Trace}': the trace cannot be written there.\n"), (run.ExitCode, run.Error));
        Assert.Equal([Trace], Directory.GetFiles(_folder));
    }

    /// <summary>The format knows powers of two only; memalign rounds up to the next.</summary>
    [NativeFact]
    public void An_alignment_is_recorded_as_it_is_served()
    {
        _ = Record("endings", 3, "aligned");
        NativeTrace trace = NativeTrace.Read(Trace);
        Assert.Equal((64ul, 4096ul, 32ul), (trace.AlignmentOf(7001), trace.AlignmentOf(7002), trace.AlignmentOf(7003)));
    }

    /// <summary>The child's own log is made by calls that would end a thread that is to be cancelled, and the child with it.</summary>
    [NativeFact]
    public void A_child_of_a_thread_that_is_to_be_cancelled_goes_on()
    {
        _ = Record("endings", 3, "fork-cancelled");
        Assert.All(Directory.GetFiles(_folder), file => AssertTaken(NativeTrace.Read(file), TakenAtFirst));
        Assert.Equal(2, Directory.GetFiles(_folder).Length);
    }

    /// <summary>A relative name is of the folder where the program begins; a file may be no longer than the limit of the process.</summary>
    [NativeTheory]
    [InlineData("true", "folder")]
    [InlineData("ulimit -f 100000", "exit")]
    public void A_trace_is_written_under(string circumstance, string how)
    {
        string script = $"cd '{_folder}' && {circumstance} && HAKMEM_TRACE=trace.hkt.gz LD_PRELOAD='{Library}' exec '{NativeToolchain.Compiled("endings")}' {how}";
        NativeResult run = NativeProcess.Run("/bin/sh", ["-c", script], [], TimeSpan.FromMinutes(1));
        Assert.Equal((3, ""), (run.ExitCode, run.Error));
        Assert.Equal([Trace], Directory.GetFiles(_folder));
        AssertTaken(NativeTrace.Read(Trace), TakenAtFirst);
    }

    [NativeTheory]
    [InlineData("/proc/trace", "", "there can be no log beside it. Nothing is recorded.")]
    [InlineData("{folder}/is-a-folder", "", "that is no file. Nothing is recorded.")]
    [InlineData("{folder}/is-a-pipe", "mkfifo '{folder}/is-a-pipe' &&", "that is no file. Nothing is recorded.")]
    [InlineData("/dev/null", "", "that is no file. Nothing is recorded.")]
    [InlineData("{folder}/short", "ulimit -f 10 &&", "there can be no log beside it. Nothing is recorded.")]
    public void What_cannot_be_recorded_is_said_and_the_program_goes_on(string name, string circumstance, string reason)
    {
        _ = Directory.CreateDirectory(Path.Combine(_folder, "is-a-folder"));
        name = name.Replace("{folder}", _folder, StringComparison.Ordinal);
        circumstance = circumstance.Replace("{folder}", _folder, StringComparison.Ordinal);
        string script = $"{circumstance} HAKMEM_TRACE='{name}' LD_PRELOAD='{Library}' exec '{NativeToolchain.Compiled("endings")}' exit";
        NativeResult run = NativeProcess.Run("/bin/sh", ["-c", script.Trim()], [], TimeSpan.FromMinutes(1));
        Assert.Equal((3, $"hakmem: HAKMEM_TRACE, '{name}': {reason}\n"), (run.ExitCode, run.Error));
        Assert.DoesNotContain(Directory.GetFiles(_folder), file => !file.EndsWith("is-a-pipe", StringComparison.Ordinal));
    }

    /// <summary>Who starts a program that has more rights must not choose a file for it to write. The library is linked, since a foreign one would not be preloaded.</summary>
    [NativeFact(NativeNeed.SetGroup)]
    public void A_program_with_other_rights_reads_no_options()
    {
        string folder = Path.GetDirectoryName(Library)!, program = Path.Combine(folder, "linked");
        _ = Disassembly.Run(NativeToolchain.CCompiler!, "-fno-builtin", Path.Combine(NativeToolchain.Sources, "endings.c"), Library, $"-Wl,-rpath,{folder}", "-o", program);
        (string, string)[] options = [("HAKMEM_TRACE", Trace), ("HAKMEM_SHOW_STATS", "1"), ("HAKMEM_NONSENSE", "1")];

        Assert.True(NativeToolchain.TrySetGroup(program, out string secure));
        NativeResult run = NativeProcess.Run(secure, ["exit"], options, TimeSpan.FromMinutes(1));
        Assert.Equal((3, ""), (run.ExitCode, run.Error));
        Assert.Empty(Directory.GetFiles(_folder));

        run = NativeProcess.Run(program, ["exit"], options, TimeSpan.FromMinutes(1));
        Assert.Contains("HAKMEM_NONSENSE is no option", run.Error, StringComparison.Ordinal);
        AssertTaken(NativeTrace.Read(Trace), TakenAtFirst);
    }

    [NativeFact]
    public void The_counters_are_shown_with_the_statistics()
    {
        string shown = NativeProcess.Run(NativeToolchain.Compiled("endings"), ["exit"], [("LD_PRELOAD", Library), ("HAKMEM_SHOW_STATS", "1")], TimeSpan.FromMinutes(1)).Error;
        foreach (string title in new[] { "Counters", "Locks", "Sizes", "Page faults to come", "Warm pool" }) Assert.Matches($"\n\n{title}( |\n)", shown);
        Assert.InRange(long.Parse(Regex.Match(shown, @"\n  frees of blocks up to 32 KiB +(\d+)\n").Groups[1].Value, CultureInfo.InvariantCulture), TakenAtFirst / 2, TakenAtFirst);
        // Those of the first that the class has no slab for yet are of a larger class.
        Assert.Matches(@"\n        80 B +9\d\d +4\d\d +3\.0\n", shown);
        Assert.Matches(@"\n    hits +\d+ +\d+\.\d %\n", shown);
    }

    [NativeTheory(NativeNeed.CppCompiler)]
    [InlineData("replaced")]
    [InlineData("replaced-arrays")]
    public void A_programs_own_operators_are_called(string program) => _ = Record(program, 0, "all");

    /// <summary>The forms that record hand on who called them, too.</summary>
    [NativeTheory(NativeNeed.CppCompiler)]
    [InlineData("new_throws_in_a_plugin_with_a_cpp_library_of_its_own")]
    [InlineData("new_handlers_are_called_in_a_plugin_with_a_cpp_library_of_its_own")]
    public void New_throws_in_a_plugin(string name)
    {
        _ = NativeToolchain.Compiled("libcppstatic.so");
        _ = Record("plugin-host", 0, name);
    }

    private static void AssertTaken(NativeTrace trace, int blocks)
    {
        // The C library and the loader allocate a few blocks, too, of other sizes.
        Assert.Equal((ulong)blocks, trace.AllocsOf(77));
        Assert.Equal((ulong)blocks / 2, trace.FreesOf(77));
    }

    private NativeResult Record(string program, int exitCode, params string[] arguments)
    {
        NativeResult run = NativeProcess.Run(NativeToolchain.Compiled(program), arguments, [("LD_PRELOAD", Library), ("HAKMEM_TRACE", Trace)], TimeSpan.FromMinutes(1));
        Assert.True(run.ExitCode == exitCode, run.ToString());
        return run;
    }
}
