using System.Runtime.CompilerServices;
using System.Threading;

namespace HakMem.Boxes;

/// <summary>
/// Box of layer Pages: who owns each chunk and which class of block it holds, as owner id (24 bits) and class (8 bits) in one word; 0 is
/// nobody. Written before any block of the chunk is handed out, and only when the chunk changes hands (invariant 3); read by every free.
/// </summary>
[Box(BoxLayer.Pages)]
public static unsafe class PageMap
{
    /// <summary>The chunk an address lies in; at or above <see cref="IAllocatorConfig.ChunkCount"/> when outside the reserved range.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static nuint ChunkOf<TConfig>(void* address)
        where TConfig : struct, IAllocatorConfig
        => ((nuint)address - (nuint)TConfig.Base) >> Chunk.Log2;

    /// <summary>The first byte of a chunk.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static byte* Address<TConfig>(uint chunk)
        where TConfig : struct, IAllocatorConfig
        => TConfig.Base + ((nuint)chunk << Chunk.Log2);

    /// <summary>The entry of a chunk inside the reserved range. The user's hand-over of the pointer orders this read after the write.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Get<TConfig>(nuint chunk)
        where TConfig : struct, IAllocatorConfig
        => TConfig.PageMap[chunk];

    /// <summary>Writes the entries of a run of chunks. Release: what was written before is seen by whoever reads the entry.</summary>
    public static void Set<TConfig>(uint firstChunk, uint chunks, uint entry)
        where TConfig : struct, IAllocatorConfig
    {
        uint* at = TConfig.PageMap + firstChunk;
        for (uint i = 0; i < chunks; i++) Volatile.Write(ref at[i], entry);
    }
}
