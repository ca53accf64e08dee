using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using static HakMem.Faults.DoubleFreeFaults;
using static HakMem.Faults.PointerFaults;

namespace HakMem.Faults;

/// <summary>Bad pointers given to the calls that read a block's size.</summary>
internal static unsafe class ReallocFaults
{
    private const nuint Large = 200_000, Big = 5 << 20;

    public static Dictionary<string, Action> Cases { get; } = new()
    {
        ["realloc-native"] = () => HakMemory.Realloc(Said(NativeMemory.Alloc(64)), 100),
        ["realloc-reserved"] = () => HakMemory.Realloc(Said((byte*)HakMemory.Alloc(64) + (512 << 20)), 100),
        ["realloc-interior-tiny"] = () => HakMemory.Realloc(Said(Own(64) + 16), 100),
        ["realloc-interior-mid"] = () => HakMemory.Realloc(Said(Own(20_000) + 4096), 100),
        ["realloc-interior-large"] = () => HakMemory.Realloc(Said((byte*)HakMemory.Alloc(Large) + 65536), 100),
        ["realloc-interior-big"] = () => HakMemory.Realloc(Said((byte*)HakMemory.Alloc(Big) + 4096), 100),
        ["realloc-other"] = () => HakMemory.Realloc(Said(OtherAllocator.Alloc(64)), 100),
        ["realloc-other-big"] = () => HakMemory.Realloc(Said(OtherAllocator.Alloc(Big)), 100),
        ["realloc-freed-large"] = () => HakMemory.Realloc(Freed(Large), 100),
        ["realloc-freed-big"] = () => HakMemory.Realloc(Freed(Big), 100),
        ["realloc-freed-tiny"] = () =>
        {
            // Moves, so the block is freed a second time and found at the flush.
            void* block = Said(Own(64));
            HakMemory.Free(block);
            HakMemory.Realloc(block, 5000);
            HakMemory.Trim();
        },
        ["aligned-realloc-interior"] = () => HakMemory.AlignedRealloc(Said(Own(64) + 16), 100, 256),
        ["aligned-free-interior"] = () =>
        {
            HakMemory.AlignedFree(Said((byte*)HakMemory.AlignedAlloc(Large, 4096) + 4096));
        },
        ["usable-native"] = () => HakMemory.UsableSize(Said(NativeMemory.Alloc(64))),
        ["usable-interior-tiny"] = () => HakMemory.UsableSize(Said(Own(64) + 16)),
        ["usable-interior-large"] = () => HakMemory.UsableSize(Said((byte*)HakMemory.Alloc(Large) + 16)),
        ["usable-interior-big"] = () => HakMemory.UsableSize(Said((byte*)HakMemory.Alloc(Big) + 4096)),
        ["usable-other"] = () => HakMemory.UsableSize(Said(OtherAllocator.Alloc(64))),
        ["usable-freed-large"] = () => HakMemory.UsableSize(Freed(Large)),
        ["usable-freed-big"] = () => HakMemory.UsableSize(Freed(Big)),
    };

    private static void* Freed(nuint size)
    {
        void* block = Said(HakMemory.Alloc(size));
        HakMemory.Free(block);
        return block;
    }
}
