using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using HakMem.Preload.Tests.Shape;
using Xunit;

namespace HakMem.Preload.Tests.Programs;

/// <summary>The whole interface under valgrind, which must find nothing; and that it is the whole.</summary>
public sealed class ValgrindTests
{
    // Leaves out what cannot hold there (check.h).
    private static readonly (string, string) s_valgrind = ("HAKMEMTEST_VALGRIND", "1");

    /// <summary>Every case: all functions with their failures, on threads and in children.</summary>
    [NativeTheory(NativeNeed.Valgrind, NativeNeed.CppCompiler)]
    [InlineData("interface")]
    [InlineData("operators")]
    public void UnderValgrind(string program)
    {
        string[] options = ["-q", "--soname-synonyms=somalloc=nouserintercepts", "--error-exitcode=99", NativeToolchain.Compiled(program), "all"];
        NativeResult result = NativeProcess.Run("valgrind", options, [.. LibraryUnderTest.Preloaded(), s_valgrind], TimeSpan.FromMinutes(5));
        NativeCases.AssertPasses(result);
        Assert.DoesNotContain("==", result.Error, StringComparison.Ordinal);   // what it says of a child, whose exit code is another
    }

    [NativeFact(NativeNeed.Binutils, NativeNeed.CppCompiler)]
    public void EveryFunctionIsCalledByTheCasesUnderValgrind()
    {
        if (!LibraryUnderTest.IsHakMem) return;   // others have functions of their own
        string[] offered = [.. Disassembly.Run("nm", "-D", "--defined-only", LibraryUnderTest.Path).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(' ')[^1])];
        HashSet<string> called = [.. CalledBy("interface", offered), .. CalledBy("operators", offered)];
        Assert.NotEmpty(offered);
        Assert.Empty(offered.Except(called));
    }

    [NativeFact(NativeNeed.Binutils)]
    public void AFunctionThatNobodyCallsIsNoticed() =>
        Assert.Equal(["hakmem_version"], CalledBy("interface", ["hakmem_version", "hakmem_heap_new"], "the_version_is_text"));

    private static string[] CalledBy(string program, string[] functions, string name = "all")
    {
        string told = Path.GetTempFileName();
        (string, string)[] environment = [s_valgrind, ("HAKMEMTEST_FUNCTIONS", string.Join(' ', functions)), ("HAKMEMTEST_CALLED", told)];
        NativeCases.AssertPasses(NativeProcess.Run(NativeToolchain.Compiled(program), [name], [.. LibraryUnderTest.Preloaded(NativeToolchain.Compiled("libcalled.so")), .. environment], TimeSpan.FromMinutes(1)));
        string[] called = File.ReadAllLines(told);
        File.Delete(told);
        return called;
    }
}
