using System;
using Xunit;

namespace HakMem.Preload.Tests.Programs;

/// <summary>Each wrong call ends the process by SIGABRT with one line that says what is wrong and names the address.</summary>
public sealed class MisuseTests
{
    public static TheoryData<string> Cases => NativeCases.Of("misuse.c");

    [NativeTheory]
    [MemberData(nameof(Cases))]
    public void EndsWithOneClearLine(string name)
    {
        NativeResult result = NativeCases.Run("misuse", name, TimeSpan.FromMinutes(1));
        Assert.True(result.ExitCode == NativeResult.Aborted, result.ToString());
        if (LibraryUnderTest.IsHakMem) Assert.Matches(@"\Ahakmem: [a-z ]+:? ?(at )?0x[0-9a-f]+\n\z", result.Error);
    }
}
