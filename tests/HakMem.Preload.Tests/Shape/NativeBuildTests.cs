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

    /// <summary>A second build makes nothing; one after a change makes what depends on it, and no more.</summary>
    [NativeFact(NativeNeed.Binutils)]
    public void NothingIsMadeAgainWhenNothingHasChanged()
    {
        string folder = Directory.CreateTempSubdirectory("hakmem-native-").FullName;
        try
        {
            string compiled = Path.Combine(folder, "managed.o"), linked = Path.Combine(folder, "libhakmem.so");
            (DateTime Compiled, DateTime Linked) Made()
            {
                NativeResult run = Target("LinkNative", $"NativeObjects={folder}/");
                Assert.True(run.ExitCode == 0, run.ToString());
                return (File.GetLastWriteTimeUtc(compiled), File.GetLastWriteTimeUtc(linked));
            }

            (DateTime Compiled, DateTime Linked) first = Made();
            Assert.True(File.Exists(compiled) && File.Exists(linked));
            Assert.Equal(first, Made());
            File.SetLastWriteTimeUtc(Path.Combine(folder, "hot-free.o"), DateTime.UtcNow);
            (DateTime Compiled, DateTime Linked) second = Made();
            Assert.Equal(first.Compiled, second.Compiled);
            Assert.True(second.Linked > first.Linked);
            File.Delete(compiled);
            Assert.True(Made().Compiled > first.Compiled);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>What a failed step left is not taken for done by the next build.</summary>
    [NativeTheory(NativeNeed.Binutils)]
    [InlineData("--rename-section", "managed.o")]
    [InlineData("--strip-symbol", "libhakmem.so")]
    [InlineData("--redefine-syms", "libhakmem.so")]
    public void AfterAFailedStepTheNextBuildGoesOn(string step, string product)
    {
        string folder = Directory.CreateTempSubdirectory("hakmem-native-").FullName;
        try
        {
            string failing = Path.Combine(folder, "failing-objcopy");
            File.WriteAllText(failing, $"#!/bin/sh\ncase \"$*\" in *{step}*) exit 3;; esac\nexec objcopy \"$@\"\n");
            Assert.Equal(0, NativeProcess.Run("chmod", ["+x", failing], [], TimeSpan.FromMinutes(1)).ExitCode);
            NativeResult failed = Target("LinkNative", $"NativeObjects={folder}/;NativeObjectCopy={failing}");
            Assert.True(failed.ExitCode != 0, failed.ToString());
            Assert.False(File.Exists(Path.Combine(folder, product)));
            NativeResult run = Target("LinkNative", $"NativeObjects={folder}/");
            Assert.True(run.ExitCode == 0, run.ToString());
            Assert.Equal(new FileInfo(LibraryUnderTest.Path).Length, new FileInfo(Path.Combine(folder, "libhakmem.so")).Length);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static NativeResult Target(string target, string property)
    {
        _ = LibraryUnderTest.Path;   // restored and built by then
        return NativeProcess.Run("dotnet", ["msbuild", s_project, $"-t:{target}", "-p:Configuration=Release", "-p:HakMemNative=true", $"-p:{property}", "-nologo"], [("MSBUILDDISABLENODEREUSE", "1")], TimeSpan.FromMinutes(2));
    }
}
