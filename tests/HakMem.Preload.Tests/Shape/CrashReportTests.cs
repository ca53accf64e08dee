using System;
using HakMem.Preload.Tests.Programs;
using Xunit;

namespace HakMem.Preload.Tests.Shape;

/// <summary>The reports of crashes, which the debug flavor holds: one line for each signal, then the handler that was there before, or the system.</summary>
public sealed class CrashReportTests
{
    private const int SegmentationFault = 139, Abort = 134;   // as a shell has them

    [NativeFact]
    public void A_crash_is_told_and_handed_on()
    {
        string library = ExtraPublish.Of("debug");

        AssertEnds(library, "null", SegmentationFault, "hakmem: SIGSEGV at address 0x8, not in the allocator's range\n");
        AssertEnds(library, "poisoned", SegmentationFault, "hakmem: SIGSEGV at an unknown address that is not canonical, or misaligned for its instruction\n");
        AssertEnds(library, "block", SegmentationFault, ", byte 5 of a block of 1024 bytes\n");
        AssertEnds(library, "abort", Abort, "hakmem: SIGABRT\n");
        AssertEnds(library, "sent", SegmentationFault, "hakmem: SIGSEGV\n");
        NativeResult replaced = AssertEnds(library, "replaced", 3, "");
        Assert.Equal("own handler\n", replaced.Output);
        string ignoring = $"trap '' SEGV ABRT BUS; LD_PRELOAD='{library}' exec '{NativeToolchain.Compiled("crash")}' ignored";
        Assert.Equal(3, NativeProcess.Run("/bin/sh", ["-c", ignoring], [], TimeSpan.FromMinutes(1)).ExitCode);
        NativeResult chained = NativeProcess.Run(NativeToolchain.Compiled("crash"), ["chained", library], [], TimeSpan.FromMinutes(1));
        Assert.Equal((3, "own handler\n"), (chained.ExitCode, chained.Output));
        Assert.Contains("hakmem: SIGSEGV at address 0x8, not in the allocator's range\n", chained.Error, StringComparison.Ordinal);
    }

    [NativeFact]
    public void The_release_sets_no_handler()
        => Assert.DoesNotContain("hakmem", AssertEnds(LibraryUnderTest.Path, "null", SegmentationFault, "").Error, StringComparison.Ordinal);

    private static NativeResult AssertEnds(string library, string way, int exitCode, string line)
    {
        NativeResult run = NativeProcess.Run(NativeToolchain.Compiled("crash"), [way], [("LD_PRELOAD", library)], TimeSpan.FromMinutes(1));
        Assert.True(run.ExitCode == exitCode && run.Error.Contains(line, StringComparison.Ordinal), run.ToString());
        return run;
    }
}
