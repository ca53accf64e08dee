namespace HakMem.Boxes;

[DefaultBox("AllocGate", typeof(AllocGate))]
[DefaultBox("FreeGate", typeof(FreeGate))]
[DefaultBox("ReallocGate", typeof(ReallocGate))]
[DefaultBox("Front", typeof(FrontHot), Excludes = BoxTraits.MayBlock)]
[DefaultBox("WarmPool", typeof(WarmPool))]
[DefaultBox("SharedPool", typeof(SharedPool), Requires = BoxTraits.ConcurrencySafe)]
[DefaultBox("RemoteFree", typeof(RemoteFree))]
[DefaultBox("HeapRegistry", typeof(HeapRegistry))]
[DefaultBox("ThreadStacks", typeof(ThreadStacks))]
[DefaultBox("AddressSpace", typeof(AddressSpace))]
[DefaultBox("Host", typeof(NoHost))]
[DefaultBox("Os", typeof(LinuxMemory))]
[Preset(HakMemPreset.Small, "MaxTiny", Value = 256)]
[Preset(HakMemPreset.Small, "PrefillBudget", Value = 1)]
[Preset(HakMemPreset.Small, "Front", Box = typeof(FrontList))]
[Preset(HakMemPreset.Research, "Diagnostics", Box = typeof(DebugCounters))]
[Preset(HakMemPreset.Research, "Diagnostics", Box = typeof(FreelistValidation))]
[Preset(HakMemPreset.Broken, "Novelty", Value = 1)]
public unsafe interface IAllocatorConfig
{
    [Option(1024, Minimum = 128, Maximum = 1024, Multiple = 16)] static abstract uint MaxTiny { get; }

    [Option(4, Minimum = 1, Maximum = 16, Switch = "HakMemPrefillBudget")] static abstract nuint PrefillBudget { get; }

    [Option(100)] static abstract int PurgeDelay { get; }

    [Option(0)] static abstract bool HugePages { get; }

    static abstract SpaceState* Space { get; }

    static abstract byte* Base { get; }

    static abstract nuint ChunkCount { get; }

    static abstract uint* PageMap { get; }

    static abstract byte* SlabHeaders { get; }

    static abstract SizeClass* Classes { get; }

    static abstract Composition* Composition { get; }

    static abstract byte* Stacks { get; }

    static abstract nuint HeapBytes { get; }

    static abstract nuint CompositionBytes { get; }

    [HeapState("RemoteFree")] static abstract RemoteFree.HeapState* RemoteTableOf(ThreadHeap* heap);

    [HeapState("WarmPool")] static abstract WarmPool.HeapState* WarmPoolOf(ThreadHeap* heap);

    [HeapState("Front")] static abstract void* FrontOf(ThreadHeap* heap);

    [SharedState("SharedPool")] static abstract SharedPool.SharedState* SharedPoolState { get; }

    [SharedState("HeapRegistry")] static abstract HeapRegistry.SharedState* RegistryState { get; }

    [Bound("Os", "Reserve")] static abstract byte* OsReserve(nuint bytes);

    [Bound("Os", "Milliseconds")] static abstract ulong OsMilliseconds();

    [Bound("WarmPool", "TryTake")] static abstract bool TryTakeWarm(ThreadHeap* heap, out Span span);

    [Bound("SharedPool", "Acquire")] static abstract uint AcquireSlabs(ThreadHeap* heap, uint want, Span* spans, out Slab* partial);

    [Bound("AllocGate", "AllocSlow")] static abstract void* AllocSlow(ThreadHeap* heap, nuint size);

    [JoinPoint] static abstract void OnFrontHit(ThreadHeap* heap, uint sizeClass, void* block);

    [JoinPoint] static abstract void OnFrontMiss(ThreadHeap* heap, uint sizeClass);

    [JoinPoint] static abstract void OnFrontPush(ThreadHeap* heap, uint sizeClass, void* block);

    [JoinPoint] static abstract void OnRefillBlock(ThreadHeap* heap, Slab* slab, void* block, bool fresh);

    [JoinPoint] static abstract void OnSizedFree(void* block, nuint size);

    [JoinPoint] static abstract void OnSharedLock(int* word);
}
