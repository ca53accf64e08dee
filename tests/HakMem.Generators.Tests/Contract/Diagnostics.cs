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
public static class LockStats
{
    public static void OnSharedLock() { }
}

[Box(BoxLayer.Guards, Switch = "HakMemCanary", Flavors = "hardened")]
public static unsafe class Canary
{
    public static void OnFrontHit(void* block) { }

    public static void OnFrontPush(ThreadHeap* heap, void* block) { }
}
