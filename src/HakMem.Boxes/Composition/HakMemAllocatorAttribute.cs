using System;

namespace HakMem.Boxes;

/// <summary>
/// Declares an allocator: put it on a <c>static unsafe partial class</c>, and the generator writes the other part, composed of the
/// boxes and constants chosen here. What is left out takes the default of <see cref="IAllocatorConfig"/>.
/// </summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class HakMemAllocatorAttribute : Attribute
{
    /// <summary>A set of boxes and constants to begin with; every other property that is set overrides it, but <see cref="Diagnostics"/>, which adds to it.</summary>
    public HakMemPreset Preset { get; set; }

    /// <summary>The box that turns a size into a size class.</summary>
    public Type? AllocGate { get; set; }

    /// <summary>The box that takes pointers back.</summary>
    public Type? FreeGate { get; set; }

    /// <summary>The box that changes the size of a block.</summary>
    public Type? ReallocGate { get; set; }

    /// <summary>The box that serves hits.</summary>
    public Type? Front { get; set; }

    /// <summary>The box that fills and flushes the front.</summary>
    public Type? Refill { get; set; }

    /// <summary>The box that keeps a few empty slabs for each heap.</summary>
    public Type? WarmPool { get; set; }

    /// <summary>The box that takes slabs in batches.</summary>
    public Type? Prefill { get; set; }

    /// <summary>The box for blocks above <see cref="MaxTiny"/> that still come from slabs.</summary>
    public Type? MidPool { get; set; }

    /// <summary>The box for spans of whole chunks.</summary>
    public Type? LargePool { get; set; }

    /// <summary>The box for blocks with a mapping of their own.</summary>
    public Type? BigCache { get; set; }

    /// <summary>The box that hands slabs from heap to heap.</summary>
    public Type? SharedPool { get; set; }

    /// <summary>The box that carries blocks back to the heap that owns them.</summary>
    public Type? RemoteFree { get; set; }

    /// <summary>The box that knows all heaps of the composition.</summary>
    public Type? HeapRegistry { get; set; }

    /// <summary>The box that finds a thread's heap by its stack; an isolated allocator does without.</summary>
    public Type? ThreadStacks { get; set; }

    /// <summary>The box that cuts super slabs into spans of chunks.</summary>
    public Type? PageArena { get; set; }

    /// <summary>The box that gives unused memory back to the operating system.</summary>
    public Type? PurgeQueue { get; set; }

    /// <summary>The box that gives idle memory of all heaps back.</summary>
    public Type? Scavenger { get; set; }

    /// <summary>The box that reads options and wakes the scavenger: what the surrounding program provides.</summary>
    public Type? Host { get; set; }

    /// <summary>The box that keeps committed memory below limits.</summary>
    public Type? MemoryLimit { get; set; }

    /// <summary>The box that hands out super slabs.</summary>
    public Type? AddressSpace { get; set; }

    /// <summary>The box that talks to the operating system.</summary>
    public Type? Os { get; set; }

    /// <summary>Diagnostics and guards of this composition, whatever the build's flavor says.</summary>
    public Type[]? Diagnostics { get; set; }

    /// <summary>The largest size in bytes served by the inlined hot path: a multiple of 16 from 128 to 1024.</summary>
    public int MaxTiny { get; set; }

    /// <summary>The largest number of blocks that a front stack holds, from 16 to 256.</summary>
    public int FrontCapacity { get; set; }

    /// <summary>The largest number of bytes in free blocks that one front stack holds.</summary>
    public int FrontBytes { get; set; }

    /// <summary>The largest number of bytes in free blocks that all front stacks of a heap hold.</summary>
    public int HeapFrontBytes { get; set; }

    /// <summary>How many slabs are taken from the shared pool at once, from 1 to 16.</summary>
    public int PrefillBudget { get; set; }

    /// <summary>How many empty slabs a heap keeps for itself, from 0 to 16.</summary>
    public int WarmCapacity { get; set; }

    /// <summary>How many milliseconds unused memory waits before it is given back; 0 gives it back at once.</summary>
    public int PurgeDelay { get; set; }

    /// <summary>What is wanted of transparent huge pages: a value of <see cref="HugePagePolicy"/>.</summary>
    public int HugePages { get; set; }

    /// <summary>1: a fresh SuperSlab is backed with memory at once; 0: page by page as touched.</summary>
    public int Prefault { get; set; }

    /// <summary>1: unused chunks of 64 KiB are cleared when they waited for the purge delay, so that zeroed blocks are made of them without a write or a page fault, and given back when they waited for it once more; 0: given back the first time.</summary>
    public int PreZero { get; set; }

    /// <summary>How many bytes of freed big blocks are kept for reuse.</summary>
    public int BigCacheBytes { get; set; }

    /// <summary>How many frees of blocks of other heaps may be gathered before they are sent; a block of 128 bytes or more counts once more for each 128.</summary>
    public int RemoteBatch { get; set; }

    /// <summary>The largest address range reserved, as a power of two of bytes, from 24 to 40; the process-wide range is shared and takes the first composition's value.</summary>
    public int ReserveLog2 { get; set; }

    /// <summary>How many SuperSlabs of 2 MiB the page source <see cref="FixedRange"/> has, from 1 to 262144; others do not look at it.</summary>
    public int RangeSuperSlabs { get; set; }

    /// <summary>1: unused memory is given back to the system without anyone asking; 0: by <c>Trim</c> and for memory limits only.</summary>
    public int Purge { get; set; }

    /// <summary>An address range of its own instead of the process-wide one, and a <c>Reset</c> method: for tests and experiments. Its hot path loads what is a constant elsewhere. Its hits find the thread's heap in the thread-local storage, by a call.</summary>
    public bool Isolated { get; set; }
}
