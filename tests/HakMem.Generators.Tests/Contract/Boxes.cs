namespace HakMem.Boxes;

[Box(BoxLayer.Os)]
public static unsafe class LinuxMemory
{
    public static byte* Reserve(nuint bytes) => null;

    public static ulong Milliseconds() => 0;
}

[Box(BoxLayer.Pages)]
public static unsafe class AddressSpace
{
    public static SpaceState* Open<TConfig>() where TConfig : IAllocatorConfig => null;

    public static SpaceState* Create<TConfig>() where TConfig : IAllocatorConfig => null;

    public static void Destroy<TConfig>(SpaceState* space) where TConfig : IAllocatorConfig { }
}

[Box(BoxLayer.Shared, Traits = BoxTraits.ConcurrencySafe)]
public static unsafe class SharedPool
{
    public struct SharedState;

    public static uint Acquire<TConfig>(ThreadHeap* heap, uint want, Span* spans, out Slab* partial) where TConfig : IAllocatorConfig
    {
        partial = null;
        return 0;
    }
}

[Box(BoxLayer.Shared)]
public static unsafe class RemoteFree
{
    public static bool TryCombine<TConfig>(ThreadHeap* heap, void* block) where TConfig : IAllocatorConfig => false;

    public struct HeapState
    {
        public fixed ulong Table[128];
    }
}

[Box(BoxLayer.Shared)]
public static unsafe class ThreadStacks
{
    public static byte* Open<TConfig>(SpaceState* space) where TConfig : IAllocatorConfig => null;

    public static bool TryFind<TConfig>(out ThreadHeap* heap) where TConfig : IAllocatorConfig
    {
        heap = null;
        return false;
    }

    public static void Enter<TConfig>(ThreadHeap* heap) where TConfig : IAllocatorConfig { }

    public static void Note<TConfig>(ThreadHeap* heap) where TConfig : IAllocatorConfig { }
}

[Box(BoxLayer.Shared)]
public static class NoHost
{
    public static void Stop() { }
}

[Box(BoxLayer.Shared)]
public static unsafe class HeapRegistry
{
    public struct SharedState;

    public static Composition* Open<TConfig>(SpaceState* space) where TConfig : IAllocatorConfig => null;

    public static ThreadHeap* Attach<TConfig>() where TConfig : IAllocatorConfig => null;

    public static ThreadHeap* First<TConfig>() where TConfig : IAllocatorConfig => null;

    public static void Trim<TConfig>(ThreadHeap* heap) where TConfig : IAllocatorConfig { }

    public static void ReadStatistics<TConfig>(ThreadHeap* heap, AllocatorStatistics* statistics) where TConfig : IAllocatorConfig { }
}

[Box(BoxLayer.Local)]
public static unsafe class WarmPool
{
    public struct HeapState;

    public static bool TryTake<TConfig>(ThreadHeap* heap, out Span span) where TConfig : IAllocatorConfig
    {
        span = default;
        return false;
    }
}

[Box(BoxLayer.Local)]
public static unsafe class FrontHot
{
    public struct HeapState
    {
        public fixed ulong Slots[9];
    }

    public static bool TryPop<TConfig>(ThreadHeap* heap, uint sizeClass, out void* block) where TConfig : IAllocatorConfig
    {
        block = null;
        return false;
    }

    public static bool TryPush<TConfig>(ThreadHeap* heap, uint sizeClass, void* block) where TConfig : IAllocatorConfig => false;
}

[Box(BoxLayer.Local, Traits = BoxTraits.LinksInBlocks)]
public static unsafe class FrontList
{
    public static bool TryPop<TConfig>(ThreadHeap* heap, uint sizeClass, out void* block) where TConfig : IAllocatorConfig
    {
        block = null;
        return false;
    }

    public static bool TryPush<TConfig>(ThreadHeap* heap, uint sizeClass, void* block) where TConfig : IAllocatorConfig => false;
}

[Box(BoxLayer.Gates)]
public static unsafe class AllocGate
{
    public static bool TryClassify<TConfig>(ThreadHeap* heap, nuint size, out uint sizeClass) where TConfig : IAllocatorConfig
    {
        sizeClass = 0;
        return size <= TConfig.MaxTiny;
    }

    public static void* AllocSlow<TConfig>(ThreadHeap* heap, nuint size) where TConfig : IAllocatorConfig => null;

    public static void* AllocZeroed<TConfig>(ThreadHeap* heap, nuint size) where TConfig : IAllocatorConfig => null;

    public static void* AllocAligned<TConfig>(ThreadHeap* heap, nuint size, nuint alignment) where TConfig : IAllocatorConfig => null;

    public static uint AllocBatch<TConfig>(ThreadHeap* heap, nuint size, void** blocks, uint count) where TConfig : IAllocatorConfig => 0;
}

[Box(BoxLayer.Gates)]
public static unsafe class FreeGate
{
    public static bool TryOwn<TConfig>(ThreadHeap* heap, void* block, out uint sizeClass) where TConfig : IAllocatorConfig
    {
        sizeClass = 0;
        return false;
    }

    public static void FreeSlow<TConfig>(ThreadHeap* heap, void* block) where TConfig : IAllocatorConfig { }

    public static void FreeBatch<TConfig>(ThreadHeap* heap, void** blocks, uint count) where TConfig : IAllocatorConfig { }

    public static nuint UsableSize<TConfig>(void* block) where TConfig : IAllocatorConfig => 0;
}

[Box(BoxLayer.Gates)]
public static unsafe class ReallocGate
{
    public static void* Realloc<TConfig>(ThreadHeap* heap, void* block, nuint size, nuint alignment) where TConfig : IAllocatorConfig => null;
}
