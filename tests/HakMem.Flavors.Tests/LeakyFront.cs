using System.Runtime.CompilerServices;
using HakMem.Boxes;

namespace HakMem.Flavors.Tests;

/// <summary>The standard front, but somebody left a counter in it: no join point, so it is there in every build.</summary>
[Box(BoxLayer.Local)]
internal static unsafe class LeakyFront
{
    private static WarmPoolStats.HeapState s_counters;

    /// <summary>The standard front's.</summary>
    public struct HeapState
    {
        public FrontHot.HeapState Slots { get; set; }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryPop<TConfig>(ThreadHeap* heap, uint sizeClass, out void* block)
        where TConfig : struct, IAllocatorConfig
    {
        s_counters.Hits++;
        return FrontHot.TryPop<TConfig>(heap, sizeClass, out block);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryPush<TConfig>(ThreadHeap* heap, uint sizeClass, void* block)
        where TConfig : struct, IAllocatorConfig
    {
        s_counters.Kept++;
        return FrontHot.TryPush<TConfig>(heap, sizeClass, block);
    }

    public static void Attach<TConfig>(ThreadHeap* heap)
        where TConfig : struct, IAllocatorConfig
        => FrontHot.Attach<TConfig>(heap);

    public static bool TryGrow<TConfig>(ThreadHeap* heap, uint sizeClass)
        where TConfig : struct, IAllocatorConfig
        => FrontHot.TryGrow<TConfig>(heap, sizeClass);

    public static bool IsShort<TConfig>(ThreadHeap* heap)
        where TConfig : struct, IAllocatorConfig
        => FrontHot.IsShort<TConfig>(heap);

    public static uint NextGrown<TConfig>(ThreadHeap* heap)
        where TConfig : struct, IAllocatorConfig
        => FrontHot.NextGrown<TConfig>(heap);

    public static void Shrink<TConfig>(ThreadHeap* heap, uint sizeClass)
        where TConfig : struct, IAllocatorConfig
        => FrontHot.Shrink<TConfig>(heap, sizeClass);

    public static uint LinkBytes() => FrontHot.LinkBytes();

    public static uint Count<TConfig>(ThreadHeap* heap, uint sizeClass)
        where TConfig : struct, IAllocatorConfig
        => FrontHot.Count<TConfig>(heap, sizeClass);

    public static void** Offer<TConfig>(ThreadHeap* heap, uint sizeClass, out uint want)
        where TConfig : struct, IAllocatorConfig
        => FrontHot.Offer<TConfig>(heap, sizeClass, out want);

    public static void* Accept<TConfig>(ThreadHeap* heap, uint sizeClass, uint count)
        where TConfig : struct, IAllocatorConfig
        => FrontHot.Accept<TConfig>(heap, sizeClass, count);

    public static void** Oldest<TConfig>(ThreadHeap* heap, uint sizeClass, uint count)
        where TConfig : struct, IAllocatorConfig
        => FrontHot.Oldest<TConfig>(heap, sizeClass, count);

    public static void DropOldest<TConfig>(ThreadHeap* heap, uint sizeClass, uint count)
        where TConfig : struct, IAllocatorConfig
        => FrontHot.DropOldest<TConfig>(heap, sizeClass, count);

    public static void Clear<TConfig>(ThreadHeap* heap, uint sizeClass)
        where TConfig : struct, IAllocatorConfig
        => FrontHot.Clear<TConfig>(heap, sizeClass);

    public static uint CopyTo<TConfig>(ThreadHeap* heap, uint sizeClass, void** blocks, uint room)
        where TConfig : struct, IAllocatorConfig
        => FrontHot.CopyTo<TConfig>(heap, sizeClass, blocks, room);
}
