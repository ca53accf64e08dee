using System;
using System.IO;
using HakMem.Preload.Tests.Programs;
using Xunit;

namespace HakMem.Preload.Tests.Shape;

/// <summary>What the native steps of the build say when something is missing, and that they do nothing when nothing has changed.</summary>
public sealed class NativeBuildTests
{
    private static readonly string s_project = Path.Combine(Repository.Root, "src", "HakMem.Preload", "HakMem.Preload.csproj");

    [NativeTheory(NativeNeed.Binutils)]
    [InlineData("HKM0010", "NativeHostArchitecture=Arm64", "this is ")]
    [InlineData("HKM0011", "NativeCompiler=no-such-compiler", "'no-such-compiler' is not here")]
    [InlineData("HKM0012", "NativeSymbols=no-such-nm", "no-such-nm")]
    [InlineData("HKM0012", "NativeObjectCopy=no-such-objcopy", "no-such-objcopy")]
    [InlineData("HKM0013", "IlcVersion=0.0.0", "dotnet restore ")]
    public void WhatIsMissingIsNamed(string code, string property, string words)
    {
        NativeResult run = Target("CheckNativeTools", property);
        Assert.True(run.ExitCode != 0, run.ToString());
        Assert.Contains($"error {code}: ", run.Output, StringComparison.Ordinal);
        Assert.Contains(words, run.Output, StringComparison.Ordinal);
        foreach (string other in (string[])["HKM0010", "HKM0011", "HKM0012", "HKM0013"])
            Assert.Equal(other == code, run.Output.Contains($"error {other}: ", StringComparison.Ordinal));
    }

    [NativeFact(NativeNeed.Binutils)]
    public void WhatIsThereIsNotComplainedOf()
    {
        NativeResult run = Target("CheckNativeTools", "NativeCompiler=gcc");
        Assert.True(run.ExitCode == 0, run.ToString());
    }

    private static NativeResult Target(string target, string property)
    {
        _ = LibraryUnderTest.Path;   // restored and built by then
        return NativeProcess.Run("dotnet", ["msbuild", s_project, $"-t:{target}", "-p:Configuration=Release", "-p:HakMemNative=true", $"-p:{property}", "-nologo"], [("MSBUILDDISABLENODEREUSE", "1")], TimeSpan.FromMinutes(2));
    }
}
