using System;
using System.Collections.Generic;
using System.IO;
using System.Threading;
using HakMem.Preload.Tests.Programs;
using Xunit;

namespace HakMem.Preload.Tests.Shape;

/// <summary>Publishes the library in another flavor, each once for all tests, in folders of its own; one at a time, and after the library under test.</summary>
internal static class ExtraPublish
{
    private static readonly Dictionary<string, Lazy<string>> s_published = new()
    {
        ["profile"] = new(() => Make("profile")),
        ["debug"] = new(() => Make("debug")),
        ["hardened"] = new(() => Make("hardened")),
    };

    private static readonly Lock s_one = new();

    /// <summary>The path of the library of a flavor.</summary>
    public static string Of(string flavor) => s_published[flavor].Value;

    private static string Make(string flavor)
    {
        _ = LibraryUnderTest.Path;   // two builds at once would write the same files
        lock (s_one)
        {
            string folder = Directory.CreateTempSubdirectory($"hakmem-{flavor}-").FullName;
            AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(folder, recursive: true);
            NativeResult built = NativeProcess.Run(
                "dotnet",
                ["publish", Path.Combine(Repository.Root, "src", "HakMem.Preload"), "-c", "Release", $"-p:HakMemBuildFlavor={flavor}", $"-p:IntermediateOutputPath=obj/Release/{flavor}-under-test/", $"-p:OutputPath=bin/Release/{flavor}-under-test/", "-o", folder, "--nologo"],
                [("MSBUILDDISABLENODEREUSE", "1")],
                TimeSpan.FromMinutes(5));
            Assert.True(built.ExitCode == 0, built.ToString());
            return Path.Combine(folder, "libhakmem.so");
        }
    }
}
