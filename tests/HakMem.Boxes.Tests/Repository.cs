using System;
using System.IO;

namespace HakMem.Boxes.Tests;

/// <summary>Where the sources are.</summary>
internal static class Repository
{
    public static string Root { get; } = Find();

    private static string Find()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder != null && !File.Exists(Path.Combine(folder.FullName, "HakMem.sln"))) folder = folder.Parent;
        return folder!.FullName;
    }
}
