using System;
using System.Runtime.InteropServices;

namespace HakMem.Tests.Support;

/// <summary>Windows as Wine makes it.</summary>
internal static class Wine
{
    /// <summary>Whether the process runs there. The JIT of .NET 10 fails on much of what it optimizes under Wine 8, and does without: its code says nothing.</summary>
    internal static bool IsHere { get; } = OperatingSystem.IsWindows() && NativeLibrary.TryLoad("ntdll", out nint ntdll) && NativeLibrary.TryGetExport(ntdll, "wine_get_version", out _);
}
