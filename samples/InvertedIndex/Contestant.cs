using System;
using InvertedIndexSample.Indexes;

namespace InvertedIndexSample;

/// <summary>A way to hold the index.</summary>
/// <param name="Name">What tables call it.</param>
/// <param name="Create">Makes an empty index.</param>
/// <param name="HeldBytes">The memory that its allocator holds now, what it keeps for reuse included; of the collector, its heap with the garbage in it.</param>
internal sealed record Contestant(string Name, Func<IIndex> Create, Func<long> HeldBytes)
{
    public static readonly Contestant[] All =
    [
        Unmanaged<ComposedMemory>(),
        Unmanaged<DefaultMemory>(),
        new("GC arrays", static () => new ManagedIndex(), static () => GC.GetTotalMemory(forceFullCollection: false)),
    ];

    private static Contestant Unmanaged<TMemory>()
        where TMemory : struct, IUnmanagedMemory
        => new(TMemory.Name, static () => new UnmanagedIndex<TMemory>(), static () => TMemory.HeldBytes);
}
