using System.Runtime.CompilerServices;

namespace HakMem.Boxes;

/// <summary>
/// Box of layer Gates: the only way in for a pointer. One load from the page map tells owner and class; a pointer that is not the start of a
/// live block of this composition ends the process, at once where the page map or the remainder of the index can tell, at flush or
/// collect at the latest. No state. Keeps invariant 4.
/// </summary>
[Box(BoxLayer.Gates)]
public static unsafe class FreeGate
{
    /// <summary>
    /// Whether a block belongs to this heap, and its class. 3 loads, 2 branches, or 3 when the class is not the guessed one. Where the class is what the page map says, the place of the stack's top
    /// waits for the block's address, which often comes from memory that is in no cache, and the next push or pop of any class waits for that store: frees of scattered blocks then follow one another at the memory's
    /// pace. A class that was guessed and found right does not depend on the block: the processor goes on, and waits for many addresses at once.
    /// </summary>
    [HotPath]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryOwn<TConfig>(ThreadHeap* heap, void* block, out uint sizeClass)
        where TConfig : struct, IAllocatorConfig
    {
        nuint chunk = PageMap.ChunkOf<TConfig>(block);
        if (chunk >= TConfig.ChunkCount)
        {
            sizeClass = 0;
            return false;
        }

        uint own = PageMap.Get<TConfig>(chunk) ^ heap->IdShifted;
        sizeClass = heap->GuessedClass;
        if (own != sizeClass)
        {
            sizeClass = own;
            if (own >= SizeClasses.Count) return false;   // not this owner, or not in a slab: larger
        }

        return true;   // the only one: with two, the compiler makes a value of the answer and tests it
    }

    /// <summary>Frees what the hot path did not: null, blocks whose front is full, blocks of other heaps, large and big blocks. The heap may be null.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void FreeSlow<TConfig>(ThreadHeap* heap, void* block)
        where TConfig : struct, IAllocatorConfig
    {
        if (block == null)
        {
            if (heap != null) TConfig.OnSlowExit(heap, SlowExit.NullFree);
            return;
        }

        nuint chunk = PageMap.ChunkOf<TConfig>(block);
        if (chunk >= TConfig.ChunkCount)
        {
            if (heap != null) TConfig.OnSlowExit(heap, SlowExit.BigFree);
            TConfig.FreeBig(block);
            return;
        }

        uint entry = PageMap.Get<TConfig>(chunk);
        uint sizeClass = (byte)entry;
        if (TConfig.Space->Owners[entry >> 8].Composition != TConfig.Composition->Id)
        {
            Refuse<TConfig>(entry, block);
        }
        else if (sizeClass >= SizeClasses.LargeInterior)
        {
            if (sizeClass != SizeClasses.LargeHead || ((nuint)block & (Chunk.Bytes - 1)) != 0) Fatal.Stop<TConfig>(FatalReason.InteriorPointer, block);
            TConfig.FreeLarge(heap, block, (uint)chunk);
        }
        else if (heap == null || entry >> 8 != heap->Id)
        {
            TConfig.AddRemote(heap, block, entry);
        }
        else if (TConfig.TryPushFront(heap, sizeClass, block))
        {
            TConfig.OnFrontPush(heap, sizeClass, block);   // not full: the slab came to this heap after its caller had looked, as a realloc's new block was taken from it
        }
        else
        {
            TConfig.FlushFront(heap, sizeClass, block);
        }
    }

    /// <summary>Frees blocks of any sizes and heaps.</summary>
    public static void FreeBatch<TConfig>(ThreadHeap* heap, void** blocks, uint count)
        where TConfig : struct, IAllocatorConfig
    {
        for (uint i = 0; i < count; i++)
        {
            void* block = blocks[i];
            if (heap != null && TryOwn<TConfig>(heap, block, out uint sizeClass) && TConfig.TryPushFront(heap, sizeClass, block))
            {
                TConfig.OnFrontPush(heap, sizeClass, block);
                continue;
            }

            FreeSlow<TConfig>(heap, block);
        }
    }

    /// <summary>The bytes that may be used of a block; 0 of null. Ends the process when the pointer is no start of a block of this composition.</summary>
    public static nuint UsableSize<TConfig>(void* block)
        where TConfig : struct, IAllocatorConfig
    {
        if (block == null) return 0;
        nuint chunk = PageMap.ChunkOf<TConfig>(block);
        if (chunk >= TConfig.ChunkCount) return TConfig.UsableBig(block);
        uint sizeClass = (byte)Checked<TConfig>(block, chunk);
        if (sizeClass == SizeClasses.LargeHead && ((nuint)block & (Chunk.Bytes - 1)) == 0) return TConfig.UsableLarge((uint)chunk);
        SizeClass* info = TConfig.Classes + sizeClass;
        nuint offset = (nuint)block - (nuint)TConfig.Base;
        if (sizeClass >= SizeClasses.Count || !Slab.IndexOf(info, offset & info->SlabMask, out _))
        {
            Fatal.Stop<TConfig>(FatalReason.InteriorPointer, block);
        }

        TConfig.OnUse(sizeClass, block);
        return info->SizeBytes;
    }

    private static uint Checked<TConfig>(void* block, nuint chunk)
        where TConfig : struct, IAllocatorConfig
    {
        uint entry = PageMap.Get<TConfig>(chunk);
        if (TConfig.Space->Owners[entry >> 8].Composition != TConfig.Composition->Id) Refuse<TConfig>(entry, block);
        return entry;
    }

    // Owner 0 is nobody, and of no composition.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Refuse<TConfig>(uint entry, void* block)
        where TConfig : struct, IAllocatorConfig
        => Fatal.Stop<TConfig>(entry == 0 ? FatalReason.NotAllocated : FatalReason.OtherAllocator, block);
}
