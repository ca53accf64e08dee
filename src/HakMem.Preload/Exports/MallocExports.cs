using System;
using System.Runtime;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using HakMem.Boxes;
using static HakMem.Preload.PreloadAllocator;

namespace HakMem.Preload;

/// <summary>
/// <c>malloc</c>, <c>free</c>, <c>calloc</c>, <c>realloc</c> and their kin. The heap is what <c>Entries.S</c> or <c>Trampolines.S</c> found in the thread's slot; it may be a stand-in, which the hit paths
/// need not know (<see cref="ThreadSlot"/>). What fails returns null and sets errno; what succeeds leaves errno alone.
/// </summary>
internal static unsafe class MallocExports
{
    /// <summary>A hit is 20 instructions, one of them a branch; nothing is called.</summary>
    [RuntimeExport("hm_malloc")]
    internal static void* Malloc(nuint size, ThreadHeap* heap)
    {
        _ = Config.TryClassify(heap, size, out uint sizeClass);
        return HitPath.TryPop(heap, sizeClass, out void* block, out uint open) ? block : MallocMid(size, heap, open);
    }

    [RuntimeExport("hm_free")]
    internal static void Free(void* block, ThreadHeap* heap)
    {
        if (!Config.TryOwn(heap, block, out uint sizeClass)) FreeSlow(block, heap);
        else if (!HitPath.TryPush(heap, sizeClass, block, out uint open)) FreeFull(block, heap, open);
    }

    [RuntimeExport("hm_calloc")]
    internal static void* Calloc(nuint count, nuint size, ThreadHeap* heap)
    {
        if (!TryMultiply(count, size, out nuint bytes)) return FailNoMemory();
        _ = Config.TryClassify(heap, bytes, out uint sizeClass);
        if (!HitPath.TryPop(heap, sizeClass, out void* block, out uint open)) return CallocSlow(bytes, heap, open);
        NativeMemory.Clear(block, bytes);
        return block;
    }

    /// <summary>As glibc: a size of 0 frees the block and returns null, which is no failure; a null block is an allocation.</summary>
    [RuntimeExport("hm_realloc")]
    internal static void* Realloc(void* block, nuint size, ThreadHeap* heap)
    {
        if (block == null) return Malloc(size, heap);
        if (size == 0)
        {
            Free(block, heap);
            return null;
        }

        // In place and without a lock, when it is a block of a slab and fits: also in a thread that is inside.
        nuint chunk = PageMap.ChunkOf<Config>(block);
        if (chunk < Config.ChunkCount && (uint)(byte)Config.PageMap[chunk] - 1 < SizeClasses.Count - 1)
        {
            nuint usable = Config.UsableSize(block);
            if (ReallocGate.Fits(usable, size)) return block;
        }

        return ReallocSlow(block, size, heap);
    }

    [RuntimeExport("hm_malloc_usable_size")]
    private static nuint UsableSize(void* block, ThreadHeap* heap)
    {
        if (block == null) return 0;
        nuint chunk = PageMap.ChunkOf<Config>(block);
        if (chunk < Config.ChunkCount) return Config.UsableSize(block);
        if (SignalHeap.Contains(block)) return SignalHeap.UsableSize(block);
        SlowPath path = default;
        if (!path.TryEnter(heap)) return Detour.UsableSize(block);
        nuint bytes = Config.UsableSize(block);
        path.Leave();
        return bytes;
    }

    /// <summary>A block that was no tiny hit: a hit of a larger class, or one of the boxes'; errno is ENOMEM when it is null.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static void* MallocMid(nuint size, ThreadHeap* heap, uint open)
    {
        HitPath.Close(heap, open);
        if (size - Config.MaxTiny - 1 >= SizeClasses.MaxBytes - Config.MaxTiny) return MallocSlow(size, heap);
        uint sizeClass = SizeClasses.ClassAbove128(size);
        return HitPath.TryPop(heap, sizeClass, out void* block, out open) ? block : MallocMiss(size, heap, open);
    }

    /// <summary>Frees what the hit path did not. Blocks of other heaps first: handing them over is the daily work of some programs.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static void FreeSlow(void* block, ThreadHeap* heap)
    {
        nuint chunk = PageMap.ChunkOf<Config>(block);
        uint open = heap->Open;
        if (chunk < Config.ChunkCount && open != 0)
        {
            uint entry = PageMap.Get<Config>(chunk);
            if ((uint)(byte)entry - 1 < SizeClasses.Count - 1 && entry >> 8 != heap->Id)
            {
                heap->Open = 0;
                int* errno = (int*)heap->HostState;
                int before = *errno;
                if (!RemoteFree.TryCombine<Config>(heap, block)) Config.AddRemote(heap, block, entry);   // there is one composition: whoever owns a slab is a heap of it
                *errno = before;
                heap->Open = open;
                return;
            }
        }

        if (block != null) FreeOther(block, heap);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void FreeOther(void* block, ThreadHeap* heap)
    {
        if (SignalHeap.Contains(block))
        {
            SignalHeap.Free(block);
            return;
        }

        SlowPath path = default;
        if (!path.TryEnter(heap))
        {
            SignalHeap.Defer(block);
            return;
        }

        FreeInside(path.Heap, block);   // tries the stack again: the heap may have come just now, with blocks of the thread before
        path.Leave();
    }

    /// <summary>Frees any block, in a thread that is in the slow path.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static void FreeInside(ThreadHeap* heap, void* block) => Config.FreeSlow(heap, block);

    [RuntimeExport("hm_fail_no_memory"), MethodImpl(MethodImplOptions.NoInlining)]
    internal static void* FailNoMemory()
    {
        *LibC.Errno() = LibC.NoMemory;
        return null;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static bool TryMultiply(nuint count, nuint size, out nuint bytes)
    {
        bytes = count * size;
        return (count | size) <= uint.MaxValue || Math.BigMul(count, size, out _) == 0;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void FreeFull(void* block, ThreadHeap* heap, uint open)
    {
        HitPath.Close(heap, open);
        FreeSlow(block, heap);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void* MallocMiss(nuint size, ThreadHeap* heap, uint open)
    {
        HitPath.Close(heap, open);
        return MallocSlow(size, heap);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void* MallocSlow(nuint size, ThreadHeap* heap)
    {
        SlowPath path = default;
        if (!path.TryEnter(heap)) return Detour.Alloc(size, 16, false);
        return path.Leave(path.IsEnded ? CommonHeap.Alloc(size, 1, false) : Relief.Alloc(path.Heap, size));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void* CallocSlow(nuint bytes, ThreadHeap* heap, uint open)
    {
        HitPath.Close(heap, open);
        SlowPath path = default;
        if (!path.TryEnter(heap)) return Detour.Alloc(bytes, 16, true);
        return path.Leave(path.IsEnded ? CommonHeap.Alloc(bytes, 1, true) : Relief.AllocZeroed(path.Heap, bytes));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void* ReallocSlow(void* block, nuint size, ThreadHeap* heap)
    {
        if (SignalHeap.Contains(block) || ThreadSlot.IsInside(heap)) return Detour.Realloc(block, size, heap);
        SlowPath path = default;
        _ = path.TryEnter(heap);
        return path.Leave(path.IsEnded ? CommonHeap.Realloc(block, size) : Relief.Realloc(path.Heap, block, size));
    }
}
