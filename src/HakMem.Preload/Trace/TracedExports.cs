using System.Numerics;
using System.Runtime;
using HakMem.Boxes;

namespace HakMem.Preload;

/// <summary>The exports of flavors that record: each tells the log and does what its namesake does.</summary>
internal static unsafe class TracedExports
{
    [RuntimeExport("hm_traced_malloc")]
    private static void* Malloc(nuint size, ThreadHeap* heap) => Allocated(TraceOperation.Alloc, MallocExports.Malloc(size, heap), size, 1);

    [RuntimeExport("hm_traced_calloc")]
    private static void* Calloc(nuint count, nuint size, ThreadHeap* heap) => Allocated(TraceOperation.AllocZeroed, MallocExports.Calloc(count, size, heap), count * size, 1);

    [RuntimeExport("hm_traced_free")]
    private static void Free(void* block, ThreadHeap* heap)
    {
        if (block != null) TraceLog.Add(TraceOperation.Free, block, 0, 1, heap);
        MallocExports.Free(block, heap);
    }

    [RuntimeExport("hm_traced_realloc")]
    private static void* Realloc(void* block, nuint size, ThreadHeap* heap)
    {
        if (block == null) return Malloc(size, heap);
        if (size == 0)
        {
            Free(block, heap);
            return null;
        }

        TraceLog.Add(TraceOperation.ReallocBegin, block, size, 1, heap);
        void* moved = MallocExports.Realloc(block, size, heap);
        TraceLog.Add(TraceOperation.Realloc, moved, size, 1, heap);
        return moved;
    }

    [RuntimeExport("hm_traced_memalign")]
    private static void* Memalign(nuint alignment, nuint size, ThreadHeap* heap) => Allocated(TraceOperation.AlignedAlloc, AlignedExports.Memalign(alignment, size, heap), size, BitOperations.RoundUpToPowerOf2(alignment));

    [RuntimeExport("hm_traced_aligned_alloc")]
    private static void* AlignedAlloc(nuint alignment, nuint size, ThreadHeap* heap) => Allocated(TraceOperation.AlignedAlloc, AlignedExports.AlignedAlloc(alignment, size, heap), size, alignment);

    [RuntimeExport("hm_traced_posix_memalign")]
    private static int PosixMemalign(void** result, nuint alignment, nuint size, ThreadHeap* heap)
    {
        int error = AlignedExports.PosixMemalign(result, alignment, size, heap);
        if (error == 0) _ = Allocated(TraceOperation.AlignedAlloc, *result, size, alignment);
        return error;
    }

    [RuntimeExport("hm_traced_valloc")]
    private static void* Valloc(nuint size, ThreadHeap* heap) => Allocated(TraceOperation.AlignedAlloc, AlignedExports.Valloc(size, heap), size, Chunk.OsPageBytes);

    [RuntimeExport("hm_traced_pvalloc")]
    private static void* Pvalloc(nuint size, ThreadHeap* heap) => Allocated(TraceOperation.AlignedAlloc, AlignedExports.Pvalloc(size, heap), size, Chunk.OsPageBytes);

    [RuntimeExport("hm_traced_new")]
    private static void* New(nuint size, ThreadHeap* heap, void* caller)
    {
        void* block = MallocExports.Malloc(size, heap);
        return Allocated(TraceOperation.Alloc, block != null ? block : OperatorExports.NewFailed(size, caller), size, 1);
    }

    [RuntimeExport("hm_traced_new_nothrow")]
    private static void* NewNothrow(nuint size, void* nothrow, ThreadHeap* heap)
    {
        void* block = MallocExports.Malloc(size, heap);
        return block != null ? Allocated(TraceOperation.Alloc, block, size, 1) : OperatorExports.NewNothrowSlow(size, nothrow);   // which ends in the traced form again
    }

    [RuntimeExport("hm_traced_new_aligned")]
    private static void* NewAligned(nuint size, nuint alignment, ThreadHeap* heap, void* caller)
        => Allocated(TraceOperation.AlignedAlloc, OperatorExports.NewAligned(size, alignment, heap, caller), size, alignment);

    [RuntimeExport("hm_traced_new_aligned_nothrow")]
    private static void* NewAlignedNothrow(nuint size, nuint alignment, void* nothrow, ThreadHeap* heap)
    {
        if (!BitOperations.IsPow2(alignment)) return null;
        void* block = AlignedExports.Alloc(size, alignment, heap);
        return block != null ? Allocated(TraceOperation.AlignedAlloc, block, size, alignment) : OperatorExports.NewAlignedNothrowSlow(size, alignment, nothrow);   // likewise
    }

    /// <summary><c>_exit</c> and <c>_Exit</c>: writes the trace, since no destructor will, and ends the process. May be called in a signal handler and in a child that shares its parent's memory.</summary>
    [RuntimeExport("hm_traced_exit")]
    private static void Exit(int code)
    {
        TraceLog.Finish();
        Trampolines.ExitGroup(code);
    }

    // The thread may have got its heap in the call.
    private static void* Allocated(TraceOperation operation, void* block, nuint size, nuint alignment)
    {
        if (block != null) TraceLog.Add(operation, block, size, alignment, Trampolines.GetSlot());
        return block;
    }
}
