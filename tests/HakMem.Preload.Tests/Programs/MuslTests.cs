using System;
using System.Collections.Generic;
using System.Linq;
using Xunit;

namespace HakMem.Preload.Tests.Programs;

/// <summary>The same library on musl, the C library of Alpine: the programs of the other classes, compiled for it.</summary>
public sealed class MuslTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    /// <summary>Cases that musl cannot do, or not with any allocator but its own; docs/preload.md says what follows from it.</summary>
    private static readonly HashSet<string> s_ofGlibc =
    [
        "calls_before_constructors",   // musl calls no .preinit_array
        "the_library_is_opened_late", "the_library_is_opened_late_and_global",   // and gives no library that is opened later thread-local storage at a place known before
        "a_thread_with_a_stream_allocates_while_another_flushes_all",   // its fork takes its own locks after the allocator's
    ];

    public static TheoryData<string, string> Cases
    {
        get
        {
            TheoryData<string, string> cases = [];
            foreach (string program in (string[])["interface", "life", "fork-handlers", "interrupted"])
            {
                foreach (string name in NativeCases.NamesIn(program + ".c").Where(static name => !s_ofGlibc.Contains(name))) cases.Add(program, name);
            }

            return cases;
        }
    }

    public static TheoryData<string> MisuseCases => NativeCases.Of("misuse.c");

    [NativeTheory(NativeNeed.MuslCompiler)]
    [MemberData(nameof(Cases))]
    public void Preloaded(string program, string name) => NativeCases.AssertPasses(NativeCases.RunOnMusl(program, [name], Patience));

    [NativeTheory(NativeNeed.MuslCompiler)]
    [MemberData(nameof(MisuseCases))]
    public void AWrongCallEndsWithOneClearLine(string name)
    {
        NativeResult result = NativeCases.RunOnMusl("misuse", [name], Patience);
        Assert.True(result.ExitCode == NativeResult.Aborted, result.ToString());
        if (LibraryUnderTest.IsHakMem) Assert.Matches(@"\Ahakmem: [a-z ]+:? ?(at )?0x[0-9a-f]+\n\z", result.Error);
    }

    [NativeTheory(NativeNeed.MuslCompiler)]
    [InlineData("give-back")]
    [InlineData("give-back-in-child")]
    public void FreedMemoryGoesBack(string when) => NativeCases.AssertPasses(NativeCases.RunOnMusl("memory", [when], Patience));

    [NativeFact(NativeNeed.MuslCompiler)]
    public void NoFaultInRandomCalls()
    {
        NativeResult result = NativeCases.RunOnMusl("fuzz", ["--seconds", "4", "--threads", "3", "--seed", "1"], Patience);
        NativeCases.AssertPasses(result);
        Assert.Contains("no fault", result.Output, StringComparison.Ordinal);
    }
}
