using System;
using System.Collections.Generic;
using HakMem.Boxes;

namespace HakMem;

/// <summary>What the loaded assembly was built as, and whether it is for this system. Properties, never constants: a program is compiled against one flavor and runs with another.</summary>
public static unsafe partial class HakMemory
{
    /// <summary>Whether the allocator is for the system that the program runs on: 64-bit Linux or Windows with memory pages of 4 KiB, on ARM64 of 4 to 64 KiB. Where it is false, the first use of what allocates throws <see cref="PlatformNotSupportedException"/> inside a <see cref="TypeInitializationException"/>.</summary>
    public static bool IsSupported => SystemSupport.IsSupported;

    /// <summary>The flavor of the default allocator that is loaded: <c>release</c>, <c>profile</c>, <c>debug</c> or <c>hardened</c>.</summary>
    public static string BuildFlavor => DefaultAllocator.BuildFlavor;

    /// <summary>
    /// The diagnostics and guards compiled into the default allocator that is loaded, by the names of their boxes in alphabetical order; empty for none. An allocator of
    /// one's own tells its own in a property of the same name.
    /// </summary>
    public static IReadOnlyList<string> Features => LoadedFeatures.Names;

    /// <summary>Made when first asked for, apart from everything that allocates.</summary>
    private static class LoadedFeatures
    {
        internal static readonly IReadOnlyList<string> Names = Array.AsReadOnly(DefaultAllocator.Features.Split(", ", StringSplitOptions.RemoveEmptyEntries));
    }
}
