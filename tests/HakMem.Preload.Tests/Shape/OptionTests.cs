using System;
using System.Collections.Generic;
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

    private static string ErrorOf(params (string, string)[] options)
    {
        List<(string, string)> environment = [.. LibraryUnderTest.Preloaded(), .. options];
        NativeResult result = NativeProcess.Run("/bin/ls", ["/"], environment, TimeSpan.FromMinutes(1));
        Assert.True(result.ExitCode == 0, result.ToString());
        return result.Error;
    }
}
