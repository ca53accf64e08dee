using System.Collections.Generic;
using System.Numerics;
using Xunit;

namespace HakMem.Boxes.Tests;

/// <summary>Looks at all slabs of all heaps of a composition whose threads are at rest.</summary>
internal static unsafe class HeapWalk
{
    /// <summary>Every slab's numbers agree, it is in the list it says, links point both ways, and the heap counts what is out and what was given back inside; the arena's count of what nobody wrote to is right. Returns the number of slabs.</summary>
    public static uint AssertValid<TConfig>()
        where TConfig : struct, IAllocatorConfig
    {
        uint slabs = 0;
        long untouched = -TConfig.PageArenaState->UntouchedBytes;
        Dictionary<nint, long> purged = [];
        for (nuint chunk = 0; chunk < TConfig.Space->NextChunk; chunk++)
        {
            uint entry = PageMap.Get<TConfig>(chunk);
            uint sizeClass = entry & 255;
            if (sizeClass == SizeClasses.LargeHead && TConfig.Space->Owners[entry >> 8].Composition == TConfig.Composition->Id) untouched += Slab.At<TConfig>(chunk)->Untouched;
            if (sizeClass is 0 or >= SizeClasses.Count || chunk % TConfig.Classes[sizeClass].Chunks != 0) continue;
            Slab* slab = Slab.At<TConfig>(chunk);
            Assert.True(Slab.IsValid<TConfig>(slab), $"slab at chunk {chunk}");
            Assert.True(TConfig.Space->Owners[slab->Owner].Heap != null && slab->Place != SlabPlace.Adrift, $"slab at chunk {chunk} is nowhere");
            Assert.Equal(slab->Place == SlabPlace.Full, slab->FreeBlocks == 0 && slab->Carved == slab->Blocks && slab->Place != SlabPlace.Current);
            nint owner = (nint)TConfig.Space->Owners[slab->Owner].Heap;
            purged[owner] = purged.GetValueOrDefault(owner) + BitOperations.PopCount(slab->PurgedPages);
            slabs++;
            if (TConfig.Space->Owners[slab->Owner].Composition != TConfig.Composition->Id) continue;
            SizeClass* info = TConfig.Classes + sizeClass;
            untouched += BitOperations.PopCount(slab->PurgedPages) * (long)Chunk.OsPageBytes;
            if (slab->Zeroed) untouched += (info->Chunks * 65536L) - (slab->Carved * (long)info->SizeBytes);
        }

        for (ThreadHeap* heap = HeapRegistry.First<TConfig>(); heap != null; heap = heap->NextInComposition)
        {
            Assert.Equal(purged.GetValueOrDefault((nint)heap), heap->PurgedPages);
            untouched += heap->FreshBytes;
            WarmPool.HeapState* warm = (WarmPool.HeapState*)TConfig.WarmPoolOf(heap);
            for (uint i = 0; i < warm->Count; i++) untouched += (warm->Slots[i] & 1) == 0 ? 65536 : 0;
            AssertLists<TConfig>(heap);
        }

        Assert.Equal(0, untouched);   // what was never written to, or went back, less what the heaps have yet to say of it
        return slabs;
    }

    private static void AssertLists<TConfig>(ThreadHeap* heap)
        where TConfig : struct, IAllocatorConfig
    {
        for (uint sizeClass = 1; sizeClass < SizeClasses.Count; sizeClass++)
        {
            Bin* bin = ThreadHeap.BinOf(heap, sizeClass);
            AssertList(heap, sizeClass, bin->Partial, SlabPlace.Partial);
            AssertList(heap, sizeClass, bin->Sparse, SlabPlace.Sparse);
            if (bin->Current != null) Assert.Equal(SlabPlace.Current, bin->Current->Place);
            if (bin->Empty != null) Assert.Equal((SlabPlace.Partial, bin->Empty->Carved), (bin->Empty->Place, bin->Empty->FreeBlocks));
            ulong blocksOut = 0;
            for (nuint chunk = 0; chunk < TConfig.Space->NextChunk; chunk += TConfig.Classes[sizeClass].Chunks)
            {
                if (PageMap.Get<TConfig>(chunk) == (heap->IdShifted | sizeClass)) blocksOut += Slab.At<TConfig>(chunk)->Carved - Slab.At<TConfig>(chunk)->FreeBlocks;
            }

            Assert.Equal(blocksOut, *ThreadHeap.Out(heap, sizeClass));
        }
    }

    private static void AssertList(ThreadHeap* heap, uint sizeClass, Slab* first, SlabPlace place)
    {
        Slab* before = null;
        for (Slab* slab = first; slab != null; before = slab, slab = slab->Next)
        {
            Assert.True(slab->Previous == before);
            Assert.Equal((place, heap->Id, (byte)sizeClass), (slab->Place, slab->Owner, slab->Class));
        }
    }
}
