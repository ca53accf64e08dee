using System;
using Xunit;

namespace HakMem.Preload.Tests.Programs;

/// <summary>What a process keeps.</summary>
public sealed class MemoryTests
{
    /// <summary>Also in a forked child, which has none of its parent's other threads.</summary>
    [NativeTheory]
    [InlineData("give-back")]
    [InlineData("give-back-in-child")]
    public void FreedMemoryGoesBackDuringLightUse(string where) =>
        NativeCases.AssertPasses(NativeProcess.Run(NativeToolchain.Compiled("memory"), [where], LibraryUnderTest.Preloaded(), TimeSpan.FromMinutes(1)));
}
