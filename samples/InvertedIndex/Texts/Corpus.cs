using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;

namespace InvertedIndexSample.Texts;

/// <summary>The files to be indexed.</summary>
internal static class Corpus
{
    private static readonly string[] Skipped = ["bin", "obj", ".git", "node_modules"];

    /// <summary>The folder of the repository this program lies in; the current folder when it lies in none.</summary>
    public static string DefaultFolder()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "HakMem.sln"))) return folder.FullName;
        }

        return Directory.GetCurrentDirectory();
    }

    /// <summary>Reads all files with one of the extensions below the folders, in the order of their paths. Files that may not be read are left out and counted.</summary>
    public static Document[] Read(IEnumerable<string> folders, IReadOnlyCollection<string> extensions, out int unreadable)
    {
        List<Document> documents = [];
        int failures = 0;
        foreach (string path in folders.SelectMany(Files).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal))
        {
            if (!extensions.Contains(Path.GetExtension(path), StringComparer.OrdinalIgnoreCase)) continue;
            try { documents.Add(new Document(path, File.ReadAllBytes(path))); }
            catch (Exception problem) when (problem is IOException or UnauthorizedAccessException) { failures++; }
        }

        unreadable = failures;
        return [.. documents];
    }

    private static IEnumerable<string> Files(string folder)
    {
        EnumerationOptions here = new() { IgnoreInaccessible = true };
        foreach (string file in Directory.EnumerateFiles(folder, "*", here)) yield return Path.GetFullPath(file);
        foreach (string inner in Directory.EnumerateDirectories(folder, "*", here))
        {
            // A link may lead back to a folder above.
            if (Skipped.Contains(Path.GetFileName(inner)) || new DirectoryInfo(inner).LinkTarget is not null) continue;
            foreach (string file in Files(inner)) yield return file;
        }
    }
}
