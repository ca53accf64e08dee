namespace HakMem.Boxes;

/// <summary>
/// Box of layer Pages, another choice for the slot AddressSpace: a fixed budget. The composition's first SuperSlab takes
/// <see cref="IAllocatorConfig.RangeSuperSlabs"/> of them from the process's range, neighbours, committed by one call and with <see cref="IAllocatorConfig.Prefault"/> backed by
/// another; from then on no memory is asked of the OS for blocks, none is given to others, and what does not fit is refused. Tables, heaps and compositions
/// are beside the budget, in the process's <see cref="AddressSpace"/>. State: <see cref="SharedState"/> under its lock, the last in the order but for the address space's.
/// </summary>
[Box(BoxLayer.Pages, Traits = BoxTraits.ConcurrencySafe | BoxTraits.ZeroedOutput)]
public static unsafe class FixedRange
{
    /// <summary>What the range keeps in each composition.</summary>
    public struct SharedState
    {
        /// <summary>Guards this state.</summary>
        public int Lock;

        /// <summary>How many SuperSlabs were handed out for the first time.</summary>
        public uint Begun;

        /// <summary>Whether there is memory behind those that were not.</summary>
        public bool Backed;

        /// <summary>The first of the range; null before the range is taken.</summary>
        public SuperSlab* First;

        /// <summary>SuperSlabs that came back.</summary>
        public SuperSlab* Free;
    }

    /// <inheritdoc cref="AddressSpace.Open{TConfig}"/>
    public static SpaceState* Open<TConfig>()
        where TConfig : struct, IAllocatorConfig
        => AddressSpace.Open<TConfig>();

    /// <inheritdoc cref="AddressSpace.Create{TConfig}"/>
    public static SpaceState* Create<TConfig>()
        where TConfig : struct, IAllocatorConfig
        => AddressSpace.Create<TConfig>();

    /// <inheritdoc cref="AddressSpace.Destroy{TConfig}"/>
    public static void Destroy<TConfig>(SpaceState* space)
        where TConfig : struct, IAllocatorConfig
        => AddressSpace.Destroy<TConfig>(space);

    /// <summary>Hands out 2 MiB of the range. False when it is used up, or when the OS refuses the range; then the next call asks again.</summary>
    public static bool TrySuperSlab<TConfig>(out SuperSlab* superSlab)
        where TConfig : struct, IAllocatorConfig
    {
        SharedState* range = (SharedState*)TConfig.AddressSpaceState;
        SpinLock.Enter<TConfig>(&range->Lock);
        superSlab = range->Free;
        bool begins = false;
        if (superSlab != null)
        {
            range->Free = superSlab->Next;
        }
        else if (range->Begun < TConfig.RangeSuperSlabs && (range->First != null || TryTake<TConfig>(range)))
        {
            superSlab = range->First + range->Begun++;
            begins = true;
        }

        SpinLock.Exit<TConfig>(&range->Lock);
        if (superSlab == null) return false;
        SuperSlab.MarkFree(superSlab);
        superSlab->Prepared = begins;
        if (begins && range->Backed) superSlab->Backed = uint.MaxValue;
        return true;
    }

    /// <summary>Takes a SuperSlab back for this composition alone. All its chunks are free, clean and out of the page map.</summary>
    public static void ReturnSuperSlab<TConfig>(SuperSlab* superSlab)
        where TConfig : struct, IAllocatorConfig
    {
        SharedState* range = (SharedState*)TConfig.AddressSpaceState;
        SpinLock.Enter<TConfig>(&range->Lock);
        superSlab->Next = range->Free;
        range->Free = superSlab;
        SpinLock.Exit<TConfig>(&range->Lock);
    }

    /// <inheritdoc cref="AddressSpace.NewOwner{TConfig}"/>
    public static uint NewOwner<TConfig>(SpaceState* space, uint composition)
        where TConfig : struct, IAllocatorConfig
        => AddressSpace.NewOwner<TConfig>(space, composition);

    /// <inheritdoc cref="AddressSpace.ReturnOwner{TConfig}"/>
    public static void ReturnOwner<TConfig>(SpaceState* space, uint owner)
        where TConfig : struct, IAllocatorConfig
        => AddressSpace.ReturnOwner<TConfig>(space, owner);

    /// <inheritdoc cref="AddressSpace.TakeMeta{TConfig}"/>
    public static byte* TakeMeta<TConfig>(SpaceState* space, nuint bytes)
        where TConfig : struct, IAllocatorConfig
        => AddressSpace.TakeMeta<TConfig>(space, bytes);

    // Under the range's lock. That the OS refuses advice or backing does no harm: pages are then backed as touched.
    private static bool TryTake<TConfig>(SharedState* range)
        where TConfig : struct, IAllocatorConfig
    {
        uint count = TConfig.RangeSuperSlabs;
        if (!AddressSpace.TryRun<TConfig>(count, out SuperSlab* first)) return false;
        byte* start = PageMap.Address<TConfig>(first->FirstChunk);
        nuint bytes = (nuint)count * Chunk.SuperSlabBytes;
        HugePagePolicy policy = TConfig.Composition->HugePages;
        if (policy != HugePagePolicy.System) _ = TConfig.OsAdviseHugePages(start, bytes, policy == HugePagePolicy.Always);
        range->Backed = TConfig.Composition->Prefault && TConfig.OsPopulate(start, bytes);
        range->First = first;
        return true;
    }
}
