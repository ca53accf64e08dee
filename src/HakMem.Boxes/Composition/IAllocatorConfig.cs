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
[DefaultBox("PageArena", typeof(PageArena), Requires = BoxTraits.ConcurrencySafe)]
[DefaultBox("PurgeQueue", typeof(PurgeQueue), Requires = BoxTraits.ConcurrencySafe)]
[DefaultBox("MemoryLimit", typeof(MemoryLimit), Requires = BoxTraits.ConcurrencySafe)]
[DefaultBox("AddressSpace", typeof(AddressSpace), Requires = BoxTraits.ConcurrencySafe | BoxTraits.ZeroedOutput, Excludes = BoxTraits.MayBlock)]
[DefaultBox("Scavenger", typeof(Scavenger), Requires = BoxTraits.ConcurrencySafe)]
[DefaultBox("Host", typeof(NoHost), Requires = BoxTraits.ConcurrencySafe)]
[DefaultBox("Os", typeof(LinuxMemory), Requires = BoxTraits.ConcurrencySafe | BoxTraits.ZeroedOutput, Excludes = BoxTraits.MayBlock)]
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
public unsafe interface IAllocatorConfig
{
    // ---- constants of the composition ------------------------------------------------------------------------------

    /// <summary>The largest size in bytes served by the inlined hot path.</summary>
    [Option(1024, Minimum = 128, Maximum = 1024, Multiple = 16)] static abstract uint MaxTiny { get; }

    /// <summary>The largest number of blocks that a front stack holds.</summary>
    [Option(256, Minimum = 16, Maximum = 256)] static abstract uint FrontCapacity { get; }

    /// <summary>The largest number of bytes in free blocks that one front stack holds.</summary>
    [Option(32768, Minimum = 4096, Maximum = 1048576)] static abstract uint FrontBytes { get; }

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

    /// <summary>How many bytes of freed big blocks are kept for reuse.</summary>
    [Option(33554432, Minimum = 0)] static abstract uint BigCacheBytes { get; }

    /// <summary>How many frees of blocks of other heaps may be gathered before they are sent.</summary>
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

    // ---- operating system -------------------------------------------------------------------------------------------

    /// <inheritdoc cref="LinuxMemory.Prepare"/>
    [Bound("Os", "Prepare")] static abstract void OsPrepare();

    /// <inheritdoc cref="LinuxMemory.Reserve"/>
    [Bound("Os", "Reserve")] static abstract byte* OsReserve(nuint bytes);

    /// <inheritdoc cref="LinuxMemory.Commit"/>
    [Bound("Os", "Commit")] static abstract bool OsCommit(byte* at, nuint bytes);

    /// <inheritdoc cref="LinuxMemory.Expose"/>
    [Bound("Os", "Expose")] static abstract bool OsExpose(byte* at, nuint bytes);

    /// <inheritdoc cref="LinuxMemory.Purge"/>
    [Bound("Os", "Purge")] static abstract bool OsPurge(byte* at, nuint bytes);

    /// <inheritdoc cref="LinuxMemory.Map"/>
    [Bound("Os", "Map")] static abstract byte* OsMap(nuint bytes);

    /// <inheritdoc cref="LinuxMemory.Unmap"/>
    [Bound("Os", "Unmap")] static abstract bool OsUnmap(byte* at, nuint bytes);

    /// <inheritdoc cref="LinuxMemory.Remap"/>
    [Bound("Os", "Remap")] static abstract byte* OsRemap(byte* at, nuint oldBytes, nuint newBytes, bool mayMove);

    /// <inheritdoc cref="LinuxMemory.AdviseHugePages"/>
    [Bound("Os", "AdviseHugePages")] static abstract bool OsAdviseHugePages(byte* at, nuint bytes, bool wanted);

    /// <inheritdoc cref="LinuxMemory.Populate"/>
    [Bound("Os", "Populate")] static abstract bool OsPopulate(byte* at, nuint bytes);

    /// <inheritdoc cref="LinuxMemory.AddressSpaceLimit"/>
    [Bound("Os", "AddressSpaceLimit")] static abstract nuint OsAddressSpaceLimit();

    /// <inheritdoc cref="LinuxMemory.Milliseconds"/>
    [Bound("Os", "Milliseconds")] static abstract ulong OsMilliseconds();

    /// <inheritdoc cref="LinuxMemory.ThreadId"/>
    [Bound("Os", "ThreadId")] static abstract uint OsThreadId();

    /// <inheritdoc cref="LinuxMemory.ThreadIsGone"/>
    [Bound("Os", "ThreadIsGone")] static abstract bool OsThreadIsGone(uint thread);

    /// <inheritdoc cref="LinuxMemory.WatchThreadEnd"/>
    [Bound("Os", "WatchThreadEnd")] static abstract void OsWatchThreadEnd(uint* key, void* word);

    /// <inheritdoc cref="LinuxMemory.UnwatchThreadEnds"/>
    [Bound("Os", "UnwatchThreadEnds")] static abstract void OsUnwatchThreadEnds(uint* key);

    /// <inheritdoc cref="LinuxMemory.Wait"/>
    [Bound("Os", "Wait")] static abstract void OsWait(uint attempt);

    /// <inheritdoc cref="LinuxMemory.WriteError"/>
    [Bound("Os", "WriteError")] static abstract void OsWriteError(byte* text, nuint bytes);

    /// <inheritdoc cref="LinuxMemory.Abort"/>
    [Bound("Os", "Abort")] static abstract void OsAbort();

    /// <inheritdoc cref="NoHost.Configure"/>
    [Bound("Host", "Configure")] static abstract void HostConfigure(Composition* composition);

    /// <inheritdoc cref="NoHost.Wake{TConfig}"/>
    [Bound("Host", "Wake")] static abstract bool HostWake(uint milliseconds);

    /// <inheritdoc cref="NoHost.Pressure{TConfig}"/>
    [Bound("Host", "Pressure")] static abstract void HostPressure(ulong committedBytes);

    // ---- pages --------------------------------------------------------------------------------------------------------

    /// <inheritdoc cref="MemoryLimit.TryCharge{TConfig}"/>
    [Bound("MemoryLimit", "TryCharge")] static abstract bool TryCharge(nuint bytes);

    /// <inheritdoc cref="AddressSpace.TrySuperSlab{TConfig}"/>
    [Bound("AddressSpace", "TrySuperSlab")] static abstract bool TrySuperSlab(out SuperSlab* superSlab);

    /// <inheritdoc cref="AddressSpace.ReturnSuperSlab{TConfig}"/>
    [Bound("AddressSpace", "ReturnSuperSlab")] static abstract void ReturnSuperSlab(SuperSlab* superSlab);

    /// <inheritdoc cref="AddressSpace.TakeMeta{TConfig}"/>
    [Bound("AddressSpace", "TakeMeta")] static abstract byte* TakeMeta(SpaceState* space, nuint bytes);

    /// <inheritdoc cref="AddressSpace.NewOwner{TConfig}"/>
    [Bound("AddressSpace", "NewOwner")] static abstract uint NewOwner(SpaceState* space, uint composition);

    /// <inheritdoc cref="AddressSpace.ReturnOwner{TConfig}"/>
    [Bound("AddressSpace", "ReturnOwner")] static abstract void ReturnOwner(SpaceState* space, uint owner);

    /// <inheritdoc cref="PageArena.TryTake{TConfig}"/>
    [Bound("PageArena", "TryTake")] static abstract uint TryTakeSpans(uint chunks, bool aligned, uint want, ChunkSpan* spans);

    /// <inheritdoc cref="PageArena.TryExtend{TConfig}"/>
    [Bound("PageArena", "TryExtend")] static abstract bool TryExtendSpan(uint firstChunk, uint chunks, uint newChunks);

    /// <inheritdoc cref="PageArena.Return{TConfig}"/>
    [Bound("PageArena", "Return")] static abstract void ReturnSpan(uint firstChunk, uint chunks, bool dirty);

    /// <inheritdoc cref="PageArena.HideDirty{TConfig}"/>
    [Bound("PageArena", "HideDirty")] static abstract uint HideDirtyChunks(SuperSlab* superSlab);

    /// <inheritdoc cref="PageArena.Show{TConfig}"/>
    [Bound("PageArena", "Show")] static abstract void ShowChunks(SuperSlab* superSlab, uint mask, uint stillDirty);

    /// <inheritdoc cref="PageArena.ReleaseUnused{TConfig}"/>
    [Bound("PageArena", "ReleaseUnused")] static abstract void ReleaseUnusedSuperSlabs();

    /// <inheritdoc cref="PurgeQueue.Add{TConfig}"/>
    [Bound("PurgeQueue", "Add")] static abstract void QueuePurge(SuperSlab* superSlab);

    /// <inheritdoc cref="PurgeQueue.Poll{TConfig}"/>
    [Bound("PurgeQueue", "Poll")] static abstract void PollPurge(bool now);

    // ---- shared -------------------------------------------------------------------------------------------------------

    /// <inheritdoc cref="SharedPool.Acquire{TConfig}"/>
    [Bound("SharedPool", "Acquire")] static abstract uint AcquireSlabs(ThreadHeap* heap, uint sizeClass, uint want, ChunkSpan* spans, out Slab* partial);

    /// <inheritdoc cref="SharedPool.Release{TConfig}"/>
    [Bound("SharedPool", "Release")] static abstract void ReleaseSlab(uint firstChunk, uint chunks, bool dirty);

    /// <inheritdoc cref="SharedPool.Drain{TConfig}"/>
    [Bound("SharedPool", "Drain")] static abstract void DrainSharedPool();

    /// <inheritdoc cref="RemoteFree.Add{TConfig}"/>
    [Bound("RemoteFree", "Add")] static abstract void AddRemote(ThreadHeap* heap, void* block, uint entry);

    /// <inheritdoc cref="RemoteFree.Send{TConfig}"/>
    [Bound("RemoteFree", "Send")] static abstract void SendRemote(Slab* slab, uint word, ulong bits);

    /// <inheritdoc cref="RemoteFree.SendAll{TConfig}"/>
    [Bound("RemoteFree", "SendAll")] static abstract void SendAllRemote(ThreadHeap* heap);

    /// <inheritdoc cref="RemoteFree.Collect{TConfig}"/>
    [Bound("RemoteFree", "Collect")] static abstract void CollectRemote(ThreadHeap* heap);

    /// <inheritdoc cref="RemoteFree.CountPending{TConfig}"/>
    [Bound("RemoteFree", "CountPending")] static abstract void CountPendingRemote(ThreadHeap* heap, ulong* blocks);

    /// <inheritdoc cref="Scavenger.Want{TConfig}"/>
    [Bound("Scavenger", "Want")] static abstract void WantScavenge();

    /// <inheritdoc cref="Scavenger.Poll{TConfig}"/>
    [Bound("Scavenger", "Poll")] static abstract void PollScavenge();

    /// <inheritdoc cref="Scavenger.Pass{TConfig}"/>
    [Bound("Scavenger", "Pass")] static abstract bool ScavengePass(bool now);

    /// <inheritdoc cref="HeapRegistry.ReleaseEnded{TConfig}"/>
    [Bound("HeapRegistry", "ReleaseEnded")] static abstract void ReleaseEndedHeaps();

    /// <inheritdoc cref="HeapRegistry.TakeSpare{TConfig}"/>
    [Bound("HeapRegistry", "TakeSpare")] static abstract ThreadHeap* TakeSpareHeap();

    /// <inheritdoc cref="HeapRegistry.PutSpare{TConfig}"/>
    [Bound("HeapRegistry", "PutSpare")] static abstract void PutSpareHeap(ThreadHeap* heap);

    /// <inheritdoc cref="HeapRegistry.Abandon{TConfig}"/>
    [Bound("HeapRegistry", "Abandon")] static abstract void AbandonHeap(ThreadHeap* heap);

    /// <inheritdoc cref="HeapRegistry.First{TConfig}"/>
    [Bound("HeapRegistry", "First")] static abstract ThreadHeap* FirstHeap();

    /// <inheritdoc cref="HeapRegistry.TryAdoptSlab{TConfig}"/>
    [Bound("HeapRegistry", "TryAdoptSlab")] static abstract bool TryAdoptSlab(ThreadHeap* heap, uint sizeClass, out Slab* slab);

    // ---- local --------------------------------------------------------------------------------------------------------

    /// <inheritdoc cref="FrontHot.Attach{TConfig}"/>
    [Bound("Front", "Attach")] static abstract void AttachFront(ThreadHeap* heap);

    /// <inheritdoc cref="FrontHot.TryPop{TConfig}"/>
    [Bound("Front", "TryPop")] static abstract bool TryPopFront(ThreadHeap* heap, uint sizeClass, out void* block);

    /// <inheritdoc cref="FrontHot.TryPush{TConfig}"/>
    [Bound("Front", "TryPush")] static abstract bool TryPushFront(ThreadHeap* heap, uint sizeClass, void* block);

    /// <inheritdoc cref="FrontHot.TryGrow{TConfig}"/>
    [Bound("Front", "TryGrow")] static abstract bool TryGrowFront(ThreadHeap* heap, uint sizeClass);

    /// <inheritdoc cref="FrontHot.Shrink{TConfig}"/>
    [Bound("Front", "Shrink")] static abstract void ShrinkFront(ThreadHeap* heap, uint sizeClass);

    /// <inheritdoc cref="FrontHot.Count{TConfig}"/>
    [Bound("Front", "Count")] static abstract uint CountFront(ThreadHeap* heap, uint sizeClass);

    /// <inheritdoc cref="FrontHot.Offer{TConfig}"/>
    [Bound("Front", "Offer")] static abstract void** OfferFront(ThreadHeap* heap, uint sizeClass, out uint want);

    /// <inheritdoc cref="FrontHot.Accept{TConfig}"/>
    [Bound("Front", "Accept")] static abstract void* AcceptFront(ThreadHeap* heap, uint sizeClass, uint count);

    /// <inheritdoc cref="FrontHot.Oldest{TConfig}"/>
    [Bound("Front", "Oldest")] static abstract void** OldestOfFront(ThreadHeap* heap, uint sizeClass, uint count);

    /// <inheritdoc cref="FrontHot.DropOldest{TConfig}"/>
    [Bound("Front", "DropOldest")] static abstract void DropOldestOfFront(ThreadHeap* heap, uint sizeClass, uint count);

    /// <inheritdoc cref="FrontHot.Clear{TConfig}"/>
    [Bound("Front", "Clear")] static abstract void ClearFront(ThreadHeap* heap, uint sizeClass);

    /// <inheritdoc cref="FrontHot.LinkBytes"/>
    [Bound("Front", "LinkBytes")] static abstract uint FrontLinkBytes();

    /// <inheritdoc cref="FrontHot.CopyTo{TConfig}"/>
    [Bound("Front", "CopyTo")] static abstract uint CopyFront(ThreadHeap* heap, uint sizeClass, void** blocks, uint room);

    /// <inheritdoc cref="UnifiedCacheRefill.Refill{TConfig}"/>
    [Bound("Refill", "Refill")] static abstract void* RefillFront(ThreadHeap* heap, uint sizeClass);

    /// <inheritdoc cref="UnifiedCacheRefill.TryCarveZeroed{TConfig}"/>
    [Bound("Refill", "TryCarveZeroed")] static abstract bool TryCarveZeroed(ThreadHeap* heap, uint sizeClass, out void* block);

    /// <inheritdoc cref="UnifiedCacheRefill.TryUnlink{TConfig}"/>
    [Bound("Refill", "TryUnlink")] static abstract bool TryUnlinkSlab(ThreadHeap* heap, uint sizeClass, out Slab* slab);

    /// <inheritdoc cref="UnifiedCacheRefill.Flush{TConfig}"/>
    [Bound("Refill", "Flush")] static abstract void FlushFront(ThreadHeap* heap, uint sizeClass, void* block);

    /// <inheritdoc cref="UnifiedCacheRefill.FlushAll{TConfig}"/>
    [Bound("Refill", "FlushAll")] static abstract void FlushAllFronts(ThreadHeap* heap);

    /// <inheritdoc cref="UnifiedCacheRefill.Merge{TConfig}"/>
    [Bound("Refill", "Merge")] static abstract void MergeFree(ThreadHeap* heap, Slab* slab, uint word, ulong bits);

    /// <inheritdoc cref="UnifiedCacheRefill.RetireEmpty{TConfig}"/>
    [Bound("Refill", "RetireEmpty")] static abstract void RetireEmptySlabs(ThreadHeap* heap);

    /// <inheritdoc cref="UnifiedCacheRefill.RetireAll{TConfig}"/>
    [Bound("Refill", "RetireAll")] static abstract void RetireAllSlabs(ThreadHeap* heap);

    /// <inheritdoc cref="UnifiedCacheRefill.PurgePages{TConfig}"/>
    [Bound("Refill", "PurgePages")] static abstract uint PurgePages(ThreadHeap* heap, uint sizeClass, uint limit, bool now, out bool changing);

    /// <inheritdoc cref="WarmPool.TryTake{TConfig}"/>
    [Bound("WarmPool", "TryTake")] static abstract bool TryTakeWarm(ThreadHeap* heap, out ChunkSpan span);

    /// <inheritdoc cref="WarmPool.TryPut{TConfig}"/>
    [Bound("WarmPool", "TryPut")] static abstract bool TryPutWarm(ThreadHeap* heap, ChunkSpan span);

    /// <inheritdoc cref="WarmPool.Drain{TConfig}"/>
    [Bound("WarmPool", "Drain")] static abstract void DrainWarm(ThreadHeap* heap);

    /// <inheritdoc cref="WarmPool.Count{TConfig}"/>
    [Bound("WarmPool", "Count")] static abstract uint CountWarm(ThreadHeap* heap);

    /// <inheritdoc cref="WarmPool.CountDemand{TConfig}"/>
    [Bound("WarmPool", "CountDemand")] static abstract uint CountDemand(ThreadHeap* heap);

    /// <inheritdoc cref="Prefill.TryTake{TConfig}"/>
    [Bound("Prefill", "TryTake")] static abstract bool TryPrefill(ThreadHeap* heap, uint sizeClass, out ChunkSpan span, out Slab* partial);

    /// <inheritdoc cref="MidPool.Alloc{TConfig}"/>
    [Bound("MidPool", "Alloc")] static abstract void* AllocMid(ThreadHeap* heap, nuint size);

    /// <inheritdoc cref="LargePool.Alloc{TConfig}"/>
    [Bound("LargePool", "Alloc")] static abstract void* AllocLarge(ThreadHeap* heap, nuint size, nuint alignment, bool zeroed);

    /// <inheritdoc cref="LargePool.Free{TConfig}"/>
    [Bound("LargePool", "Free")] static abstract void FreeLarge(ThreadHeap* heap, void* block, uint chunk);

    /// <inheritdoc cref="LargePool.FreeAll{TConfig}"/>
    [Bound("LargePool", "FreeAll")] static abstract void FreeAllLarge(ThreadHeap* heap);

    /// <inheritdoc cref="LargePool.TryResize{TConfig}"/>
    [Bound("LargePool", "TryResize")] static abstract bool TryResizeLarge(void* block, uint chunk, nuint size);

    /// <inheritdoc cref="LargePool.UsableSize{TConfig}"/>
    [Bound("LargePool", "UsableSize")] static abstract nuint UsableLarge(uint chunk);

    /// <inheritdoc cref="LargePool.Drain{TConfig}"/>
    [Bound("LargePool", "Drain")] static abstract void DrainLarge(ThreadHeap* heap);

    /// <inheritdoc cref="BigCache.Alloc{TConfig}"/>
    [Bound("BigCache", "Alloc")] static abstract void* AllocBig(nuint size, nuint alignment, bool zeroed);

    /// <inheritdoc cref="BigCache.Free{TConfig}"/>
    [Bound("BigCache", "Free")] static abstract void FreeBig(void* block);

    /// <inheritdoc cref="BigCache.Assign{TConfig}"/>
    [Bound("BigCache", "Assign")] static abstract void AssignBig(void* block, ThreadHeap* heap);

    /// <inheritdoc cref="BigCache.FreeAll{TConfig}"/>
    [Bound("BigCache", "FreeAll")] static abstract void FreeAllBig(ThreadHeap* heap);

    /// <inheritdoc cref="BigCache.TryResize{TConfig}"/>
    [Bound("BigCache", "TryResize")] static abstract void* TryResizeBig(void* block, nuint size);

    /// <inheritdoc cref="BigCache.UsableSize{TConfig}"/>
    [Bound("BigCache", "UsableSize")] static abstract nuint UsableBig(void* block);

    /// <inheritdoc cref="BigCache.Drain{TConfig}"/>
    [Bound("BigCache", "Drain")] static abstract void DrainBig(bool all);

    // ---- gates, for each other ------------------------------------------------------------------------------------------

    /// <inheritdoc cref="AllocGate.TryClassify{TConfig}"/>
    [Bound("AllocGate", "TryClassify")] static abstract bool TryClassify(ThreadHeap* heap, nuint size, out uint sizeClass);

    /// <inheritdoc cref="AllocGate.TellHost{TConfig}"/>
    [Bound("AllocGate", "TellHost")] static abstract bool TellHost(ThreadHeap* heap);

    /// <inheritdoc cref="AllocGate.AllocAligned{TConfig}"/>
    [Bound("AllocGate", "AllocAligned")] static abstract void* AllocAligned(ThreadHeap* heap, nuint size, nuint alignment);

    /// <inheritdoc cref="FreeGate.TryOwn{TConfig}"/>
    [Bound("FreeGate", "TryOwn")] static abstract bool TryOwn(ThreadHeap* heap, void* block, out uint sizeClass);

    /// <inheritdoc cref="FreeGate.UsableSize{TConfig}"/>
    [Bound("FreeGate", "UsableSize")] static abstract nuint UsableSize(void* block);

    /// <inheritdoc cref="ReallocGate.TryResize{TConfig}"/>
    [Bound("ReallocGate", "TryResize")] static abstract void* TryResize(void* block, nuint usable, nuint size, nuint alignment);

    /// <inheritdoc cref="AllocGate.AllocZeroed{TConfig}"/>
    [Bound("AllocGate", "AllocZeroed")] static abstract void* AllocZeroed(ThreadHeap* heap, nuint size);

    /// <inheritdoc cref="AllocGate.AllocSlow{TConfig}"/>
    [Bound("AllocGate", "AllocSlow")] static abstract void* AllocSlow(ThreadHeap* heap, nuint size);

    /// <inheritdoc cref="FreeGate.FreeSlow{TConfig}"/>
    [Bound("FreeGate", "FreeSlow")] static abstract void FreeSlow(ThreadHeap* heap, void* block);

    // ---- join points --------------------------------------------------------------------------------------------------

    /// <summary>The front had a block for an allocation.</summary>
    [JoinPoint] static abstract void OnFrontHit(ThreadHeap* heap, uint sizeClass, void* block);

    /// <summary>The front was empty; a refill follows.</summary>
    [JoinPoint] static abstract void OnFrontMiss(ThreadHeap* heap, uint sizeClass);

    /// <summary>A miss of the front is served with this block, of the class or of its home class.</summary>
    [JoinPoint] static abstract void OnMissServed(ThreadHeap* heap, uint sizeClass, void* block);

    /// <summary>The front took a freed block.</summary>
    [JoinPoint] static abstract void OnFrontPush(ThreadHeap* heap, uint sizeClass, void* block);

    /// <summary>A front that links its blocks is about to hand one out, and holds on to the next that this one names; null is the end.</summary>
    [JoinPoint] static abstract void OnFrontLink(ThreadHeap* heap, uint sizeClass, void* block, void* next);

    /// <summary>The front was full and has taken a freed block after a flush or by growing.</summary>
    [JoinPoint] static abstract void OnFlushPush(ThreadHeap* heap, uint sizeClass, void* block);

    /// <summary>A block of another heap is being freed; nothing of it is recorded yet.</summary>
    [JoinPoint] static abstract void OnRemoteBlock(uint sizeClass, void* block);

    /// <summary>A block is about to be freed by a caller who knows its size.</summary>
    [JoinPoint] static abstract void OnSizedFree(void* block, nuint size);

    /// <summary>The size of a block that should have a user was asked for.</summary>
    [JoinPoint] static abstract void OnUse(uint sizeClass, void* block);

    /// <summary>A request that the hot path did not serve.</summary>
    [JoinPoint] static abstract void OnSlowAlloc(ThreadHeap* heap, nuint size);

    /// <summary>A slow path ends before its usual end.</summary>
    [JoinPoint] static abstract void OnSlowExit(ThreadHeap* heap, SlowExit exit);

    /// <summary>A refill or flush of a bin begins. Under the heap's lock.</summary>
    [JoinPoint] static abstract void OnSlowEntry(ThreadHeap* heap, uint sizeClass);

    /// <summary>A refill begins with the bin's current slab, if there is one. Under the heap's lock.</summary>
    [JoinPoint] static abstract void OnFill(ThreadHeap* heap, Bin* bin);

    /// <summary>A refill takes a slab out of one of its bin's lists, perhaps after it collected the inbox. Under the heap's lock.</summary>
    [JoinPoint] static abstract void OnFillFrom(ThreadHeap* heap, Slab* slab, bool collected);

    /// <summary>A bin without slabs is served by one of the stages from the warm pool on; the last of them, the arena, is about to be asked.</summary>
    [JoinPoint] static abstract void OnRefillStage(ThreadHeap* heap, RefillStage stage);

    /// <summary>A refill is about to put a block of a slab into the front; fresh is a block that was just cut. Under the heap's lock.</summary>
    [JoinPoint] static abstract void OnRefillBlock(ThreadHeap* heap, Slab* slab, void* block, bool fresh);

    /// <summary>A block was cut for a user who wants zeros, past the front. Under the heap's lock.</summary>
    [JoinPoint] static abstract void OnCarveZeroed(ThreadHeap* heap, Slab* slab, void* block);

    /// <summary>Pages of a slab that were given back, a bit each, are about to be used again. Under the heap's lock.</summary>
    [JoinPoint] static abstract void OnUnpurge(ThreadHeap* heap, Slab* slab, ulong pages);

    /// <summary>A refill has put so many blocks into the front. Under the heap's lock.</summary>
    [JoinPoint] static abstract void OnRefill(ThreadHeap* heap, uint sizeClass, uint blocks);

    /// <summary>A flush is about to put a block back into a slab. Under the heap's lock.</summary>
    [JoinPoint] static abstract void OnFlushBlock(ThreadHeap* heap, Slab* slab, void* block);

    /// <summary>A flush has put so many blocks back. Under the heap's lock.</summary>
    [JoinPoint] static abstract void OnFlush(ThreadHeap* heap, uint sizeClass, uint blocks);

    /// <summary>A free of a block of another heap was added to the remote table.</summary>
    [JoinPoint] static abstract void OnRemoteFree(ThreadHeap* heap, uint sizeClass);

    /// <summary>What a front holds is about to be given up with its first-class heap. Under the heap's lock.</summary>
    [JoinPoint] static abstract void OnDiscard(ThreadHeap* heap, uint sizeClass);

    /// <summary>The inbox of a heap was collected and gave so many blocks. Under the heap's lock.</summary>
    [JoinPoint] static abstract void OnCollect(ThreadHeap* heap, uint blocks);

    /// <summary>The warm pool had an empty slab.</summary>
    [JoinPoint] static abstract void OnWarmHit(ThreadHeap* heap);

    /// <summary>The warm pool had no empty slab.</summary>
    [JoinPoint] static abstract void OnWarmMiss(ThreadHeap* heap);

    /// <summary>The warm pool was offered an empty slab, and kept it or had no room.</summary>
    [JoinPoint] static abstract void OnWarmPut(ThreadHeap* heap, bool kept);

    /// <summary>A batch of slabs was taken from the shared pool.</summary>
    [JoinPoint] static abstract void OnPrefill(ThreadHeap* heap, uint slabs);

    /// <summary>A slab was cut for a size class. Under the heap's lock.</summary>
    [JoinPoint] static abstract void OnNewSlab(ThreadHeap* heap, Slab* slab);

    /// <summary>An empty slab was given up. Under the heap's lock.</summary>
    [JoinPoint] static abstract void OnRetireSlab(ThreadHeap* heap, Slab* slab);

    /// <summary>A block of whole chunks was allocated.</summary>
    [JoinPoint] static abstract void OnAllocLarge(ThreadHeap* heap, nuint size);

    /// <summary>A block of whole chunks was freed.</summary>
    [JoinPoint] static abstract void OnFreeLarge(ThreadHeap* heap);

    /// <summary>A freed block of whole chunks or with a mapping of its own, or the tail of one, is about to be kept for reuse.</summary>
    [JoinPoint] static abstract void OnKeepSpan(byte* start, nuint bytes);

    /// <summary>The arena got a SuperSlab from the address space.</summary>
    [JoinPoint] static abstract void OnNewSuperSlab(SuperSlab* superSlab);

    /// <summary>The arena is about to change a SuperSlab. Under the arena's lock.</summary>
    [JoinPoint] static abstract void OnSuperSlab(SuperSlab* superSlab);

    /// <summary>The address space of the composition alone is about to be given back. No thread uses it any more.</summary>
    [JoinPoint] static abstract void OnDestroy();

    /// <summary>A lock was taken, after so many waits. Under that lock.</summary>
    [JoinPoint] static abstract void OnLock(int* word, uint waits);

    /// <summary>A shared lock of the composition was taken by this call.</summary>
    [JoinPoint] static abstract void OnSharedLock();

    /// <summary>A step of a lock-free protocol or a boundary of a lock comes next. Locks may be held; nothing may be allocated, freed or locked.</summary>
    [JoinPoint] static abstract void OnSharedStep();
}
