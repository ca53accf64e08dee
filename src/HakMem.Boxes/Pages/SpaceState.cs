namespace HakMem.Boxes;

/// <summary>
/// The state of <see cref="AddressSpace"/>: one for the process, shared by all compositions, so that a free to the wrong one is
/// always seen (an isolated composition has its own). The tables are written once, in opening; the rest under the lock named with it.
/// </summary>
public unsafe struct SpaceState
{
    /// <summary>The first byte of the reserved range; chunk 0.</summary>
    public byte* Base;

    /// <summary>The chunks of the reserved range.</summary>
    public nuint ChunkCount;

    /// <summary>Owner and class of every chunk; readable everywhere, writable for the chunks handed out.</summary>
    public uint* PageMap;

    /// <summary>A header for every chunk, <see cref="Slab.Stride"/> bytes apart.</summary>
    public byte* SlabHeaders;

    /// <summary>Bitmaps too long for a header, <see cref="Slab.LongBitmapStride"/> bytes apart.</summary>
    public byte* LongBitmaps;

    /// <summary>A record for every SuperSlab.</summary>
    public SuperSlab* SuperSlabs;

    /// <summary>The size classes.</summary>
    public SizeClass* Classes;

    /// <summary>What is known of every owner id; readable everywhere.</summary>
    public OwnerEntry* Owners;

    /// <summary>The whole reservation of tables, for <see cref="AddressSpace.Destroy{TConfig}"/>.</summary>
    public byte* Tables;

    /// <summary>The bytes of <see cref="Tables"/>.</summary>
    public nuint TableBytes;

    /// <summary>Guards the fields below up to <see cref="BigLock"/>.</summary>
    public int Lock;

    /// <summary>The next chunk that was never handed out.</summary>
    public uint NextChunk;

    /// <summary>The chunks whose tables are committed.</summary>
    public uint TabledChunks;

    /// <summary>The next owner id.</summary>
    public uint NextOwner;

    /// <summary>Ids from here on are none. Written once, before there are owners.</summary>
    public uint OwnerLimit;

    /// <summary>An owner id that was given back, the first of a list; 0 is none.</summary>
    public uint FreeOwner;

    /// <summary>Owner ids whose entries in the table of owners are committed.</summary>
    public uint TabledOwners;

    /// <summary>SuperSlabs given back, clean; committed anew before they are used, where the system counts that.</summary>
    public SuperSlab* FreeSuperSlabs;

    /// <summary>The next free byte for heaps and compositions, and the end of the mapping it lies in.</summary>
    public byte* MetaNext;

    /// <summary>The end of the mapping that <see cref="MetaNext"/> lies in.</summary>
    public byte* MetaEnd;

    /// <summary>Every mapping made for heaps and compositions, linked through their first word.</summary>
    public byte* MetaMappings;

    /// <summary>Guards the fields below.</summary>
    public int BigLock;

    /// <summary>log2 of the slots of <see cref="BigBlocks"/>; 0 before the first.</summary>
    public int BigLog2;

    /// <summary>The used slots of <see cref="BigBlocks"/>.</summary>
    public nuint BigCount;

    /// <summary>The blocks with a mapping of their own: a hash table by address.</summary>
    public BigBlock* BigBlocks;

    /// <summary>The slot of the table where the search for an address begins. Under <see cref="BigLock"/>.</summary>
    public static nuint BigSlotOf(SpaceState* space, byte* start) => (nuint)(((ulong)start >> 12) * 0x9E37_79B9_7F4A_7C15UL >> (64 - space->BigLog2));

    /// <summary>The entry of a block with a mapping of its own; null when there is none. Under <see cref="BigLock"/>.</summary>
    public static BigBlock* FindBig(SpaceState* space, byte* start)
    {
        if (space->BigLog2 == 0) return null;
        nuint mask = ((nuint)1 << space->BigLog2) - 1;
        for (nuint slot = BigSlotOf(space, start); ; slot = (slot + 1) & mask)
        {
            BigBlock* entry = space->BigBlocks + slot;
            if (entry->Start == start) return entry;
            if (entry->Start == null) return null;
        }
    }

    /// <summary>The entry of the block with a mapping of its own that an address lies in; null when there is none. Looks at each that there is. Under <see cref="BigLock"/>.</summary>
    public static BigBlock* FindBigAround(SpaceState* space, byte* address)
    {
        nuint slots = space->BigLog2 == 0 ? 0 : (nuint)1 << space->BigLog2;
        for (BigBlock* entry = space->BigBlocks, end = entry + slots; entry != end; entry++)
        {
            if (entry->Start != null && (nuint)(address - entry->Start) < entry->Bytes) return entry;
        }

        return null;
    }
}

/// <summary>A block with a mapping of its own.</summary>
public unsafe struct BigBlock
{
    /// <summary>The block, which is its mapping's start; null in a free slot.</summary>
    public byte* Start;

    /// <summary>The bytes of the mapping.</summary>
    public nuint Bytes;

    /// <summary>The id of the composition it belongs to.</summary>
    public uint Owner;
}

/// <summary>Who an owner id is: 16 bytes, so that the first 256 are on one page.</summary>
public unsafe struct OwnerEntry
{
    /// <summary>The heap; null for a composition. Of an id that was given back, the next such id.</summary>
    public ThreadHeap* Heap;

    /// <summary>The composition that the heap belongs to, as its own id.</summary>
    public uint Composition;
}
