namespace HakMem.Boxes;

/// <summary>
/// Box of layer Pages: one reserved range for the process, handed out as SuperSlabs of 2 MiB in ascending order, and the tables by chunk
/// beside it. Reserved without access (1 TiB, halved on failure down to 1 GiB, at most a quarter of the address-space limit, or half of one below 4 GiB), committed
/// as handed out. When nothing is left or the OS refuses, callers fall back to mappings of their own; the process never fails for it.
/// State: <see cref="SpaceState"/>. Thread-safe; the lock is the last in the order.
/// </summary>
[Box(BoxLayer.Pages, Traits = BoxTraits.ConcurrencySafe | BoxTraits.ZeroedOutput)]
public static unsafe class AddressSpace
{
    private const uint MostOwners = 1 << 24;
    private const uint TableStepChunks = 1024, OwnerStep = 1024;
    private const nuint MetaStepBytes = 1 << 20;
    private const nuint QuietBytes = 64u << 20;   // no huge pages below this: small programs stay small
    private const ulong SmallSpaceBytes = 4UL << 30;
    private const nuint LeastBytes = 1u << 30;   // where even this is refused, what is left belongs to the rest of the program
    private const nuint LeastOfSmallBytes = 4 * Chunk.SuperSlabBytes;   // less is not worth its tables

    // The table of classes shares the state's page, which each process pays, but no cache line that a lock is in.
    private static nuint ClassesOffset => ((nuint)sizeof(SpaceState) + 63) & ~(nuint)63;

    private static SpaceState* s_process;
    private static int s_opening;

    /// <summary>The process's address space, opened by the first call. Null when the OS refuses even the tables.</summary>
    public static SpaceState* Open<TConfig>()
        where TConfig : struct, IAllocatorConfig
    {
        TConfig.OsPrepare();
        fixed (int* opening = &s_opening)
        {
            SpinLock.Enter<TConfig>(opening);
            if (s_process == null) s_process = Create<TConfig>();
            SpinLock.Exit<TConfig>(opening);
        }

        return s_process;
    }

    /// <summary>A new address space. Null when the OS refuses it; then nothing is left behind.</summary>
    public static SpaceState* Create<TConfig>()
        where TConfig : struct, IAllocatorConfig
    {
        nuint bytes = Chunk.WholePages(ClassesOffset + (nuint)(sizeof(SizeClass) * SizeClasses.Count));
        SpaceState* space = (SpaceState*)TConfig.OsMap(bytes);
        if (space == null) return null;
        space->Classes = (SizeClass*)((byte*)space + ClassesOffset);
        SizeClasses.FillClasses(space->Classes);
        space->NextOwner = 1;
        space->OwnerLimit = MostOwnersOf<TConfig>();
        nuint most = ~(nuint)0;
        while (true)
        {
            ReserveRange<TConfig>(space, most);
            if (TryReserveTables<TConfig>(space)) return space;

            // The range has left no room for its tables: half of both, at last only the owners' and every block with a mapping of its own.
            most = (space->ChunkCount << Chunk.Log2) / 2;
            if (space->Base != null) _ = TConfig.OsUnmap(space->Base, space->ChunkCount << Chunk.Log2);
            space->Base = null;
            space->ChunkCount = 0;
            if (space->Tables != null || (most == 0 && space->OwnerLimit == OwnerStep)) break;   // it was not for want of addresses, or there are too few for anything
            space->OwnerLimit = space->OwnerLimit / 2 < OwnerStep ? OwnerStep : (space->OwnerLimit / 2) & ~(OwnerStep - 1);
        }

        _ = TConfig.OsUnmap((byte*)space, bytes);
        return null;
    }

    /// <summary>Takes an address space of one's own away with everything in it. No thread may use it any more.</summary>
    public static void Destroy<TConfig>(SpaceState* space)
        where TConfig : struct, IAllocatorConfig
    {
        if (TConfig.Composition != null)
        {
            TConfig.OsUnwatchThreadEnds(&TConfig.RegistryState->EndKey);
            TConfig.DrainBig(true);
            TConfig.OnDestroy();
        }

        for (byte* mapping = space->MetaMappings; mapping != null;)
        {
            byte* next = *(byte**)mapping;
            _ = TConfig.OsUnmap(mapping, *(nuint*)(mapping + sizeof(void*)));
            mapping = next;
        }

        if (space->BigLog2 != 0)
        {
            for (nuint i = 0; i < (nuint)1 << space->BigLog2; i++)
            {
                if (space->BigBlocks[i].Start != null) _ = TConfig.OsUnmap(space->BigBlocks[i].Start, space->BigBlocks[i].Bytes);
            }

            _ = TConfig.OsUnmap((byte*)space->BigBlocks, ((nuint)1 << space->BigLog2) * (nuint)sizeof(BigBlock));
        }

        if (space->Base != null) _ = TConfig.OsUnmap(space->Base, space->ChunkCount << Chunk.Log2);
        _ = TConfig.OsUnmap(space->Tables, space->TableBytes);
        _ = TConfig.OsUnmap((byte*)space, Chunk.WholePages(ClassesOffset + (nuint)(sizeof(SizeClass) * SizeClasses.Count)));
    }

    /// <summary>Hands out 2 MiB, committed, its tables too. False when the range is used up or the OS refuses; then nothing has changed.</summary>
    public static bool TrySuperSlab<TConfig>(out SuperSlab* superSlab)
        where TConfig : struct, IAllocatorConfig
    {
        SpaceState* space = TConfig.Space;
        SpinLock.Enter<TConfig>(&space->Lock);
        superSlab = space->FreeSuperSlabs;
        if (superSlab != null)
        {
            if (TConfig.OsRecommit(PageMap.Address<TConfig>(superSlab->FirstChunk), Chunk.SuperSlabBytes)) space->FreeSuperSlabs = superSlab->Next;
            else superSlab = null;
        }
        else if (space->NextChunk + Chunk.PerSuperSlab <= space->ChunkCount
                 && TryCommitTables<TConfig>(space, space->NextChunk + Chunk.PerSuperSlab)
                 && TConfig.OsCommit(space->Base + ((nuint)space->NextChunk << Chunk.Log2), Chunk.SuperSlabBytes))
        {
            superSlab = space->SuperSlabs + (space->NextChunk / Chunk.PerSuperSlab);
            superSlab->FirstChunk = space->NextChunk;
            space->NextChunk += Chunk.PerSuperSlab;
        }

        SpinLock.Exit<TConfig>(&space->Lock);
        if (superSlab == null) return false;
        SuperSlab.MarkFree(superSlab);
        return true;
    }

    /// <summary>
    /// Hands out neighbouring SuperSlabs that were never used, committed by one call; their records lie side by side, each still to be marked as free.
    /// False when the range has no room for them or the OS refuses; then nothing was handed out.
    /// </summary>
    public static bool TryRun<TConfig>(uint count, out SuperSlab* first)
        where TConfig : struct, IAllocatorConfig
    {
        SpaceState* space = TConfig.Space;
        first = null;
        SpinLock.Enter<TConfig>(&space->Lock);
        ulong end = space->NextChunk + ((ulong)count * Chunk.PerSuperSlab);
        bool made = end <= space->ChunkCount;
        while (made && space->TabledChunks < end) made = TryCommitTables<TConfig>(space, (uint)end);
        made = made && TConfig.OsCommit(space->Base + ((nuint)space->NextChunk << Chunk.Log2), (nuint)count * Chunk.SuperSlabBytes);
        if (made)
        {
            first = space->SuperSlabs + (space->NextChunk / Chunk.PerSuperSlab);
            for (uint i = 0; i < count; i++) first[i].FirstChunk = space->NextChunk + (i * Chunk.PerSuperSlab);
            space->NextChunk = (uint)end;
        }

        SpinLock.Exit<TConfig>(&space->Lock);
        return made;
    }

    /// <summary>Takes a SuperSlab back. All its chunks are free, clean and out of the page map.</summary>
    public static void ReturnSuperSlab<TConfig>(SuperSlab* superSlab)
        where TConfig : struct, IAllocatorConfig
    {
        SpaceState* space = TConfig.Space;
        _ = TConfig.OsDecommit(PageMap.Address<TConfig>(superSlab->FirstChunk), Chunk.SuperSlabBytes);   // or it stays committed, which does no harm
        SpinLock.Enter<TConfig>(&space->Lock);
        superSlab->Next = space->FreeSuperSlabs;
        space->FreeSuperSlabs = superSlab;
        SpinLock.Exit<TConfig>(&space->Lock);
    }

    /// <summary>
    /// A new owner id, for a heap of a composition, or with <paramref name="composition"/> 0 for a composition itself. 0 when none is left or the OS refuses. The
    /// heap is put into <see cref="SpaceState.Owners"/> by the caller, before a chunk names the id.
    /// </summary>
    public static uint NewOwner<TConfig>(SpaceState* space, uint composition)
        where TConfig : struct, IAllocatorConfig
    {
        SpinLock.Enter<TConfig>(&space->Lock);
        uint id = space->FreeOwner != 0 ? space->FreeOwner : space->NextOwner;
        bool made = id < space->OwnerLimit;
        if (made && id >= space->TabledOwners)
        {
            made = TConfig.OsCommit((byte*)(space->Owners + space->TabledOwners), OwnerStep * (nuint)sizeof(OwnerEntry));
            if (made) space->TabledOwners += OwnerStep;
        }

        if (made)
        {
            if (id == space->FreeOwner) space->FreeOwner = (uint)(nuint)space->Owners[id].Heap;
            else space->NextOwner = id + 1;
            space->Owners[id].Heap = null;
            space->Owners[id].Composition = composition == 0 ? id : composition;
        }

        SpinLock.Exit<TConfig>(&space->Lock);
        return made ? id : 0;
    }

    /// <summary>Takes an owner id back that no chunk ever named.</summary>
    public static void ReturnOwner<TConfig>(SpaceState* space, uint owner)
        where TConfig : struct, IAllocatorConfig
    {
        SpinLock.Enter<TConfig>(&space->Lock);
        space->Owners[owner].Heap = (ThreadHeap*)(nuint)space->FreeOwner;   // the list of free ids runs through their own entries
        space->Owners[owner].Composition = 0;
        space->FreeOwner = owner;
        SpinLock.Exit<TConfig>(&space->Lock);
    }

    /// <summary>Permanent zeroed memory for heaps and compositions, aligned to 64. Null when the OS refuses.</summary>
    public static byte* TakeMeta<TConfig>(SpaceState* space, nuint bytes)
        where TConfig : struct, IAllocatorConfig
    {
        bytes = (bytes + 63) & ~(nuint)63;
        SpinLock.Enter<TConfig>(&space->Lock);
        if ((nuint)(space->MetaEnd - space->MetaNext) < bytes)
        {
            nuint step = Chunk.WholePages(bytes + 64);
            if (step < MetaStepBytes) step = MetaStepBytes;
            byte* mapping = TConfig.OsMap(step);
            if (mapping == null) mapping = TConfig.OsMap(step = Chunk.WholePages(bytes + 64));   // where a step is too much, what is needed now may not be
            if (mapping == null)
            {
                SpinLock.Exit<TConfig>(&space->Lock);
                return null;
            }

            _ = TConfig.OsAdviseHugePages(mapping, step, false);
            *(byte**)mapping = space->MetaMappings;
            *(nuint*)(mapping + sizeof(void*)) = step;
            space->MetaMappings = mapping;
            space->MetaNext = mapping + 64;
            space->MetaEnd = mapping + step;
        }

        byte* taken = space->MetaNext;
        space->MetaNext += bytes;
        SpinLock.Exit<TConfig>(&space->Lock);
        return taken;
    }

    private static void ReserveRange<TConfig>(SpaceState* space, nuint most)
        where TConfig : struct, IAllocatorConfig
    {
        nuint limit = TConfig.OsAddressSpaceLimit(), bytes = (nuint)1 << (int)TConfig.ReserveLog2;
        nuint least = limit < SmallSpaceBytes ? LeastOfSmallBytes : LeastBytes;
        if (bytes < least) least = bytes;
        if (limit >= SmallSpaceBytes)
        {
            while (bytes > limit / 4) bytes >>= 1;
        }
        else if (bytes > limit / 2)
        {
            bytes = limit / 2;   // small blocks outside of the range take a page each, so there has to be one; the rest of the program needs the other half
        }

        if (bytes > most) bytes = most;
        for (bytes &= ~(Chunk.SuperSlabBytes - 1); bytes >= least; bytes = (bytes >> 1) & ~(Chunk.SuperSlabBytes - 1))
        {
            byte* reserved = TConfig.OsReserve(bytes + Chunk.SuperSlabBytes);
            if (reserved == null) continue;

            // The range must start at a multiple of 2 MiB: what lies outside goes back.
            byte* start = (byte*)(((nuint)reserved + Chunk.SuperSlabBytes - 1) & ~(Chunk.SuperSlabBytes - 1));
            nuint before = (nuint)(start - reserved);
            if (before != 0) _ = TConfig.OsUnmap(reserved, before);
            if (before != Chunk.SuperSlabBytes) _ = TConfig.OsUnmap(start + bytes, Chunk.SuperSlabBytes - before);
            _ = TConfig.OsAdviseHugePages(start, bytes < QuietBytes ? bytes : QuietBytes, false);
            space->Base = start;
            space->ChunkCount = bytes >> Chunk.Log2;
            return;
        }
    }

    // Where address space is short, the table has room for one owner in 1 KiB of it: a heap takes more than that.
    private static uint MostOwnersOf<TConfig>()
        where TConfig : struct, IAllocatorConfig
    {
        nuint most = (TConfig.OsAddressSpaceLimit() >> 10) & ~((nuint)OwnerStep - 1);
        return most < OwnerStep ? OwnerStep : most < MostOwners ? (uint)most : MostOwners;
    }

    private static bool TryReserveTables<TConfig>(SpaceState* space)
        where TConfig : struct, IAllocatorConfig
    {
        nuint chunks = space->ChunkCount;
        nuint map = Chunk.WholePages(chunks * sizeof(uint));
        nuint headers = Chunk.WholePages(chunks * Slab.Stride);
        nuint bitmaps = Chunk.WholePages(chunks * Slab.LongBitmapStride);
        nuint supers = Chunk.WholePages(chunks / Chunk.PerSuperSlab * (nuint)sizeof(SuperSlab));
        nuint owners = Chunk.WholePages(space->OwnerLimit * (nuint)sizeof(OwnerEntry));
        nuint bytes = map + headers + bitmaps + supers + owners;
        byte* at = TConfig.OsReserve(bytes);
        if (at == null) return false;
        _ = TConfig.OsAdviseHugePages(at, bytes, false);
        space->Tables = at;
        space->TableBytes = bytes;
        space->PageMap = (uint*)at;
        space->Owners = (OwnerEntry*)(at += map);
        space->SuperSlabs = (SuperSlab*)(at += owners);
        space->SlabHeaders = at += supers;
        space->LongBitmaps = at + headers;

        // Every chunk's entry may be read at any time, by the free of a wild pointer too. An owner's is read only where a chunk or a big block names it.
        if (map == 0 || TConfig.OsExpose(space->Tables, map)) return true;
        _ = TConfig.OsUnmap(space->Tables, bytes);
        return false;
    }

    // One step at most: whoever needs more calls again.
    private static bool TryCommitTables<TConfig>(SpaceState* space, uint chunks)
        where TConfig : struct, IAllocatorConfig
    {
        if (chunks <= space->TabledChunks) return true;
        nuint done = space->TabledChunks;
        nuint step = TableStepChunks;
        if (step > space->ChunkCount - done) step = space->ChunkCount - done;
        bool committed = Commit<TConfig>((byte*)space->PageMap, done, step, sizeof(uint))
                         && Commit<TConfig>((byte*)space->SuperSlabs, done / Chunk.PerSuperSlab, step / Chunk.PerSuperSlab, (nuint)sizeof(SuperSlab))
                         && Commit<TConfig>(space->SlabHeaders, done, step, Slab.Stride)
                         && Commit<TConfig>(space->LongBitmaps, done, step, Slab.LongBitmapStride);
        if (committed) space->TabledChunks += (uint)step;
        return committed;
    }

    private static bool Commit<TConfig>(byte* table, nuint first, nuint count, nuint entryBytes)
        where TConfig : struct, IAllocatorConfig
    {
        nuint start = (first * entryBytes) & ~(Chunk.OsPageBytes - 1);
        return TConfig.OsCommit(table + start, Chunk.WholePages((first + count) * entryBytes) - start);
    }
}
