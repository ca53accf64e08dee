using System;
using HakMem.Boxes;
using HakMem.Boxes.Tests;

namespace HakMem;

/// <summary>The allocator behind the product's classes in this assembly: the OS refuses when a test wants it to.</summary>
[HakMemAllocator(Isolated = true, Os = typeof(FaultyMemory), ReserveLog2 = 24, PurgeDelay = 0)]
internal static unsafe partial class DefaultAllocator;

/// <content>What the product's heaps and arenas use of the API's other files, whose options and events are the product's own.</content>
public static unsafe partial class HakMemory
{
    /// <inheritdoc cref="SizeClasses.GoodSize"/>
    public static nuint GoodSize(nuint byteCount) => SizeClasses.GoodSize(byteCount);

    /// <summary>As the product's.</summary>
    public static LocalHeap GetLocalHeap()
    {
        ThreadHeap* heap = DefaultAllocator.CurrentHeap();
        return heap != null ? new LocalHeap(heap) : throw new OutOfMemoryException();
    }
}
