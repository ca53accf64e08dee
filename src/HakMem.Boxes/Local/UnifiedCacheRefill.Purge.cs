using System.Numerics;

namespace HakMem.Boxes;

/// <content>The whole OS pages inside slabs that still have users: found by the free bitmap, since free blocks hold no links. Under the heap's lock.</content>
public static unsafe partial class UnifiedCacheRefill
{
    /// <summary>
    /// Gives back whole OS pages that lie in free blocks of a bin's slabs: of slabs that did not change since the last call, or with
    /// <paramref name="now"/> of all. Stops after <paramref name="limit"/> calls to the OS, so that the lock is not held long; call again while it returns
    /// the limit. Returns the number of calls; <paramref name="changing"/> tells that a slab was left for a later time. Under the heap's lock.
    /// </summary>
    public static uint PurgePages<TConfig>(ThreadHeap* heap, uint sizeClass, uint limit, bool now, out bool changing)
        where TConfig : struct, IAllocatorConfig
    {
        Bin* bin = ThreadHeap.BinOf(heap, sizeClass);
        changing = false;
        if (TConfig.Composition->HugePages == HugePagePolicy.Always) return 0;
        uint calls = PurgeSlab<TConfig>(heap, bin->Current, limit, now, ref changing);
        for (Slab* slab = bin->Partial; slab != null && calls < limit; slab = slab->Next) calls += PurgeSlab<TConfig>(heap, slab, limit - calls, now, ref changing);
        for (Slab* slab = bin->Sparse; slab != null && calls < limit; slab = slab->Next) calls += PurgeSlab<TConfig>(heap, slab, limit - calls, now, ref changing);
        return calls;
    }

    private static uint PurgeSlab<TConfig>(ThreadHeap* heap, Slab* slab, uint limit, bool now, ref bool changing)
        where TConfig : struct, IAllocatorConfig
    {
        if (slab == null || slab->FreeBlocks == 0) return 0;
        if (slab->Stage == 0 || slab->SeenFree != (ushort)slab->FreeBlocks)
        {
            slab->Stage = 1;
            slab->SeenFree = (ushort)slab->FreeBlocks;
            if (!now)
            {
                changing = true;
                return 0;
            }
        }

        if (slab->Stage == 2) return 0;
        uint calls = 0;
        nuint size = TConfig.Classes[slab->Class].SizeBytes;
        for (uint index = 0; index < slab->Carved && calls < limit;)
        {
            uint end = EndOfRun(slab, index, out uint start);
            if (end == start) break;
            index = end;
            nuint firstPage = ((start * size) + Chunk.OsPageBytes - 1) / Chunk.OsPageBytes;
            nuint endPage = end * size / Chunk.OsPageBytes;
            if (endPage <= firstPage) continue;
            ulong pages = (ulong.MaxValue >> (int)(64 - (endPage - firstPage))) << (int)firstPage;
            if ((pages & ~slab->PurgedPages) == 0) continue;
            calls++;
            if (!TConfig.OsPurge(slab->Start + (firstPage * Chunk.OsPageBytes), (endPage - firstPage) * Chunk.OsPageBytes))
            {
                slab->Stage = 2;   // refused: not again before something changes
                return calls;
            }

            heap->PurgedPages += BitOperations.PopCount(pages & ~slab->PurgedPages);
            slab->PurgedPages |= pages;
        }

        if (calls < limit) slab->Stage = 2;
        return calls;
    }

    // The first run of free blocks from an index on: its start, and the index behind it. Both are Carved when there is none.
    private static uint EndOfRun(Slab* slab, uint index, out uint start)
    {
        start = NextBit(slab, index, 0);
        return NextBit(slab, start, ulong.MaxValue);
    }

    private static uint NextBit(Slab* slab, uint index, ulong invert)
    {
        while (index < slab->Carved)
        {
            ulong rest = (slab->Bits[index >> 6] ^ invert) >> (int)(index & 63);
            if (rest != 0)
            {
                index += (uint)BitOperations.TrailingZeroCount(rest);
                break;
            }

            index = (index | 63) + 1;
        }

        return index < slab->Carved ? index : slab->Carved;
    }

    // Blocks of this range are handed out: its pages count as touched again.
    private static void ForgetPurged<TConfig>(ThreadHeap* heap, Slab* slab, byte* first, nuint bytes)
        where TConfig : struct, IAllocatorConfig
    {
        nuint offset = (nuint)(first - slab->Start);
        int firstPage = (int)(offset / Chunk.OsPageBytes);
        int endPage = (int)((offset + bytes + Chunk.OsPageBytes - 1) / Chunk.OsPageBytes);
        ulong pages = ulong.MaxValue << firstPage;
        if (endPage < 64) pages &= ~(ulong.MaxValue << endPage);
        TConfig.OnUnpurge(heap, slab, slab->PurgedPages & pages);
        heap->PurgedPages -= BitOperations.PopCount(slab->PurgedPages & pages);
        slab->PurgedPages &= ~pages;
    }
}
