namespace HakMem.Boxes;

/// <content>The table of big blocks by address. Under its lock.</content>
public static unsafe partial class BigCache
{
    private const int FirstLog2 = 7;

    private static bool TryMakeRoom<TConfig>(SpaceState* space)
        where TConfig : struct, IAllocatorConfig
    {
        nuint oldSlots = space->BigLog2 == 0 ? 0 : (nuint)1 << space->BigLog2;
        if (space->BigCount < oldSlots / 2) return true;
        int log2 = oldSlots == 0 ? FirstLog2 : space->BigLog2 + 1;
        BigBlock* bigger = (BigBlock*)TConfig.OsMap(((nuint)1 << log2) * (nuint)sizeof(BigBlock));
        if (bigger == null) return space->BigCount < oldSlots - (oldSlots / 8);   // a fuller table is slower, but the block is there
        BigBlock* old = space->BigBlocks;
        space->BigBlocks = bigger;
        space->BigLog2 = log2;
        space->BigCount = 0;
        for (nuint i = 0; i < oldSlots; i++)
        {
            if (old[i].Start != null) Insert(space, old[i].Start, old[i].Bytes, old[i].Owner);
        }

        if (oldSlots != 0) Unmap<TConfig>((byte*)old, oldSlots * (nuint)sizeof(BigBlock));
        return true;
    }

    private static void Insert(SpaceState* space, byte* start, nuint bytes, uint owner)
    {
        nuint mask = ((nuint)1 << space->BigLog2) - 1;
        nuint slot = SpaceState.BigSlotOf(space, start);
        while (space->BigBlocks[slot].Start != null) slot = (slot + 1) & mask;
        space->BigBlocks[slot].Start = start;
        space->BigBlocks[slot].Bytes = bytes;
        space->BigBlocks[slot].Owner = owner;
        space->BigCount++;
    }

    // Linear probing without tombstones: later entries of the same run move up into the hole.
    private static void Remove(SpaceState* space, BigBlock* entry)
    {
        nuint mask = ((nuint)1 << space->BigLog2) - 1;
        nuint hole = (nuint)(entry - space->BigBlocks);
        for (nuint slot = (hole + 1) & mask; space->BigBlocks[slot].Start != null; slot = (slot + 1) & mask)
        {
            nuint wanted = SpaceState.BigSlotOf(space, space->BigBlocks[slot].Start);
            if (((slot - wanted) & mask) < ((slot - hole) & mask)) continue;
            space->BigBlocks[hole] = space->BigBlocks[slot];
            hole = slot;
        }

        space->BigBlocks[hole].Start = null;
        space->BigCount--;
    }
}
