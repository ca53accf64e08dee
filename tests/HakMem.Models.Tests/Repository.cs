using System;
using System.IO;
using Xunit;

[assembly: CollectionBehavior(DisableTestParallelization = true)]   // the stress test wants the processors for itself

namespace HakMem.Models.Tests;

/// <summary>Where the models and the sources they cite are.</summary>
internal static class Repository
{
    public static readonly string Root = FindRoot();

    public static readonly string Models = Path.Combine(Root, "tests", "HakMem.Models.Tests", "Models");

    private static string FindRoot()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder != null && !File.Exists(Path.Combine(folder, "HakMem.sln"))) folder = Path.GetDirectoryName(folder);
        return folder ?? throw new DirectoryNotFoundException("HakMem.sln is in no folder above the tests.");
    }
}
