namespace HakMem.Boxes;

/// <summary>
/// Everything that a box reaches and does not own: the composition's constants, tables, states, the boxes below it, and the join
/// points of diagnostics. The generator implements it once for each composition as a struct whose members fold into the callers,
/// so a build holds no trace of what its composition leaves out.
/// </summary>
[DefaultBox("AllocGate", typeof(AllocGate), Excludes = BoxTraits.MayBlock)]
[DefaultBox("FreeGate", typeof(FreeGate), Excludes = BoxTraits.MayBlock)]
[DefaultBox("ReallocGate", typeof(ReallocGate), Excludes = BoxTraits.MayBlock)]
[DefaultBox("Front", typeof(FrontHot), Excludes = BoxTraits.MayBlock)]
[DefaultBox("Refill", typeof(UnifiedCacheRefill), Excludes = BoxTraits.MayBlock)]
[DefaultBox("WarmPool", typeof(WarmPool), Excludes = BoxTraits.MayBlock)]
[DefaultBox("Prefill", typeof(Prefill), Excludes = BoxTraits.MayBlock)]
[DefaultBox("MidPool", typeof(MidPool), Excludes = BoxTraits.MayBlock)]
[DefaultBox("LargePool", typeof(LargePool), Requires = BoxTraits.ConcurrencySafe)]
[DefaultBox("BigCache", typeof(BigCache), Requires = BoxTraits.ConcurrencySafe)]
[DefaultBox("SharedPool", typeof(SharedPool), Requires = BoxTraits.ConcurrencySafe)]
[DefaultBox("RemoteFree", typeof(RemoteFree), Requires = BoxTraits.ConcurrencySafe)]
[DefaultBox("HeapRegistry", typeof(HeapRegistry), Requires = BoxTraits.ConcurrencySafe)]
[DefaultBox("ThreadStacks", typeof(ThreadStacks), Requires = BoxTraits.ConcurrencySafe, Excludes = BoxTraits.MayBlock)]
[DefaultBox("PageArena", typeof(PageArena), Requires = BoxTraits.ConcurrencySafe)]
[DefaultBox("PurgeQueue", typeof(PurgeQueue), Requires = BoxTraits.ConcurrencySafe, Excludes = BoxTraits.MayBlock)]
[DefaultBox("MemoryLimit", typeof(MemoryLimit), Requires = BoxTraits.ConcurrencySafe)]
[DefaultBox("AddressSpace", typeof(AddressSpace), Requires = BoxTraits.ConcurrencySafe | BoxTraits.ZeroedOutput, Excludes = BoxTraits.MayBlock)]
[DefaultBox("Scavenger", typeof(Scavenger), Requires = BoxTraits.ConcurrencySafe)]
[DefaultBox("Host", typeof(NoHost), Requires = BoxTraits.ConcurrencySafe)]
[DefaultBox("Os", typeof(SystemMemory), Requires = BoxTraits.ConcurrencySafe | BoxTraits.ZeroedOutput, Excludes = BoxTraits.MayBlock)]
[Preset(HakMemPreset.Minimal, "FrontCapacity", Value = 16)]
[Preset(HakMemPreset.Minimal, "FrontBytes", Value = 4096)]
[Preset(HakMemPreset.Minimal, "HeapFrontBytes", Value = 0)]
[Preset(HakMemPreset.Minimal, "PrefillBudget", Value = 1)]
[Preset(HakMemPreset.Minimal, "WarmCapacity", Value = 0)]
[Preset(HakMemPreset.Minimal, "PurgeDelay", Value = 100)]
[Preset(HakMemPreset.Minimal, "BigCacheBytes", Value = 0)]
[Preset(HakMemPreset.Minimal, "RemoteBatch", Value = 64)]
[Preset(HakMemPreset.Minimal, "HugePages", Value = 1)]
[Preset(HakMemPreset.Fast, "HeapFrontBytes", Value = 4194304)]
[Preset(HakMemPreset.Fast, "PrefillBudget", Value = 16)]
[Preset(HakMemPreset.Fast, "WarmCapacity", Value = 16)]
[Preset(HakMemPreset.Fast, "PurgeDelay", Value = 10000)]
[Preset(HakMemPreset.Fast, "BigCacheBytes", Value = 268435456)]
[Preset(HakMemPreset.Research, "Diagnostics", Box = typeof(DebugCounters))]
[Preset(HakMemPreset.Research, "Diagnostics", Box = typeof(FreelistValidation))]
[Preset(HakMemPreset.Research, "Diagnostics", Box = typeof(LockStats))]
[Preset(HakMemPreset.Research, "Diagnostics", Box = typeof(PageFaultTelemetry))]
[Preset(HakMemPreset.Research, "Diagnostics", Box = typeof(SizeHistogram))]
[Preset(HakMemPreset.Research, "Diagnostics", Box = typeof(WarmPoolStats))]
public unsafe partial interface IAllocatorConfig
{
    // ---- constants of the composition ------------------------------------------------------------------------------

    /// <summary>The largest size in bytes served by the inlined hot path.</summary>
    [Option(1024, Minimum = 128, Maximum = 1024, Multiple = 16)] static abstract uint MaxTiny { get; }

    /// <summary>The largest number of blocks that a front stack holds.</summary>
    [Option(256, Minimum = 16, Maximum = 256)] static abstract uint FrontCapacity { get; }

    /// <summary>The largest number of bytes in free blocks that one front stack holds.</summary>
    [Option(65536, Minimum = 4096, Maximum = 1048576)] static abstract uint FrontBytes { get; }

    /// <summary>The largest number of bytes in free blocks that all front stacks of a heap hold.</summary>
    [Option(1048576, Minimum = 0)] static abstract uint HeapFrontBytes { get; }

    /// <summary>How many slabs are taken from the shared pool at once.</summary>
    [Option(4, Minimum = 1, Maximum = 16, Switch = "HakMemPrefillBudget")] static abstract uint PrefillBudget { get; }

    /// <summary>How many empty slabs a heap keeps for itself.</summary>
    [Option(4, Minimum = 0, Maximum = 16)] static abstract uint WarmCapacity { get; }

    /// <summary>How many milliseconds unused memory waits before it is given back.</summary>
    [Option(1000, Minimum = 0)] static abstract uint PurgeDelay { get; }

    /// <summary>What is wanted of transparent huge pages: a value of <see cref="HugePagePolicy"/>.</summary>
    [Option(0, Minimum = 0, Maximum = 2)] static abstract uint HugePages { get; }

    /// <summary>Whether a fresh SuperSlab is backed with memory at once: 0 or 1.</summary>
    [Option(0, Minimum = 0, Maximum = 1)] static abstract uint Prefault { get; }

    /// <summary>Whether unused chunks are cleared first and given back later: 0 or 1.</summary>
    [Option(0, Minimum = 0, Maximum = 1)] static abstract uint PreZero { get; }

    /// <summary>How many bytes of freed big blocks are kept for reuse.</summary>
    [Option(33554432, Minimum = 0)] static abstract uint BigCacheBytes { get; }

    /// <summary>How many frees of blocks of other heaps may be gathered before they are sent; a block of 128 bytes or more counts once more for each 128.</summary>
    [Option(4096, Minimum = 1)] static abstract uint RemoteBatch { get; }

    /// <summary>The largest address range reserved, as a power of two of bytes.</summary>
    [Option(40, Minimum = 24, Maximum = 40)] static abstract uint ReserveLog2 { get; }

    /// <summary>How many SuperSlabs of 2 MiB a <see cref="FixedRange"/> has.</summary>
    [Option(32, Minimum = 1, Maximum = 262144)] static abstract uint RangeSuperSlabs { get; }

    /// <summary>Whether unused memory is given back without anyone asking: 0 or 1.</summary>
    [Option(1, Minimum = 0, Maximum = 1)] static abstract uint Purge { get; }

    // ---- the process's and the composition's state, written by the generator ------------------------------------------

    /// <summary>The address space this composition draws from; null when the process refused even its tables.</summary>
    static abstract SpaceState* Space { get; }

    /// <summary>The first byte of the reserved range; chunk 0.</summary>
    static abstract byte* Base { get; }

    /// <summary>How many chunks the reserved range has; 0 when nothing could be reserved.</summary>
    static abstract nuint ChunkCount { get; }

    /// <summary>Owner and class of every chunk.</summary>
    static abstract uint* PageMap { get; }

    /// <summary>The slab headers, one for each chunk, <see cref="Slab.Stride"/> bytes apart.</summary>
    static abstract byte* SlabHeaders { get; }

    /// <summary>The table of size classes.</summary>
    static abstract SizeClass* Classes { get; }

    /// <summary>The composition's own core state.</summary>
    static abstract Composition* Composition { get; }

    /// <summary>The table of threads' stacks; null where heaps are found by the thread-local storage.</summary>
    static abstract byte* Stacks { get; }

    /// <summary>The bytes of one heap with the states of all boxes of the composition.</summary>
    static abstract nuint HeapBytes { get; }

    /// <summary>The bytes of the composition's state with those of all its boxes.</summary>
    static abstract nuint CompositionBytes { get; }

    // ---- states of boxes ------------------------------------------------------------------------------------------

    /// <summary>The warm pool's part of a heap: a struct of its own, which it alone knows.</summary>
    [HeapState("WarmPool")] static abstract void* WarmPoolOf(ThreadHeap* heap);

    /// <summary>The large pool's part of a heap.</summary>
    [HeapState("LargePool")] static abstract LargePool.HeapState* LargePoolOf(ThreadHeap* heap);

    /// <summary>The remote table of a heap; touched only after the first free of a block of another heap.</summary>
    [HeapState("RemoteFree")] static abstract RemoteFree.HeapState* RemoteTableOf(ThreadHeap* heap);

    /// <summary>The front's part of a heap: a struct of its own, which it alone knows.</summary>
    [HeapState("Front")] static abstract void* FrontOf(ThreadHeap* heap);

    /// <summary>The page source's part of the composition: a struct of its own, which it alone knows.</summary>
    [SharedState("AddressSpace")] static abstract void* AddressSpaceState { get; }

    /// <summary>The shared pool's part of the composition.</summary>
    [SharedState("SharedPool")] static abstract SharedPool.SharedState* SharedPoolState { get; }

    /// <summary>The page arena's part of the composition.</summary>
    [SharedState("PageArena")] static abstract PageArena.SharedState* PageArenaState { get; }

    /// <summary>The purge queue's part of the composition.</summary>
    [SharedState("PurgeQueue")] static abstract PurgeQueue.SharedState* PurgeQueueState { get; }

    /// <summary>The large pool's part of the composition.</summary>
    [SharedState("LargePool")] static abstract LargePool.SharedState* LargePoolState { get; }

    /// <summary>The big cache's part of the composition.</summary>
    [SharedState("BigCache")] static abstract BigCache.SharedState* BigCacheState { get; }

    /// <summary>The registry's part of the composition.</summary>
    [SharedState("HeapRegistry")] static abstract HeapRegistry.SharedState* RegistryState { get; }

    /// <summary>The part of the composition that belongs to the table of threads' stacks.</summary>
    [SharedState("ThreadStacks")] static abstract ThreadStacks.SharedState* StacksState { get; }
}
