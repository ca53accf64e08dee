using System;
using Xunit;

namespace HakMem.Tests.Support;

/// <summary>What a test needs of the system that it runs on. Without it the test is skipped, visibly.</summary>
[Flags]
internal enum SystemNeeds
{
    /// <summary>Linux: the test is about what only Linux does or tells, as <c>mremap</c> and <c>/proc</c>.</summary>
    Linux = 1,

    /// <summary>Windows: the test is about what only Windows does.</summary>
    Windows = 2,

    /// <summary>The system's own kernel. QEMU answers <c>madvise</c> without asking, shortens no mapping and passes resource limits over.</summary>
    Kernel = 4,

    /// <summary>Programs that <c>dotnet</c> starts.</summary>
    Dotnet = 8,

    /// <summary>Memory pages of 4 KiB: the test has figures that are exact to the page, or places that are.</summary>
    SmallPages = 16,
}

/// <summary>A fact that needs something of the system.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class SystemFactAttribute : FactAttribute
{
    public SystemFactAttribute(SystemNeeds needs) => Skip = Missing(needs);

    /// <summary>What is missing here; null for nothing.</summary>
    internal static string? Missing(SystemNeeds needs)
        => needs.HasFlag(SystemNeeds.Linux) && !OperatingSystem.IsLinux() ? "asks what only Linux does or tells"
        : needs.HasFlag(SystemNeeds.Windows) && !OperatingSystem.IsWindows() ? "asks what only Windows does"
        : needs.HasFlag(SystemNeeds.Kernel) && Emulation.Emulator != null ? "QEMU answers for the kernel"
        : needs.HasFlag(SystemNeeds.Dotnet) && Emulation.IsHosted ? "programs are not started by dotnet here"
        : needs.HasFlag(SystemNeeds.SmallPages) && Environment.SystemPageSize != 4096 ? "its figures are for pages of 4 KiB"
        : null;
}

/// <summary>A theory of that kind.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class SystemTheoryAttribute : TheoryAttribute
{
    public SystemTheoryAttribute(SystemNeeds needs) => Skip = SystemFactAttribute.Missing(needs);
}
