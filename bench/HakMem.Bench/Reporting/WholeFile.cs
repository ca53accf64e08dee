using System;
using System.IO;

namespace HakMem.Bench.Reporting;

/// <summary>A result's file: written beside its place and then renamed, so that there is never half of one. Pipes and devices have no such place and are written to directly.</summary>
internal static class WholeFile
{
    private static readonly string[] s_noFilesIn = ["/dev/", "/proc/"];

    /// <summary>Finds out whether <see cref="Write"/> will be able to, and leaves everything as it was.</summary>
    public static void Probe(string file)
    {
        if (Place(file) is not { } place)
        {
            File.Open(file, FileMode.Open, FileAccess.Write).Dispose();
            return;
        }

        string beside = Beside(place);
        try
        {
            File.Open(beside, FileMode.CreateNew, FileAccess.Write).Dispose();
            File.Delete(beside);
        }
        catch (FileNotFoundException problem)   // what a folder of the kernel's says
        {
            throw new IOException($"No file can be made in '{Path.GetDirectoryName(place)}'.", problem);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw Named(problem, beside, place);
        }
    }

    public static void Write(string file, ReadOnlySpan<byte> contents)
    {
        if (Place(file) is not { } place)
        {
            using FileStream direct = File.Create(file);
            direct.Write(contents);
            return;
        }

        string beside = Beside(place);
        try
        {
            File.WriteAllBytes(beside, contents);
            File.Move(beside, place, overwrite: true);
        }
        catch (Exception problem)
        {
            if (File.Exists(beside))   // else its folder is gone
                File.Delete(beside);
            if (problem is not (IOException or UnauthorizedAccessException))
                throw;
            throw Named(problem, beside, place);
        }
    }

    /// <summary>Where the file itself is, behind all links; null if it is a pipe or a device. One that is there can be written.</summary>
    private static string? Place(string file)
    {
        string full = Path.GetFullPath(file);
        if (Array.Exists(s_noFilesIn, folder => full.StartsWith(folder, StringComparison.Ordinal)) && File.Exists(full))
            return null;
        if (new FileInfo(full) is { LinkTarget: not null } link)
            return Place(link.ResolveLinkTarget(returnFinalTarget: true)!.FullName);
        if (!File.Exists(full))
            return full;
        using FileStream existing = File.Open(full, FileMode.Open, FileAccess.Write);
        return existing.CanSeek ? full : null;
    }

    /// <summary>The same problem with the file's own name: the one beside it is unknown to the user.</summary>
    private static IOException Named(Exception problem, string beside, string place) => new(problem.Message.Replace(beside, place, StringComparison.Ordinal), problem);

    private static string Beside(string place) => $"{place}.{Environment.ProcessId}.part";
}
