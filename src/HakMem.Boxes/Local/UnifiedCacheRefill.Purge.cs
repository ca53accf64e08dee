using System.Numerics;
using System.Runtime.CompilerServices;

namespace HakMem.Boxes;

/// <content>The whole OS pages inside slabs that still have users: found by the free bitmap, since free blocks hold no links, and behind the last block that was cut. Under the heap's lock.</content>
public static unsafe partial class UnifiedCacheRefill
{
    /// <summary>
    /// Gives back whole OS pages that lie in free blocks of a bin's slabs, or behind the last one that was cut where somebody used them before: of slabs that did not change since the last look, or with
    /// <paramref name="now"/> of all. Goes on where <paramref name="walk"/> says, until all were looked at or what the walk may do is used up, so that the lock is not held long: then false, and the caller
    /// gives the lock to who waits and calls again. Under the heap's lock.
    /// </summary>
    public static bool PurgePages<TConfig>(ThreadHeap* heap, uint sizeClass, PurgeWalk* walk, bool now)
        where TConfig : struct, IAllocatorConfig
    {
        if (TConfig.Composition->HugePages == HugePagePolicy.Always) return true;
        Bin* bin = ThreadHeap.BinOf(heap, sizeClass);
        SlabPlace list = walk->List;
        Slab* slab = walk->At;
        if (slab == null)
        {
            slab = bin->Current;
        }
        else if (PageMap.Get<TConfig>(slab->FirstChunk) != (heap->IdShifted | sizeClass) || slab->Place != list)
        {
            // It left its list while the lock was free: an entry that names this heap is written and cleared under its lock, a header's owner is not when another heap has the slab by now. The next pass sees the rest; who wants all of it now begins again.
            walk->Changing = true;
            if (!now || walk->Restarts == PurgeWalk.MostRestarts) return true;
            walk->Restarts++;
            walk->Slabs = uint.MaxValue;
            list = SlabPlace.Current;
            slab = bin->Current;
        }

        while (true)
        {
            if (slab == null)
            {
                if (list == SlabPlace.Sparse) return true;
                list = list == SlabPlace.Current ? SlabPlace.Partial : SlabPlace.Sparse;
                slab = *Head(bin, list);
                continue;
            }

            walk->At = slab;
            walk->List = list;
            if (walk->Slabs == 0 || walk->Calls == 0) return false;
            walk->Slabs--;
            walk->Calls -= PurgeSlab<TConfig>(heap, slab, walk->Calls, now, ref walk->Changing);
            if (walk->Calls == 0) return false;   // perhaps in the middle of this one
            slab = list == SlabPlace.Current ? null : slab->Next;
        }
    }

    private static uint PurgeSlab<TConfig>(ThreadHeap* heap, Slab* slab, uint limit, bool now, ref bool changing)
        where TConfig : struct, IAllocatorConfig
    {
        bool uncut = slab->Carved != slab->Blocks && !slab->Zeroed;   // used pages behind the last block, of whoever had them before
        if (slab->FreeBlocks == 0 && !uncut) return 0;
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
        SizeClass* info = TConfig.Classes + slab->Class;
        nuint size = info->SizeBytes;
        uint end = 0;
        do
        {
            end = EndOfRun(slab, end, out uint start);
            nuint firstPage = PagesOf(start * size);
            nuint endPage = end != slab->Carved ? end * size / Chunk.OsPageBytes : uncut ? info->Chunks * (Chunk.Bytes / Chunk.OsPageBytes) : PagesOf(end * size);
            if (endPage <= firstPage) continue;
            ulong pages = (ulong.MaxValue >> (int)(64 - (endPage - firstPage))) << (int)firstPage;
            if ((pages & ~slab->PurgedPages) == 0) continue;
            calls++;
            if (!TConfig.OsPurge(slab->Start + (firstPage * Chunk.OsPageBytes), (endPage - firstPage) * Chunk.OsPageBytes))
            {
                slab->Stage = 2;   // refused: not again before something changes
                return calls;
            }

            long purged = BitOperations.PopCount(pages & ~slab->PurgedPages);
            heap->PurgedPages += purged;
            PageArena.CountUntouched<TConfig>(purged * (long)Chunk.OsPageBytes);
            slab->PurgedPages |= pages;
        }
        while (end != slab->Carved && calls < limit);

        if (calls < limit) slab->Stage = 2;
        return calls;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static nuint PagesOf(nuint bytes) => (bytes + Chunk.OsPageBytes - 1) / Chunk.OsPageBytes;

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
        pages &= slab->PurgedPages;
        TConfig.OnUnpurge(heap, slab, pages);
        heap->PurgedPages -= BitOperations.PopCount(pages);
        heap->FreshBytes += (uint)BitOperations.PopCount(pages) * (uint)Chunk.OsPageBytes;
        slab->PurgedPages &= ~pages;
    }
}
