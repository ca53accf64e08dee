using System;
using HakMem.Preload.Tests.Shape;
using Xunit;

namespace HakMem.Preload.Tests.Programs;

/// <summary>The flavors with guards and diagnostics run the same programs, and find wrong calls at once.</summary>
public sealed class FlavorTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(2);

    public static TheoryData<string, string> Misuses
    {
        get
        {
            TheoryData<string, string> all = [];
            foreach (string name in NativeCases.NamesIn("misuse.c"))
            {
                all.Add("debug", name);
                all.Add("hardened", name);
            }

            return all;
        }
    }

    /// <summary>Every function with its failures, on threads and in children.</summary>
    [NativeTheory(NativeNeed.CppCompiler)]
    [InlineData("debug", "interface", "all")]
    [InlineData("debug", "operators", "all")]
    [InlineData("hardened", "interface", "all")]
    [InlineData("hardened", "operators", "all")]
    [InlineData("debug", "life", "calls_before_constructors a_thousand_threads_at_once the_smallest_stack_suffices malloc_in_a_handler_with_threads")]
    [InlineData("hardened", "life", "calls_before_constructors a_thousand_threads_at_once the_smallest_stack_suffices malloc_in_a_handler_with_threads")]
    public void Runs(string flavor, string program, string cases)
    {
        foreach (string name in cases == "all" ? [cases] : cases.Split(' ')) NativeCases.AssertPasses(Run(flavor, program, [name]));
    }

    [NativeTheory]
    [InlineData("debug")]
    [InlineData("hardened")]
    public void NoFaultInRandomCallsOfThreads(string flavor) => NativeCases.AssertPasses(Run(flavor, "fuzz", ["--seconds", "2", "--threads", "4", "--seed", "3"]));

    /// <summary>The debug flavor tells of the abort, too.</summary>
    [NativeTheory]
    [MemberData(nameof(Misuses))]
    public void AWrongCallEndsWithOneClearLine(string flavor, string name)
    {
        NativeResult result = Run(flavor, "misuse", [name]);
        Assert.True(result.ExitCode == NativeResult.Aborted, result.ToString());
        Assert.Matches($@"\Ahakmem: [a-z ]+:? ?(at )?0x[0-9a-f]+\n{(flavor == "debug" ? "hakmem: SIGABRT\n" : "")}\z", result.Error);
    }

    /// <summary>In the wrong call itself, or when a block that was written is handed out again: the program ends with 7 soon after, before a flush.</summary>
    [NativeTheory]
    [InlineData("debug", "double_free", "double free of the block at {block}")]
    [InlineData("debug", "free_inside", "free of an address inside a block: ")]
    [InlineData("debug", "size_of_a_freed_block", "use of the freed block at {block}")]
    [InlineData("debug", "realloc_of_a_freed_block", "use of the freed block at {block}")]
    [InlineData("debug", "write_after_free", "write after free of the block at {block}")]
    [InlineData("hardened", "double_free", "double free of the block at {block}")]
    [InlineData("hardened", "free_inside", "free of an address inside a block: ")]
    [InlineData("hardened", "size_of_a_freed_block", "use of the freed block at {block}")]
    [InlineData("hardened", "realloc_of_a_freed_block", "use of the freed block at {block}")]
    public void AGuardFinds(string flavor, string wrong, string message)
    {
        NativeResult result = Run(flavor, "guards", [wrong]);
        Assert.True(result.ExitCode == NativeResult.Aborted, result.ToString());
        Assert.StartsWith("0x", result.Output, StringComparison.Ordinal);
        Assert.StartsWith("hakmem: " + message.Replace("{block}", result.Output.TrimEnd(), StringComparison.Ordinal), result.Error, StringComparison.Ordinal);
    }

    [NativeFact]
    public void WhatAHardenedBlockHeldIsGone() => NativeCases.AssertPasses(Run("hardened", "guards", ["read_after_free"]));

    /// <summary>Without guards each of these programs comes to its end, so that it is they who find.</summary>
    [NativeTheory]
    [InlineData("double_free")]
    [InlineData("free_inside")]
    [InlineData("write_after_free")]
    [InlineData("read_after_free")]
    public void TheReleaseHasNoGuards(string wrong)
    {
        if (!LibraryUnderTest.IsHakMem) return;
        NativeResult result = NativeCases.Run("guards", wrong, s_patience);
        Assert.True(result.ExitCode == 7, result.ToString());
    }

    private static NativeResult Run(string flavor, string program, string[] arguments)
    {
        string library = ExtraPublish.Of(flavor);
        return NativeProcess.Run(NativeToolchain.CompiledWithLibraries(program), arguments, [("LD_PRELOAD", library), ("HAKMEMTEST_EXPECT", library), (LibraryUnderTest.Variable, library)], s_patience);
    }
}
