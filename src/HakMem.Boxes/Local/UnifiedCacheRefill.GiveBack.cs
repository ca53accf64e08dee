using System.Numerics;
using System.Runtime.CompilerServices;

namespace HakMem.Boxes;

/// <content>Blocks back into the bitmaps of their slabs, and each slab then where it belongs. Under the heap's lock.</content>
public static unsafe partial class UnifiedCacheRefill
{
    /// <summary>
    /// Sets free bits of one word of a slab of this heap, and lists, keeps or retires the slab as it now deserves. Ends the process when
    /// a bit is set already or was never handed out. The heap's count of blocks out is the caller's. Under the heap's lock.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Merge<TConfig>(ThreadHeap* heap, Slab* slab, uint word, ulong bits)
        where TConfig : struct, IAllocatorConfig
    {
        ulong before = slab->Bits[word];
        uint last = (word << 6) + (uint)BitOperations.Log2(bits);
        if ((before & bits) != 0 || last >= slab->Carved)
        {
            MergeFault<TConfig>(slab, word, bits);
            return;
        }

        slab->Bits[word] = before | bits;
        slab->FreeBlocks += (uint)BitOperations.PopCount(bits);
        if (word < slab->Hint) slab->Hint = (ushort)word;
        if (slab->Place == SlabPlace.Current || (slab->Place == SlabPlace.Partial && slab->FreeBlocks != slab->Carved)) return;
        Settle<TConfig>(heap, slab);
    }

    // Neighbours that fall into one word of a bitmap are combined before the slab is touched.
    private static void GiveBack<TConfig>(ThreadHeap* heap, uint sizeClass, void** from, uint count)
        where TConfig : struct, IAllocatorConfig
    {
        SizeClass* info = TConfig.Classes + sizeClass;
        nuint size = info->SizeBytes, span = 64 * size, mask = info->SlabMask;
        uint entry = heap->IdShifted | sizeClass;
        void** end = from + count;
        *ThreadHeap.Out(heap, sizeClass) -= count;
        do
        {
            void* block = *from;
            if (!TryPlace<TConfig>(info, block, out nuint place, out ulong bits))
            {
                Fatal.Stop<TConfig>(FatalReason.InteriorPointer, block);
                return;
            }

            void** next = from + 1;
            if (next != end && (nuint)(*next) - (nuint)block + span < 2 * span)   // near enough, on either side
            {
                byte* first = (byte*)block - ((nuint)(uint)BitOperations.TrailingZeroCount(bits) * size);
                nuint left = mask + 1 - (((nuint)first - (nuint)TConfig.Base) & mask);   // behind the slab's end begin another's blocks
                ulong combined = bits;
                next = Combine(next, end, first, left < span ? left : span, info->Reciprocal, &combined);
                bits = combined;
            }

            TConfig.OnFlushBlocks(heap, Slab.At<TConfig>(place >> 6), from, (uint)(next - from));
            Put<TConfig>(heap, entry, place, bits);
            from = next;
        }
        while (from != end);
    }

    // Adds the bits of the blocks that follow in the same word, and tells where others begin: an address inside a block, too, or a block that
    // is in the stack twice, which is found by the second of its puts. A method of its own, so that the loop has the registers.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void** Combine(void** from, void** end, byte* first, nuint span, ulong reciprocal, ulong* bits)
    {
        ulong set = *bits;
        for (; from != end; from++)
        {
            nuint offset = (nuint)(*from) - (nuint)first;
            if (offset >= span || !Slab.IndexOf(reciprocal, offset, out uint index)) break;
            ulong bit = 1UL << (int)index;
            if ((set & bit) != 0) break;
            set |= bit;
        }

        *bits = set;
        return from;
    }

    // Where a block's bit is: the slab's first chunk and the word of its bitmap in one number, and the bit. False for an address inside a block.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool TryPlace<TConfig>(SizeClass* info, void* block, out nuint place, out ulong bit)
        where TConfig : struct, IAllocatorConfig
    {
        nuint offset = (nuint)block - (nuint)TConfig.Base;
        nuint mask = info->SlabMask;
        bool exact = Slab.IndexOf(info, offset & mask, out uint index);
        place = ((offset & ~mask) >> (Chunk.Log2 - 6)) | (index >> 6);
        bit = 1UL << (int)(index & 63);
        return exact;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void MergeFault<TConfig>(Slab* slab, uint word, ulong bits)
        where TConfig : struct, IAllocatorConfig
    {
        ulong twice = slab->Bits[word] & bits;
        if (twice != 0) Fatal.Stop<TConfig>(FatalReason.DoubleFree, Slab.BlockAt<TConfig>(slab, slab->Class, word, twice));
        else Fatal.Stop<TConfig>(FatalReason.NotAllocated, Slab.BlockAt<TConfig>(slab, slab->Class, word, bits));
    }

    // Puts a slab that gained free blocks where it belongs: into a list, into a better list, or away.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Settle<TConfig>(ThreadHeap* heap, Slab* slab)
        where TConfig : struct, IAllocatorConfig
    {
        if (slab->Place == SlabPlace.Adrift) return;   // listed when it arrives
        Bin* bin = ThreadHeap.BinOf(heap, slab->Class);
        if (slab->Place != SlabPlace.Partial)
        {
            bool worth = slab->FreeBlocks >= TConfig.Classes[slab->Class].ListAt;
            if (slab->Place == SlabPlace.Full)
            {
                if (heap->Kind == HeapKind.FirstClass) Remove(&heap->FullSlabs, slab);
                Link(bin, slab, worth ? SlabPlace.Partial : SlabPlace.Sparse);
            }
            else if (worth) Relink(bin, slab, SlabPlace.Partial);
        }

        if (slab->FreeBlocks != slab->Carved) return;
        if (bin->Empty == null) bin->Empty = slab;
        else if (bin->Empty != slab) Retire<TConfig>(heap, bin, slab);
    }

    // Every call is in tail position, so the usual way saves no register.
    private static void Put<TConfig>(ThreadHeap* heap, uint entry, nuint place, ulong bits)
        where TConfig : struct, IAllocatorConfig
    {
        Slab* slab = Slab.At<TConfig>(place >> 6);
        if (PageMap.Get<TConfig>(place >> 6) == entry) Merge<TConfig>(heap, slab, (uint)place & 63, bits);
        else PutElsewhere<TConfig>(heap, (byte)entry, place, bits);
    }

    // The slab left this heap while its blocks were in the stack: it migrated (T6), or a block was freed twice and the slab is gone.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void PutElsewhere<TConfig>(ThreadHeap* heap, uint sizeClass, nuint place, ulong bits)
        where TConfig : struct, IAllocatorConfig
    {
        Slab* slab = Slab.At<TConfig>(place >> 6);
        uint word = (uint)place & 63;
        uint entry = PageMap.Get<TConfig>(place >> 6);
        if ((byte)entry != sizeClass || TConfig.Space->Owners[entry >> 8].Composition != TConfig.Composition->Id)
        {
            Fatal.Stop<TConfig>(FatalReason.DoubleFree, Slab.BlockAt<TConfig>(slab, sizeClass, word, bits));   // the slab may be another class's by now
        }

        TConfig.OnSlowExit(heap, SlowExit.FlushedElsewhere);
        TConfig.SendRemote(slab, word, bits);
        *ThreadHeap.Out(heap, sizeClass) += (uint)BitOperations.PopCount(bits);   // they were out of a slab of that heap, not of this one
    }
}
