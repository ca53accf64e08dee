using System.Collections.Generic;
using System.Linq;

namespace HakMem.Bench.Allocators;

/// <summary>All allocators the harness knows, in the order in which tables show them.</summary>
internal static class AllocatorCatalog
{
    /// <summary>The floor: its time and memory are the harness's own.</summary>
    public const string FloorName = "null";

    /// <summary>The one that others are compared with.</summary>
    public const string PeerName = "mimalloc-sgt";

    public static IReadOnlyList<AllocatorEntry> All { get; } =
    [
        new AllocatorEntry<HakMemAllocator>("hakmem", "HakMem by its public API"),
        new AllocatorEntry<NativeAllocator>("native", "System.Runtime.InteropServices.NativeMemory"),
        new AllocatorEntry<MimallocAllocator>("mimalloc", "mimalloc by P/Invoke", MimallocAbsence),
        new AllocatorEntry<MimallocSgtAllocator>("mimalloc-sgt", "mimalloc by P/Invoke with SuppressGCTransition", MimallocAbsence),
        new FloorEntry(FloorName, "no allocator: the harness's own time and memory, the floor to subtract"),
    ];

    public static AllocatorEntry Floor => All.First(entry => entry.Name == FloorName);

    public static AllocatorEntry? Find(string name) => All.FirstOrDefault(entry => entry.Name == name);

    private static string? MimallocAbsence() =>
        MimallocLibrary.IsPresent ? null : $"mimalloc is not on this machine (none of {string.Join(", ", MimallocLibrary.Names)}; Debian: apt install libmimalloc2.0)";
}
