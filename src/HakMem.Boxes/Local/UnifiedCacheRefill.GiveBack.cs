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
        uint free = slab->FreeBlocks + (uint)BitOperations.PopCount(bits);
        slab->FreeBlocks = free;
        if (word < slab->Hint) slab->Hint = (ushort)word;
        if (slab->Place > SlabPlace.Partial || free == slab->Carved) Settle<TConfig>(heap, slab);
    }

    // A block that has no neighbour behind it goes into its bitmap alone, the shortest way there is: so come most blocks of a program that frees in no order. Neighbours are combined before the slab is touched.
    private static void GiveBack<TConfig>(ThreadHeap* heap, uint sizeClass, void** from, uint count)
        where TConfig : struct, IAllocatorConfig
    {
        SizeClass* info = TConfig.Classes + sizeClass;
        nuint mask = info->SlabMask, span = 64 * (nuint)info->SizeBytes, reach = 2 * span;
        ulong reciprocal = info->Reciprocal, shifted = reciprocal << Slab.FractionShift;
        uint entry = heap->IdShifted | sizeClass;
        void** end = from + count, last = end - 1;
        *ThreadHeap.Out(heap, sizeClass) -= count;
        Slab* current = ThreadHeap.BinOf(heap, sizeClass)->Current;
        if (current != null) current->Hint = 0;   // once, instead of a look for each block
        while (from < last)
        {
            void* block = *from;
            nuint offset = (nuint)block - (nuint)TConfig.Base, chunk = (offset & ~mask) >> Chunk.Log2;
            Slab* slab = Slab.At<TConfig>(chunk);
            if ((nuint)from[1] - (nuint)block + span >= reach && Slab.IndexOf(reciprocal, shifted, offset & mask, out uint index) && PageMap.Get<TConfig>(chunk) == entry)
            {
                ulong bit = 1UL << (int)(index & 63);
                ulong* word = slab->Bits + (index >> 6);
                ulong before = *word;
                if ((before & bit) == 0 && index < slab->Carved)
                {
                    TConfig.OnFlushBlocks(heap, slab, from, 1);
                    *word = before | bit;
                    uint free = slab->FreeBlocks + 1;
                    slab->FreeBlocks = free;
                    if (slab->Place > SlabPlace.Partial || free == slab->Carved) Settle<TConfig>(heap, slab);
                    from++;
                    continue;
                }
            }

            from = PutRun<TConfig>(heap, entry, from, end);
        }

        while (from != end) from = PutRun<TConfig>(heap, entry, from, end);
    }

    // Puts a block, and those that follow in the same word of its slab's bitmap, and tells where others begin.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void** PutRun<TConfig>(ThreadHeap* heap, uint entry, void** from, void** end)
        where TConfig : struct, IAllocatorConfig
    {
        SizeClass* info = TConfig.Classes + (byte)entry;
        nuint size = info->SizeBytes, span = 64 * size, mask = info->SlabMask;
        nuint offset = (nuint)(*from) - (nuint)TConfig.Base;
        if (!Slab.IndexOf(info, offset & mask, out uint index))
        {
            Fatal.Stop<TConfig>(FatalReason.InteriorPointer, *from);
            return end;
        }

        ulong bits = 1UL << (int)(index & 63);
        byte* first = (byte*)(*from) - ((index & 63) * size);
        nuint left = mask + 1 - ((offset & mask) - ((index & 63) * size));   // behind the slab's end begin another's blocks
        void** next = Combine(from + 1, end, first, left < span ? left : span, info->Reciprocal, &bits);
        nuint chunk = (offset & ~mask) >> Chunk.Log2;
        Slab* slab = Slab.At<TConfig>(chunk);
        TConfig.OnFlushBlocks(heap, slab, from, (uint)(next - from));
        if (PageMap.Get<TConfig>(chunk) == entry) Merge<TConfig>(heap, slab, index >> 6, bits);
        else PutElsewhere<TConfig>(heap, (byte)entry, chunk, index >> 6, bits);
        return next;
    }

    // Adds the bits of the blocks that follow in the same word, and tells where others begin: an address inside a block, too, or a block that
    // is in the stack twice, which is found by the second of its puts. A method of its own, so that the loop has the registers.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void** Combine(void** from, void** end, byte* first, nuint span, ulong reciprocal, ulong* bits)
    {
        ulong set = *bits, shifted = reciprocal << Slab.FractionShift;
        for (; from != end; from++)
        {
            nuint offset = (nuint)(*from) - (nuint)first;
            if (offset >= span || !Slab.IndexOf(reciprocal, shifted, offset, out uint index)) break;
            ulong bit = 1UL << (int)index;
            if ((set & bit) != 0) break;
            set |= bit;
        }

        *bits = set;
        return from;
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
        if (slab->Place is SlabPlace.Current or SlabPlace.Adrift) return;   // the one stays what it is, the other is listed when it arrives
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

    // The slab left this heap while its blocks were in the stack: it migrated (T6), or a block was freed twice and the slab is gone.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void PutElsewhere<TConfig>(ThreadHeap* heap, uint sizeClass, nuint chunk, uint word, ulong bits)
        where TConfig : struct, IAllocatorConfig
    {
        Slab* slab = Slab.At<TConfig>(chunk);
        uint entry = PageMap.Get<TConfig>(chunk);
        if ((byte)entry != sizeClass || TConfig.Space->Owners[entry >> 8].Composition != TConfig.Composition->Id)
        {
            Fatal.Stop<TConfig>(FatalReason.DoubleFree, Slab.BlockAt<TConfig>(slab, sizeClass, word, bits));   // the slab may be another class's by now
        }

        TConfig.OnSlowExit(heap, SlowExit.FlushedElsewhere);
        TConfig.SendRemote(slab, word, bits);
        *ThreadHeap.Out(heap, sizeClass) += (uint)BitOperations.PopCount(bits);   // they were out of a slab of that heap, not of this one
    }
}
