namespace HakMem.Boxes;

public struct SizeClass;

public struct Slab;

public struct Span;

public struct Composition;

public struct AllocatorStatistics;

public unsafe struct SpaceState
{
    public byte* Base;
    public nuint ChunkCount;
    public uint* PageMap;
    public byte* SlabHeaders;
    public SizeClass* Classes;
}

public unsafe struct ThreadHeap
{
    public ThreadHeap* NextInComposition;
}
