namespace HakMem.Boxes;

[Box(BoxLayer.Diagnostics, Switch = "HakMemDebugCounters", Flavors = "debug,profile")]
public static unsafe class DebugCounters
{
    public struct HeapState
    {
        public ulong Hits;
    }

    public static void OnFrontHit(HeapState* state, uint sizeClass) => state->Hits++;

    public static void OnFrontMiss(HeapState* state) { }

    public static void OnRefillBlock(HeapState* state, bool fresh) { }

    public static void Accumulate(HeapState* into, HeapState* from) => into->Hits += from->Hits;
}

[Box(BoxLayer.Diagnostics, Switch = "HakMemFreelistValidation", Flavors = "Debug")]
public static unsafe class FreelistValidation
{
    public static void OnRefillBlock<TConfig>(Slab* slab, void* block) where TConfig : IAllocatorConfig { }
}

[Box(BoxLayer.Diagnostics, Switch = "HakMemLockStats", Flavors = "profile")]
public static unsafe class LockStats
{
    public struct SharedState
    {
        public ulong Locks;
    }

    public struct Totals
    {
        public ulong Locks;
    }

    public static void OnSharedLock<TConfig>(SharedState* state, int* word) where TConfig : IAllocatorConfig => state->Locks++;

    public static void AccumulateShared(Totals* into, SharedState* from) => into->Locks += from->Locks;
}

[Box(BoxLayer.Diagnostics, Switch = "HakMemHistogram", Flavors = "profile", Order = -1)]
public static unsafe class Histogram
{
    public struct HeapState
    {
        public uint Frees;
    }

    public struct SharedState
    {
        public ulong Rest;
    }

    public struct Totals
    {
        public ulong Frees;
    }

    public static void OnFrontPush(HeapState* state, SharedState* rest, uint sizeClass) => state->Frees++;

    public static void Accumulate<TConfig>(Totals* into, HeapState* from, ThreadHeap* heap) where TConfig : IAllocatorConfig => into->Frees += from->Frees;

    public static void AccumulateShared(Totals* into, SharedState* from) => into->Frees += from->Rest;
}

[Box(BoxLayer.Guards, Switch = "HakMemCanary", Flavors = "hardened")]
public static unsafe class Canary
{
    public static void OnFrontHit(void* block) { }

    public static void OnFrontPush(ThreadHeap* heap, void* block) { }

    public static void OnSizedFree(void* block, nuint size) { }
}
