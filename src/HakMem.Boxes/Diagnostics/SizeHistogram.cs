using System.Numerics;

namespace HakMem.Boxes;

/// <summary>
/// Box of layer Diagnostics: allocations and frees of each size class. A hit of the front is not counted when it allocates: what was allocated follows from
/// what went into the stacks and what is left there. What was asked for is seen in slow paths only, so unused bytes inside blocks are sampled there.
/// Plain additions by the running thread or under the heap's lock. State: <see cref="HeapState"/>; read as <see cref="Totals"/>.
/// </summary>
[Box(BoxLayer.Diagnostics, Switch = "HakMemSizeHistogram", Flavors = "profile,debug")]
public static unsafe class SizeHistogram
{
    /// <summary>The counters of a heap, by size class.</summary>
    public struct HeapState
    {
        internal fixed ulong Frees[(int)SizeClasses.Count];
        internal fixed ulong RemoteFrees[(int)SizeClasses.Count];
        internal fixed ulong Moved[(int)SizeClasses.Count];     // into the stack from slabs, less back again
        internal fixed ulong Carved[(int)SizeClasses.Count];
        internal fixed ulong Samples[(int)SizeClasses.Count];
        internal fixed ulong SampledBytes[(int)SizeClasses.Count];
        internal fixed ulong Larger[64];
    }

    /// <summary>What follows from them; index with a size class.</summary>
    public struct Totals
    {
        /// <summary>Blocks allocated.</summary>
        public fixed ulong Allocs[(int)SizeClasses.Count];

        /// <summary>Blocks freed, by threads of other heaps too.</summary>
        public fixed ulong Frees[(int)SizeClasses.Count];

        /// <summary>Requests of the class that slow paths saw: all above <see cref="IAllocatorConfig.MaxTiny"/>, of smaller ones those that missed.</summary>
        public fixed ulong Samples[(int)SizeClasses.Count];

        /// <summary>The bytes that these asked for.</summary>
        public fixed ulong SampledBytes[(int)SizeClasses.Count];

        /// <summary>Requests above the largest class, by the base-2 logarithm of their bytes, rounded down.</summary>
        public fixed ulong Larger[64];
    }

    /// <summary>Adds a heap to the totals.</summary>
    public static void Accumulate<TConfig>(Totals* into, HeapState* from, ThreadHeap* heap)
        where TConfig : struct, IAllocatorConfig
    {
        for (uint sizeClass = 1; sizeClass < SizeClasses.Count; sizeClass++)
        {
            long left = (long)(from->Moved[sizeClass] + from->Frees[sizeClass]) - TConfig.CountFront(heap, sizeClass);
            if (left > 0) into->Allocs[sizeClass] += (ulong)left;   // not so while its thread moves a stack
            into->Allocs[sizeClass] += from->Carved[sizeClass];
            into->Frees[sizeClass] += from->Frees[sizeClass] + from->RemoteFrees[sizeClass];
            into->Samples[sizeClass] += from->Samples[sizeClass];
            into->SampledBytes[sizeClass] += from->SampledBytes[sizeClass];
        }

        for (uint log2 = 0; log2 < 64; log2++) into->Larger[log2] += from->Larger[log2];
    }

    /// <inheritdoc cref="IAllocatorConfig.OnFrontPush"/>
    public static void OnFrontPush(HeapState* state, uint sizeClass) => state->Frees[sizeClass]++;

    /// <inheritdoc cref="IAllocatorConfig.OnFlushPush"/>
    public static void OnFlushPush(HeapState* state, uint sizeClass) => state->Frees[sizeClass]++;

    /// <inheritdoc cref="IAllocatorConfig.OnRemoteFree"/>
    public static void OnRemoteFree(HeapState* state, uint sizeClass) => state->RemoteFrees[sizeClass]++;

    /// <inheritdoc cref="IAllocatorConfig.OnRefill"/>
    public static void OnRefill(HeapState* state, uint sizeClass, uint blocks) => state->Moved[sizeClass] += blocks;

    /// <inheritdoc cref="IAllocatorConfig.OnFlush"/>
    public static void OnFlush(HeapState* state, uint sizeClass, uint blocks) => state->Moved[sizeClass] -= blocks;

    /// <inheritdoc cref="IAllocatorConfig.OnDiscard"/>
    public static void OnDiscard<TConfig>(HeapState* state, ThreadHeap* heap, uint sizeClass)
        where TConfig : struct, IAllocatorConfig
        => state->Moved[sizeClass] -= TConfig.CountFront(heap, sizeClass);

    /// <inheritdoc cref="IAllocatorConfig.OnCarveZeroed"/>
    public static void OnCarveZeroed(HeapState* state, Slab* slab) => state->Carved[slab->Class]++;

    /// <inheritdoc cref="IAllocatorConfig.OnSlowAlloc"/>
    public static void OnSlowAlloc(HeapState* state, nuint size)
    {
        if (size > SizeClasses.MaxBytes)
        {
            state->Larger[BitOperations.Log2(size)]++;
            return;
        }

        uint sizeClass = SizeClasses.ClassOf(size);
        state->Samples[sizeClass]++;
        state->SampledBytes[sizeClass] += size;
    }
}
