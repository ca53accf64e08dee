using System;
using Xunit;

namespace HakMem.Preload.Tests.Programs;

/// <summary>Signal handlers that run inside the allocator, each time at the place where it matters: at the C library's functions that it calls (<c>interrupted.c</c>).</summary>
public sealed class InterruptedTests
{
    public static TheoryData<string> Cases => NativeCases.Of("interrupted.c");

    [NativeTheory]
    [MemberData(nameof(Cases))]
    public void Preloaded(string name) => NativeCases.AssertPasses(NativeCases.Run("interrupted", name, TimeSpan.FromMinutes(3)));
}
