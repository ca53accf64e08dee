using System;
using System.Collections.Generic;
using System.IO;
using HakMem.Preload.Tests.Programs;
using Xunit;

namespace HakMem.Preload.Tests.Shape;

/// <summary>The options in the environment of a program that has the library preloaded.</summary>
public sealed class OptionTests
{
    [NativeFact]
    public void Nothing_is_printed_when_nothing_is_wrong() => Assert.Equal("", ErrorOf(("HAKMEM_PURGE_DELAY", "20"), ("HAKMEM_SOFT_LIMIT", "512m"), ("HAKMEM_HUGE_PAGES", "Never"), ("HAKMEM_PURGE", "FALSE"), ("HAKMEM_HARD_LIMIT", " 8g "), ("HAKMEM_PREFAULT", " 0 "), ("HAKMEM_PRE_ZERO", "true")));

    [NativeTheory]
    [InlineData("HAKMEM_PURGE_DELAY", "soon", "hakmem: HAKMEM_PURGE_DELAY is 'soon'; it takes milliseconds from 0 to 3600000. It is ignored.\n")]
    [InlineData("HAKMEM_PURGE_DELAY", "3600001", "hakmem: HAKMEM_PURGE_DELAY is '3600001'; it takes milliseconds from 0 to 3600000. It is ignored.\n")]
    [InlineData("HAKMEM_HARD_LIMIT", "12X", "hakmem: HAKMEM_HARD_LIMIT is '12X'; it takes bytes, with K, M or G if you like, or none. It is ignored.\n")]
    [InlineData("HAKMEM_PREFAULT", "", "hakmem: HAKMEM_PREFAULT is ''; it takes true or false. It is ignored.\n")]
    [InlineData("HAKMEM_HUGE_PAGES", "1", "hakmem: HAKMEM_HUGE_PAGES is '1'; it takes system, never or always. It is ignored.\n")]
    public void A_bad_value_is_reported_once_and_ignored(string name, string value, string report) => Assert.Equal(report, ErrorOf((name, value)));

    [NativeFact]
    public void A_variable_that_is_no_option_is_reported() => Assert.StartsWith("hakmem: HAKMEM_PURGEDELAY is no option; known are HAKMEM_PURGE_DELAY, ", ErrorOf(("HAKMEM_PURGEDELAY", "5")));

    [NativeFact]
    public void Statistics_are_shown_at_exit() => Assert.Matches(@"\Ahakmem \S+ \(\w+\), process \d+\n  in use +\d+ bytes, \d+ blocks\n", ErrorOf(("HAKMEM_SHOW_STATS", "1")));

    /// <summary>A report is written to what was standard error, and to nothing that the program opened where it or its copy had been.</summary>
    [NativeTheory]
    [InlineData(3, 230, true)]
    [InlineData(3, 1100, true)]
    [InlineData(0, 230, false)]
    [InlineData(0, 1100, false)]
    public void Nothing_is_written_to_a_programs_files(int firstClosed, int files, bool isShown)
    {
        string folder = Directory.CreateTempSubdirectory("hakmem-files-").FullName;
        string[] arguments = [$"{firstClosed}", $"{files}", folder];
        NativeResult result = NativeProcess.Run(NativeToolchain.Compiled("descriptors"), arguments, [.. LibraryUnderTest.Preloaded(), ("HAKMEM_SHOW_STATS", "1")], TimeSpan.FromMinutes(1));
        Assert.True(result.ExitCode == 0, result.ToString());
        Assert.All(Directory.GetFiles(folder), file => Assert.Equal(0, new FileInfo(file).Length));
        Assert.InRange(Directory.GetFiles(folder).Length, 200, files);
        Assert.Equal(isShown, result.Error.StartsWith("hakmem ", StringComparison.Ordinal));
        Directory.Delete(folder, recursive: true);
    }

    [NativeTheory]
    [InlineData("exec 200>/dev/null; echo text >&200; test -e /proc/self/fd/200")]
    [InlineData("exec 255>/dev/null; echo text >&255; test -e /proc/self/fd/255")]
    public void A_shells_own_descriptors_stay(string script) => Assert.StartsWith("hakmem ", ErrorOfShell(script, ("HAKMEM_SHOW_STATS", "1")));

    [NativeTheory]
    [InlineData(1024)]
    [InlineData(128)]
    [InlineData(20)]
    public void Statistics_are_shown_where_descriptors_are_few(int most) => Assert.StartsWith("hakmem ", ErrorOfShell($"ulimit -n {most}; exec /bin/ls /", ("HAKMEM_SHOW_STATS", "1")));

    /// <summary>What the library did before is none of the program's failures, also when it could not say what is wrong.</summary>
    [NativeTheory]
    [InlineData("HAKMEM_PURGE_DELAY=soon")]
    [InlineData("HAKMEM_SHOW_STATS=1")]
    public void A_program_begins_without_an_error(string option) => Assert.Equal("", ErrorOfShell($"{option} exec '{NativeToolchain.Compiled("life")}' errno_is_zero_at_first 2>&-"));

    /// <summary>Standard error may be a pipe that nobody reads any more, or a file that may not get longer: a report is lost then, and the program is not ended for it.</summary>
    [NativeTheory]
    [InlineData("pipe", "HAKMEM_PURGE_DELAY", "soon")]
    [InlineData("pipe", "HAKMEM_NONSENSE", "1")]
    [InlineData("pipe", "HAKMEM_SHOW_STATS", "1")]
    [InlineData("file", "HAKMEM_PURGE_DELAY", "soon")]
    [InlineData("file", "HAKMEM_SHOW_STATS", "1")]
    public void A_report_that_nobody_can_read_ends_no_program(string errors, string option, string value)
    {
        NativeResult result = NativeProcess.Run(NativeToolchain.Compiled("unread"), [errors, "/bin/ls", "/"], [("UNREAD_PRELOAD", LibraryUnderTest.Path), (option, value)], TimeSpan.FromMinutes(1));
        NativeCases.AssertPasses(result);
    }

    [NativeFact]
    public void A_fatal_error_that_nobody_can_read_is_an_abort()
    {
        string[] arguments = ["pipe", NativeToolchain.Compiled("misuse"), "free_of_the_stack"];
        NativeResult result = NativeProcess.Run(NativeToolchain.Compiled("unread"), arguments, [("UNREAD_PRELOAD", LibraryUnderTest.Path)], TimeSpan.FromMinutes(1));
        Assert.True(result.ExitCode == NativeResult.Aborted, result.ToString());
    }

    [NativeTheory]
    [InlineData("pipe")]
    [InlineData("file")]
    public void A_report_that_nobody_can_read_leaves_the_programs_signals_alone(string errors) =>
        NativeCases.AssertPasses(NativeProcess.Run(NativeToolchain.Compiled("unread"), [errors], LibraryUnderTest.Preloaded(), TimeSpan.FromMinutes(1)));

    private static string ErrorOfShell(string script, params (string, string)[] options)
    {
        NativeResult result = NativeProcess.Run("bash", ["-c", script], [.. LibraryUnderTest.Preloaded(), .. options], TimeSpan.FromMinutes(1));
        Assert.True(result.ExitCode == 0, result.ToString());
        return result.Error;
    }

    private static string ErrorOf(params (string, string)[] options)
    {
        List<(string, string)> environment = [.. LibraryUnderTest.Preloaded(), .. options];
        NativeResult result = NativeProcess.Run("/bin/ls", ["/"], environment, TimeSpan.FromMinutes(1));
        Assert.True(result.ExitCode == 0, result.ToString());
        return result.Error;
    }
}
