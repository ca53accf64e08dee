using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using HakMem.Bench.Commands;

namespace HakMem.Bench.Native;

/// <summary>An allocator that a C program can be made to use.</summary>
/// <param name="Name">Its name in tables.</param>
/// <param name="Library">The library to preload; null for the C library's own malloc, which needs none, and for the floor.</param>
internal sealed record PreloadedAllocator(string Name, string? Library)
{
    public const string GlibcName = "glibc";
    public const string HakMemName = "hakmem";

    /// <summary>Libraries to look for, by the beginning of the file's name. The first that the dynamic linker knows is taken.</summary>
    private static readonly (string Name, string[] Files)[] s_others =
    [
        ("mimalloc", ["libmimalloc.so"]),
        ("jemalloc", ["libjemalloc.so"]),
        ("tcmalloc", ["libtcmalloc_minimal.so", "libtcmalloc.so"]),
        ("snmalloc", ["libsnmallocshim.so"]),
        ("rpmalloc", ["librpmalloc.so", "librpmallocwrap.so"]),
        ("hoard", ["libhoard.so"]),
        ("scudo", ["libscudo.so"]),
    ];

    public static PreloadedAllocator Glibc { get; } = new(GlibcName, null);

    public static IReadOnlyList<string> KnownNames { get; } = [GlibcName, HakMemName, .. s_others.Select(other => other.Name)];

    /// <summary>Whether a file begins as an ELF file does.</summary>
    public static bool IsLibrary(string file)
    {
        using FileStream stream = File.OpenRead(file);
        Span<byte> magic = stackalloc byte[4];
        return stream.ReadAtLeast(magic, magic.Length, throwOnEndOfStream: false) == magic.Length && magic.SequenceEqual("\u007fELF"u8);
    }

    /// <summary>The other allocators that this machine's dynamic linker knows.</summary>
    public static IReadOnlyList<PreloadedAllocator> Installed() => InstalledAccordingTo(LinkerCache());

    /// <param name="cache">What <c>ldconfig -p</c> writes: a line for each library, <c>name (kind) => path</c>.</param>
    public static IReadOnlyList<PreloadedAllocator> InstalledAccordingTo(string cache)
    {
        (string Name, string Path)[] libraries = [.. from line in cache.Split('\n')
                                                     let arrow = line.IndexOf(" => ", StringComparison.Ordinal)
                                                     where arrow > 0 && line[..arrow].Contains("64", StringComparison.Ordinal) == Environment.Is64BitProcess
                                                     select (line.Trim().Split(' ')[0], line[(arrow + 4)..].Trim())];
        var found = new List<PreloadedAllocator>();
        foreach ((string name, string[] files) in s_others)
        {
            string? path = files.SelectMany(file => libraries.Where(library => library.Name.StartsWith(file, StringComparison.Ordinal))).Select(library => library.Path).FirstOrDefault();
            if (path is not null)
                found.Add(new PreloadedAllocator(name, path));
        }

        return found;
    }

    /// <summary>The published library of this repository, the release flavor first; null if there is none.</summary>
    public static string? PublishedHakMem() =>
        RepositoryFolder.Candidates("src", "HakMem.Preload", "bin", "Release")
            .SelectMany(folder => Directory.EnumerateFiles(folder, "libhakmem.so", SearchOption.AllDirectories))
            .Where(file => Path.GetFileName(Path.GetDirectoryName(file)) == "publish")
            .OrderByDescending(file => file.Contains("/release/", StringComparison.Ordinal))
            .FirstOrDefault();

    private static string LinkerCache()
    {
        string program = new[] { "/sbin/ldconfig", "/usr/sbin/ldconfig" }.FirstOrDefault(File.Exists) ?? "ldconfig";
        try
        {
            using Process process = Process.Start(new ProcessStartInfo(program, "-p") { RedirectStandardOutput = true, RedirectStandardError = true })!;
            string output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return output;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return "";   // no ldconfig: none is known
        }
    }
}
