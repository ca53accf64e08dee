using System;
using Xunit;

namespace HakMem.Preload.Tests.Programs;

/// <summary>The whole C and C++ interface of the preloaded library, as glibc's manual pages and the C++ standard promise it.</summary>
public sealed class InterfaceTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    public static TheoryData<string> CCases => NativeCases.Of("interface.c");

    public static TheoryData<string> CppCases => NativeCases.Of("operators.cpp");

    public static TheoryData<string> ReplacedCases => NativeCases.Of("replaced.cpp");

    public static TheoryData<string> PluginCases => NativeCases.Of("plugin-host.c");

    [NativeTheory]
    [MemberData(nameof(CCases))]
    public void C(string name) => NativeCases.AssertPasses(NativeCases.Run("interface", name, Patience));

    [NativeTheory(NativeNeed.CppCompiler)]
    [MemberData(nameof(CppCases))]
    public void Cpp(string name) => NativeCases.AssertPasses(NativeCases.Run("operators", name, Patience));

    /// <summary>A program may replace some operators only; without the library the C++ library's own forms see to it.</summary>
    [NativeTheory(NativeNeed.CppCompiler)]
    [MemberData(nameof(ReplacedCases))]
    public void CppWithOperatorsOfItsOwn(string name)
    {
        NativeCases.AssertPasses(NativeCases.Run("replaced", name, Patience));
        NativeCases.AssertPasses(NativeProcess.Run(NativeToolchain.Compiled("replaced"), [name], [], Patience));
    }

    [NativeFact(NativeNeed.CppCompiler)]
    public void CppWithArrayOperatorsOfItsOwn()
    {
        NativeCases.AssertPasses(NativeCases.Run("replaced-arrays", "all", Patience));
        NativeCases.AssertPasses(NativeProcess.Run(NativeToolchain.Compiled("replaced-arrays"), ["all"], [], Patience));
    }

    /// <summary>A program may bring the basic functions only; what else takes their blocks leads there, as in the C library.</summary>
    [NativeFact]
    public void CWithAMallocOfItsOwn()
    {
        NativeCases.AssertPasses(NativeProcess.Run(NativeToolchain.Compiled("own-malloc"), [], [("LD_PRELOAD", LibraryUnderTest.Path)], Patience));
        NativeCases.AssertPasses(NativeProcess.Run(NativeToolchain.Compiled("own-malloc"), [], [], Patience));
    }

    /// <summary>The C++ library comes after the allocator, and its symbols are no program's but the plug-in's; or it is a part of the plug-in.</summary>
    [NativeTheory(NativeNeed.CppCompiler)]
    [MemberData(nameof(PluginCases))]
    public void CppInAPluginOfACProgram(string name)
    {
        _ = NativeToolchain.Compiled("libcppplugin.so");
        _ = NativeToolchain.Compiled("libcppstatic.so");
        NativeCases.AssertPasses(NativeCases.Run("plugin-host", name, Patience));
    }

    /// <summary>The C library itself passes but for the two functions of C23 that it lacks: the cases ask for nothing that programs do not have today.</summary>
    [NativeTheory]
    [MemberData(nameof(CCases))]
    public void TheCLibraryPassesToo(string name) => NativeCases.AssertPasses(NativeProcess.Run(NativeToolchain.Compiled("interface"), [name], [], Patience));

    [NativeTheory]
    [InlineData("malloc_small_and_large calloc_is_zero realloc_edges posix_memalign_rules every_way_to_free")]
    [InlineData("blocks_of_the_c_library malloc_info_is_xml malloc_stats_prints mallinfo_counts")]
    public void ManyCasesInOneProcess(string names) =>
        NativeCases.AssertPasses(NativeProcess.Run(NativeToolchain.Compiled("interface"), names.Split(' '), LibraryUnderTest.Preloaded(), Patience));

    /// <summary>Two million random calls; the C and C++ libraries' own forms pass, too.</summary>
    [NativeTheory(NativeNeed.CppCompiler)]
    [InlineData(true)]
    [InlineData(false)]
    public void EveryAlignedForm(bool preloaded) =>
        NativeCases.AssertPasses(NativeProcess.Run(NativeToolchain.Compiled("aligned"), ["two_million_calls"], preloaded ? LibraryUnderTest.Preloaded() : [], Patience));

    [NativeFact]
    public void BehindALibraryThatHandsOnMalloc()
    {
        string libraries = $"{NativeToolchain.Compiled("libcounting.so")} {LibraryUnderTest.Path}";
        NativeCases.AssertPasses(NativeProcess.Run(NativeToolchain.Compiled("interface"), ["malloc_small_and_large", "realloc_edges", "blocks_of_the_c_library"], [("LD_PRELOAD", libraries)], Patience));
    }

    [NativeFact]
    public void AnotherAllocatorIsNoticed()
    {
        NativeResult result = NativeProcess.Run(NativeToolchain.Compiled("interface"), ["malloc_too_large"], [("HAKMEMTEST_EXPECT", LibraryUnderTest.Path)], Patience);
        Assert.Equal(3, result.ExitCode);
        Assert.StartsWith("malloc is served by ", result.Error, StringComparison.Ordinal);
    }
}
