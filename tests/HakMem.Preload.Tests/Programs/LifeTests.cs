using System;
using Xunit;

namespace HakMem.Preload.Tests.Programs;

/// <summary>What a process goes through with the preloaded library: start, plugins, threads, forks, signals, limits, end.</summary>
public sealed class LifeTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    public static TheoryData<string> Cases => NativeCases.Of("life.c");

    public static TheoryData<string> ForkCases => NativeCases.Of("fork-handlers.c");

    [NativeTheory]
    [MemberData(nameof(Cases))]
    public void Preloaded(string name) => NativeCases.AssertPasses(NativeCases.Run("life", name, Patience));

    /// <summary>The C library passes, too: the cases ask for nothing that programs do not have today.</summary>
    [NativeTheory]
    [MemberData(nameof(ForkCases))]
    public void ForksAmongOthersLocks(string name)
    {
        NativeCases.AssertPasses(NativeCases.Run("fork-handlers", name, Patience));
        NativeCases.AssertPasses(NativeProcess.Run(NativeToolchain.Compiled("fork-handlers"), [name], [], Patience));
    }

    /// <summary>A library with constructors that allocate is initialized before the allocator, or after it.</summary>
    [NativeTheory]
    [InlineData(true)]
    [InlineData(false)]
    public void BesideALibraryThatAllocatesInItsConstructor(bool isFirst)
    {
        string program = NativeToolchain.CompiledWithLibraries("life"), early = NativeToolchain.Compiled("libearly.so");
        var environment = LibraryUnderTest.Preloaded(before: isFirst ? early : null, after: isFirst ? null : early);
        NativeCases.AssertPasses(NativeProcess.Run(program, ["calls_before_constructors", "key_destructors_run_many_rounds"], environment, Patience));
    }

    /// <summary>A library's <c>mmap</c> and its kin allocate, also in the allocator's own calls: of its constructor, or of the first allocation when a third library makes it.</summary>
    [NativeTheory]
    [InlineData(true, false)]
    [InlineData(false, false)]
    [InlineData(true, true)]
    public void BesideALibraryThatAllocatesInSystemCalls(bool isFirst, bool isEarly)
    {
        string wrappers = NativeToolchain.Compiled("libwrappers.so");
        string? early = isEarly ? NativeToolchain.Compiled("libearly.so") : null;
        var environment = LibraryUnderTest.Preloaded(before: isFirst ? wrappers : null, after: isFirst ? early : wrappers);
        NativeCases.AssertPasses(NativeProcess.Run("true", [], environment, Patience));
        NativeCases.AssertPasses(NativeProcess.Run(NativeToolchain.CompiledWithLibraries("life"), ["calls_before_constructors"], environment, Patience));
    }

    /// <summary>The library looks for the C library's <c>dlopen</c>, and a library before it that asks in its place would find the allocator's.</summary>
    [NativeTheory]
    [InlineData(true)]
    [InlineData(false)]
    public void BesideALibraryThatForwardsDlsym(bool isFirst)
    {
        string program = NativeToolchain.CompiledWithLibraries("life"), forwards = NativeToolchain.Compiled("libforwards.so");
        var environment = LibraryUnderTest.Preloaded(before: isFirst ? forwards : null, after: isFirst ? null : forwards);
        NativeCases.AssertPasses(NativeProcess.Run(program, ["plugins_open_with_a_scope_of_their_own"], environment, Patience));
    }

    /// <summary>Opened by <c>dlopen</c> in a process that runs on the C library's malloc, after threads were started and thread-local storage was taken.</summary>
    [NativeTheory]
    [InlineData("the_library_is_opened_late")]
    [InlineData("the_library_is_opened_late_and_global")]
    public void NotPreloaded(string name) =>
        NativeCases.AssertPasses(NativeProcess.Run(NativeToolchain.CompiledWithLibraries("life"), [name], [(LibraryUnderTest.Variable, LibraryUnderTest.Path)], Patience));
}
