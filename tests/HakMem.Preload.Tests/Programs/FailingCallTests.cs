using System;
using Xunit;

namespace HakMem.Preload.Tests.Programs;

/// <summary>Each mmap, mremap, mprotect and madvise fails in turn, alone or with all that follow: a good block or NULL with ENOMEM, never a crash, a hang or bad data.</summary>
public sealed class FailingCallTests
{
    [NativeTheory]
    [InlineData("one-thread", "once")]
    [InlineData("one-thread", "for-good")]
    [InlineData("threads", "once")]
    [InlineData("threads", "for-good")]
    public void EveryCallFails(string scenario, string mode) =>
        NativeCases.AssertPasses(NativeProcess.Run(NativeToolchain.Compiled("failing-calls"), [scenario, mode], LibraryUnderTest.Preloaded(), TimeSpan.FromMinutes(10)));
}
