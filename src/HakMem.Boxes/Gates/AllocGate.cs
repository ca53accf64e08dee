using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Threading;

namespace HakMem.Boxes;

/// <summary>
/// Box of layer Gates: from a size to a block. The size decides the tier in one step: by table up to <see cref="IAllocatorConfig.MaxTiny"/>, by
/// arithmetic to 32 KiB, whole chunks to 2 MiB, a mapping of its own above. No state.
/// </summary>
[Box(BoxLayer.Gates)]
public static unsafe class AllocGate
{
    /// <summary>The class of a tiny size. 1 branch, 1 load, neither for a constant; false when the size is not tiny.</summary>
    [HotPath]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryClassify<TConfig>(ThreadHeap* heap, nuint size, out uint sizeClass)
        where TConfig : struct, IAllocatorConfig
    {
        if (size > TConfig.MaxTiny)
        {
            sizeClass = 0;
            return false;
        }

        sizeClass = SizeClasses.ClassOfTiny(size);
        return true;
    }

    /// <summary>A block for any size the hot path did not serve. Null when no memory is to be had. The heap may be null when it could not be made.</summary>
    public static void* AllocSlow<TConfig>(ThreadHeap* heap, nuint size)
        where TConfig : struct, IAllocatorConfig
    {
        void* block = Serve<TConfig>(heap, size);
        return IsToTell<TConfig>(block) && TellHost<TConfig>(heap, block == null) && block == null ? Serve<TConfig>(heap, size) : block;
    }

    /// <summary>
    /// Tells the host of memory pressure, if any is due. It may run anything, so no lock may be held: nothing is told for a first-class heap. Before that, when the request
    /// <paramref name="failed"/> and there is a hard limit, gives back what all heaps and pools keep for later. Returns whether the request is worth another try.
    /// </summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static bool TellHost<TConfig>(ThreadHeap* heap, bool failed)
        where TConfig : struct, IAllocatorConfig
    {
        Composition* composition = TConfig.Composition;
        if (composition == null || (heap != null && heap->Kind != HeapKind.Thread)) return false;
        bool relieved = failed && composition->HardLimit != ulong.MaxValue;
        if (relieved) _ = TConfig.ScavengePass(true);
        if (composition->Pressure == 0) return relieved;
        ulong committed = Interlocked.Exchange(ref composition->Pressure, 0);
        if (committed == 0) return relieved;
        TConfig.HostPressure(committed);
        return true;
    }

    // Nearly never: so the rest is out of the way.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsToTell<TConfig>(void* block)
        where TConfig : struct, IAllocatorConfig
        => block == null || (TConfig.Composition != null && TConfig.Composition->Pressure != 0);

    private static void* Serve<TConfig>(ThreadHeap* heap, nuint size)
        where TConfig : struct, IAllocatorConfig
    {
        void* block;
        if (heap == null) return TConfig.AllocBig(size, Natural(size), false);
        TConfig.OnSlowAlloc(heap, size);
        if (size <= TConfig.MaxTiny)
        {
            block = AllocClass<TConfig>(heap, SizeClasses.ClassOf(size));
        }
        else if (size <= SizeClasses.MaxBytes)
        {
            block = TConfig.AllocMid(heap, size);
        }
        else
        {
            block = size <= Chunk.SuperSlabBytes ? TConfig.AllocLarge(heap, size, 1, false) : null;
        }

        return block != null ? block : TConfig.AllocBig(size, Natural(size), false);
    }

    /// <summary>A block whose first <paramref name="size"/> bytes are zero; written only where the memory is not known to be. Null when no memory is to be had.</summary>
    public static void* AllocZeroed<TConfig>(ThreadHeap* heap, nuint size)
        where TConfig : struct, IAllocatorConfig
    {
        void* block = ServeZeroed<TConfig>(heap, size);
        return IsToTell<TConfig>(block) && TellHost<TConfig>(heap, block == null) && block == null ? ServeZeroed<TConfig>(heap, size) : block;
    }

    private static void* ServeZeroed<TConfig>(ThreadHeap* heap, nuint size)
        where TConfig : struct, IAllocatorConfig
    {
        void* block = null;
        if (heap != null) TConfig.OnSlowAlloc(heap, size);
        if (heap == null || size > Chunk.SuperSlabBytes) return TConfig.AllocBig(size, Natural(size), true);
        if (size > SizeClasses.MaxBytes)
        {
            block = TConfig.AllocLarge(heap, size, 1, true);
            return block != null ? block : TConfig.AllocBig(size, 1, true);
        }

        uint sizeClass = SizeClasses.ClassOf(size);
        if (size > TConfig.MaxTiny && TConfig.TryCarveZeroed(heap, sizeClass, out block)) return block;
        block = AllocClass<TConfig>(heap, sizeClass);
        if (block == null) return TConfig.AllocBig(size, Natural(size), true);
        NativeMemory.Clear(block, size);
        return block;
    }

    /// <summary>A block at a multiple of <paramref name="alignment"/>, a power of two. Null when no memory is to be had.</summary>
    public static void* AllocAligned<TConfig>(ThreadHeap* heap, nuint size, nuint alignment)
        where TConfig : struct, IAllocatorConfig
    {
        void* block = ServeAligned<TConfig>(heap, size, alignment);
        return IsToTell<TConfig>(block) && TellHost<TConfig>(heap, block == null) && block == null ? ServeAligned<TConfig>(heap, size, alignment) : block;
    }

    private static void* ServeAligned<TConfig>(ThreadHeap* heap, nuint size, nuint alignment)
        where TConfig : struct, IAllocatorConfig
    {
        void* block = null;
        uint sizeClass = SizeClasses.ClassOfAligned(size, alignment);
        if (heap != null) TConfig.OnSlowAlloc(heap, size);
        if (heap != null && sizeClass != 0)
        {
            block = AllocClass<TConfig>(heap, sizeClass);
        }
        else if (heap != null && size <= Chunk.SuperSlabBytes && alignment <= Chunk.SuperSlabBytes)
        {
            block = TConfig.AllocLarge(heap, size, alignment, false);
        }

        return block != null ? block : TConfig.AllocBig(size, alignment, false);
    }

    /// <summary>Up to <paramref name="count"/> blocks of one size. Returns how many it wrote; fewer only when no memory is to be had.</summary>
    public static uint AllocBatch<TConfig>(ThreadHeap* heap, nuint size, void** blocks, uint count)
        where TConfig : struct, IAllocatorConfig
    {
        uint got = 0;
        if (heap == null || size > SizeClasses.MaxBytes)
        {
            while (got < count && (blocks[got] = AllocSlow<TConfig>(heap, size)) != null) got++;
            return got;
        }

        uint sizeClass = SizeClasses.ClassOf(size);
        while (got < count && (blocks[got] = AllocClass<TConfig>(heap, sizeClass)) != null) got++;
        if (TConfig.Composition->Pressure != 0) _ = TellHost<TConfig>(heap, false);
        while (got < count && (blocks[got] = AllocSlow<TConfig>(heap, size)) != null) got++;
        return got;
    }

    // What a block of a slab is aligned to, so that one with a mapping of its own in its place is, too.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static nuint Natural(nuint size) => size - 1 < SizeClasses.MaxBytes && (size & (size - 1)) == 0 ? size : 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void* AllocClass<TConfig>(ThreadHeap* heap, uint sizeClass)
        where TConfig : struct, IAllocatorConfig
    {
        if (!TConfig.TryPopFront(heap, sizeClass, out void* block)) return TConfig.RefillFront(heap, sizeClass, 0);
        TConfig.OnFrontHit(heap, sizeClass, block);
        return block;
    }
}
