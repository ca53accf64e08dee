using System;
using System.IO;
using HakMem.Preload.Tests.Programs;
using Xunit;

namespace HakMem.Preload.Tests.Shape;

/// <summary>Publishes the library with a property of its own, in folders of its own; one at a time, and after the library under test.</summary>
internal static class ExtraPublish
{
    public const string Name = "extra publish";

    /// <summary>The library's path, in <paramref name="folder"/>.</summary>
    public static string Make(string folder, string variant, string property)
    {
        _ = LibraryUnderTest.Path;   // two builds at once would write the same files
        NativeResult built = NativeProcess.Run(
            "dotnet",
            ["publish", Path.Combine(Repository.Root, "src", "HakMem.Preload"), "-c", "Release", property, $"-p:IntermediateOutputPath=obj/Release/{variant}/", $"-p:OutputPath=bin/Release/{variant}/", "-o", folder, "--nologo"],
            [("MSBUILDDISABLENODEREUSE", "1")],
            TimeSpan.FromMinutes(5));
        Assert.True(built.ExitCode == 0, built.ToString());
        return Path.Combine(folder, "libhakmem.so");
    }
}
