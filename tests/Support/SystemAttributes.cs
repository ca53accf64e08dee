using System;
using Xunit;

namespace HakMem.Tests.Support;

/// <summary>A fact about what only Linux does or tells, as <c>mremap</c> and <c>/proc</c>. Elsewhere it is skipped, visibly.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class LinuxFactAttribute : FactAttribute
{
    public LinuxFactAttribute()
    {
        if (!OperatingSystem.IsLinux()) Skip = Reason;
    }

    /// <summary>What a skipped test says.</summary>
    internal const string Reason = "asks what only Linux does or tells";
}

/// <summary>A theory of that kind.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class LinuxTheoryAttribute : TheoryAttribute
{
    public LinuxTheoryAttribute()
    {
        if (!OperatingSystem.IsLinux()) Skip = LinuxFactAttribute.Reason;
    }
}

/// <summary>A fact about what only Windows does.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class WindowsFactAttribute : FactAttribute
{
    public WindowsFactAttribute()
    {
        if (!OperatingSystem.IsWindows()) Skip = "asks what only Windows does";
    }
}

/// <summary>A fact that QEMU makes wrong: it answers the kernel's <c>madvise</c> without asking, and shortens no mapping.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class KernelFactAttribute : FactAttribute
{
    public KernelFactAttribute() => Skip = KernelTheoryAttribute.Reason;
}

/// <summary>A theory of that kind.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class KernelTheoryAttribute : TheoryAttribute
{
    public KernelTheoryAttribute() => Skip = Reason;

    internal static string? Reason => Emulation.Emulator == null ? null : "QEMU answers for the kernel";
}

/// <summary>A fact about a program's start by <c>dotnet</c> itself.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class HostFactAttribute : FactAttribute
{
    public HostFactAttribute()
    {
        if (Emulation.IsHosted) Skip = "programs are not started by dotnet here";
    }
}

/// <summary>A theory about what the kernel of Linux itself does, as with resource limits, which QEMU passes over.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class LinuxKernelTheoryAttribute : TheoryAttribute
{
    public LinuxKernelTheoryAttribute() => Skip = OperatingSystem.IsLinux() ? KernelTheoryAttribute.Reason : LinuxFactAttribute.Reason;
}
