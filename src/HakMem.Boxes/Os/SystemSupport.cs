using System;
using System.Runtime.InteropServices;

namespace HakMem.Boxes;

/// <summary>Which systems the boxes of layer Os are for. No box: under the .NET runtime alone, where there are others.</summary>
public static class SystemSupport
{
    /// <summary>Whether the process runs on one of them.</summary>
    public static unsafe bool IsSupported => Refusal(IsKnown, sizeof(nint), (int)OsPageBytes, "") == null;

    /// <summary>The bytes of the system's memory page.</summary>
    internal static readonly nuint OsPageBytes = (nuint)Environment.SystemPageSize;

    private static bool IsKnown => OperatingSystem.IsLinux() || OperatingSystem.IsWindows();

    /// <summary>What to tell of a system.</summary>
    /// <param name="known">Whether there is a box for its kind.</param>
    /// <param name="pointerBytes">The bytes of an address.</param>
    /// <param name="pageBytes">The bytes of a memory page.</param>
    /// <param name="description">The system's name and version.</param>
    /// <returns>A sentence or two for the exception; null when it is one of those.</returns>
    public static string? Refusal(bool known, int pointerBytes, int pageBytes, string description)
        => known && pointerBytes == 8 && pageBytes == (int)Chunk.OsPageBytes && pageBytes <= (int)Chunk.Bytes
            ? null
            : $"HakMem needs 64-bit Linux or Windows with memory pages of {Chunk.PageBytes} bytes, on ARM64 of up to {Chunk.Bytes}; this is {description} with {pointerBytes * 8}-bit addresses and pages of {pageBytes}. A program that runs on other systems, too, can use NativeMemory there.";

    /// <summary>Throws where it is another: else the first call would fail, but name a library, or a lack of memory.</summary>
    /// <exception cref="PlatformNotSupportedException">It is.</exception>
    internal static unsafe void Check()
    {
        if (!IsSupported) throw new PlatformNotSupportedException(Refusal(IsKnown, sizeof(nint), (int)OsPageBytes, RuntimeInformation.OSDescription));
    }
}

/// <content>The check.</content>
public static unsafe partial class LinuxMemory
{
    static partial void CheckSystem() => SystemSupport.Check();
}

/// <content>The check.</content>
public static unsafe partial class WindowsMemory
{
    static partial void CheckSystem() => SystemSupport.Check();
}

/// <content>The system's page.</content>
public static partial class Chunk
{
    static partial void AskOsPage(ref nuint bytes) => bytes = SystemSupport.OsPageBytes;
}
