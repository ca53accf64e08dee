using System;

namespace HakMem.Preload.Tests.Programs;

/// <summary>What a process keeps.</summary>
public sealed class MemoryTests
{
    [NativeFact]
    public void FreedMemoryGoesBackDuringLightUse() =>
        NativeCases.AssertPasses(NativeProcess.Run(NativeToolchain.Compiled("memory"), ["give-back"], LibraryUnderTest.Preloaded(), TimeSpan.FromMinutes(1)));
}
