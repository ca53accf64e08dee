using System.Numerics;
using System.Runtime;
using System.Runtime.CompilerServices;
using HakMem.Boxes;

namespace HakMem.Preload;

/// <summary>The allocations at an alignment. Each checks it as glibc says: <c>memalign</c> rounds it up to a power of two, <c>aligned_alloc</c> and <c>posix_memalign</c> refuse what is none.</summary>
internal static unsafe class AlignedExports
{
    private const nuint PageBytes = 4096;

    /// <summary>A block at a multiple of a power of two; null with ENOMEM.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static void* Alloc(nuint size, nuint alignment, ThreadHeap* heap)
    {
        uint sizeClass = SizeClasses.ClassOfAligned(size, alignment);
        if (HitPath.TryPop(heap, sizeClass, out void* block, out uint open)) return block;
        HitPath.Close(heap, open);
        SlowPath path = default;
        if (!path.TryEnter(heap)) return Detour.Alloc(size, alignment < 16 ? 16 : alignment, false);
        return path.Leave(path.IsEnded ? CommonHeap.Alloc(size, alignment, false) : Relief.AllocAligned(path.Heap, size, alignment));
    }

    [RuntimeExport("hm_memalign")]
    internal static void* Memalign(nuint alignment, nuint size, ThreadHeap* heap)
    {
        if (alignment > (nuint)1 << 63) return FailInvalid();
        return Alloc(size, alignment < 16 ? 16 : BitOperations.RoundUpToPowerOf2(alignment), heap);
    }

    [RuntimeExport("hm_aligned_alloc")]
    internal static void* AlignedAlloc(nuint alignment, nuint size, ThreadHeap* heap)
        => BitOperations.IsPow2(alignment) ? Alloc(size, alignment, heap) : FailInvalid();

    /// <summary>Returns the error; errno and, on failure, what is pointed at stay as they are.</summary>
    [RuntimeExport("hm_posix_memalign")]
    internal static int PosixMemalign(void** result, nuint alignment, nuint size, ThreadHeap* heap)
    {
        if (!BitOperations.IsPow2(alignment) || alignment < (nuint)sizeof(void*)) return LibC.InvalidArgument;
        int errno = *LibC.Errno();
        void* block = Alloc(size, alignment, heap);
        *LibC.Errno() = errno;
        if (block == null) return LibC.NoMemory;
        *result = block;
        return 0;
    }

    [RuntimeExport("hm_valloc")]
    internal static void* Valloc(nuint size, ThreadHeap* heap) => Alloc(size, PageBytes, heap);

    [RuntimeExport("hm_pvalloc")]
    internal static void* Pvalloc(nuint size, ThreadHeap* heap)
    {
        nuint rounded = (size + PageBytes - 1) & ~(PageBytes - 1);
        return rounded < size ? MallocExports.FailNoMemory() : Alloc(rounded == 0 ? PageBytes : rounded, PageBytes, heap);
    }

    internal static void* FailInvalid()
    {
        *LibC.Errno() = LibC.InvalidArgument;
        return null;
    }
}
