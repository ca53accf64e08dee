using System.Runtime;
using HakMem.Boxes;
using static HakMem.Preload.PreloadAllocator;

namespace HakMem.Preload;

/// <summary>
/// <c>malloc_object_size</c>: how many bytes lie between an address and the end of the block it is in, for checks at run time of what the compiler cannot bound. Unlike
/// <c>malloc_usable_size</c> it takes any address: inside a block, or of no allocator at all.
/// </summary>
internal static unsafe class ObjectSizeExport
{
    /// <summary>The bytes from the address to the end of its block; 0 of null; the largest number when nothing is known of the address.</summary>
    [RuntimeExport("hm_malloc_object_size")]
    private static nuint ObjectSize(void* address, ThreadHeap* heap)
    {
        if (address == null) return 0;
        nuint chunk = PageMap.ChunkOf<Config>(address);
        if (chunk >= Config.ChunkCount) return BigObjectSize((byte*)address, heap);
        uint sizeClass = (byte)Config.PageMap[chunk];
        nuint offset = (nuint)address - (nuint)Config.Base;
        if (sizeClass is > 0 and < SizeClasses.Count)
        {
            SizeClass* info = Config.Classes + sizeClass;
            nuint inSlab = offset & info->SlabMask;
            nuint index = inSlab / info->SizeBytes;
            return index < info->Blocks ? ((index + 1) * info->SizeBytes) - inSlab : 0;
        }

        for (nuint first = chunk; ; first--)
        {
            uint kind = (byte)Config.PageMap[first];
            if (kind == SizeClasses.LargeHead) return (first << Chunk.Log2) + Config.UsableLarge((uint)first) - offset;
            if (kind != SizeClasses.LargeInterior || first == 0) return nuint.MaxValue;
        }
    }

    // Nothing is known in a thread that is inside the allocator.
    private static nuint BigObjectSize(byte* address, ThreadHeap* heap)
    {
        SlowPath path = default;
        SpaceState* space = Config.Space;
        if (space == null || !path.TryEnter(heap)) return nuint.MaxValue;
        SpinLock.Enter<Config>(&space->BigLock);
        BigBlock* entry = SpaceState.FindBig(space, address);
        if (entry == null) entry = SpaceState.FindBigAround(space, address);
        nuint bytes = entry == null ? nuint.MaxValue : entry->Bytes - (nuint)(address - entry->Start);
        SpinLock.Exit<Config>(&space->BigLock);
        path.Leave();
        return bytes;
    }
}
