using System;
using Xunit;

namespace HakMem.Preload.Tests.Programs;

/// <summary>What a process keeps.</summary>
public sealed class MemoryTests
{
    /// <summary>Also in a forked child, which has none of its parent's other threads; also when no call misses.</summary>
    [NativeTheory]
    [InlineData("give-back")]
    [InlineData("give-back-in-child")]
    [InlineData("give-back-by-hits")]
    public void FreedMemoryGoesBackDuringLightUse(string where) => AssertPasses(where);

    /// <summary>The last call of the process may be for long that of a thread that ends.</summary>
    [NativeFact]
    public void FreedMemoryGoesBackWhenThreadsEnd() => AssertPasses("give-back-at-end");

    /// <summary>A small program, too, may need its memory for something else.</summary>
    [NativeFact]
    public void WhatAWorkerHadGoesBackAtItsEnd() => AssertPasses("give-back-of-one");

    /// <summary>A process at rest makes no call that could look at a clock.</summary>
    [NativeFact]
    public void BigBlocksGoBackAtOnce() => AssertPasses("give-back-big");

    [NativeFact]
    public void ABufferThatGrowsByCopiesTakesLittleMore() => AssertPasses("grow-by-copy");

    [NativeFact]
    public void SmallBlocksThatThreadsLeaveTakeLittleRoom() => AssertPasses("leave-small");

    private static void AssertPasses(string what) =>
        NativeCases.AssertPasses(NativeProcess.Run(NativeToolchain.Compiled("memory"), [what], LibraryUnderTest.Preloaded(), TimeSpan.FromMinutes(1)));
}
