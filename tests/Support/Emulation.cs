using System;
using System.Reflection;
using System.Runtime.InteropServices;

namespace HakMem.Tests.Support;

/// <summary>Whether the system that the tests run on is one that another only plays (<c>tests/systems.sh</c>).</summary>
internal static class Emulation
{
    /// <summary>What starts programs of it, as <c>qemu-aarch64</c>; null where they start by themselves.</summary>
    internal static string? Emulator { get; } = Environment.GetEnvironmentVariable("HAKMEMTEST_EMULATOR");

    /// <summary>Windows as Wine makes it. The JIT of .NET 10 fails on much of what it optimizes under Wine 8, and does without: its code says nothing.</summary>
    internal static bool IsWine { get; } = OperatingSystem.IsWindows() && NativeLibrary.TryLoad("ntdll", out nint ntdll) && NativeLibrary.TryGetExport(ntdll, "wine_get_version", out _);

    /// <summary>Whether <c>HakMem.Systems</c> plays <c>dotnet</c>.</summary>
    internal static bool IsHosted { get; } = Assembly.GetEntryAssembly()?.GetName().Name == "HakMem.Systems";
}
