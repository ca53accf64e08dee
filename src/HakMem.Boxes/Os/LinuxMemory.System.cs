using System;
using System.Runtime.InteropServices;

namespace HakMem.Boxes;

/// <content>Which systems it is for: under the .NET runtime alone.</content>
public static unsafe partial class LinuxMemory
{
    /// <summary>Whether the process runs on a system that this box is for.</summary>
    public static bool IsSupported => Unsupported(OperatingSystem.IsLinux(), sizeof(nint), Environment.SystemPageSize, "") == null;

    /// <summary>What to tell of a system that this box is not for.</summary>
    /// <param name="linux">Whether it is Linux.</param>
    /// <param name="pointerBytes">The bytes of an address.</param>
    /// <param name="pageBytes">The bytes of a memory page.</param>
    /// <param name="description">The system's name and version.</param>
    /// <returns>A sentence or two for the exception; null when it is one of those the box is for.</returns>
    public static string? Unsupported(bool linux, int pointerBytes, int pageBytes, string description)
        => linux && pointerBytes == 8 && pageBytes == (int)Chunk.OsPageBytes
            ? null
            : $"HakMem needs 64-bit Linux with memory pages of {Chunk.OsPageBytes} bytes; this is {description} with {pointerBytes * 8}-bit addresses and pages of {pageBytes}. A program that runs on other systems, too, can use NativeMemory there.";

    // Elsewhere the first call would fail, but name a library, or a lack of memory.
    static partial void CheckSystem()
    {
        if (!IsSupported) throw new PlatformNotSupportedException(Unsupported(OperatingSystem.IsLinux(), sizeof(nint), Environment.SystemPageSize, RuntimeInformation.OSDescription));
    }
}
