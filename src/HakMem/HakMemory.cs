using System;
using System.Runtime.CompilerServices;

namespace HakMem;

/// <summary>
/// Unmanaged memory for any thread, shaped like <see cref="System.Runtime.InteropServices.NativeMemory"/>:
/// <c>using NativeMemory = HakMem.HakMemory;</c> is a port. Every method may be called from any thread at any time; a block may be freed by
/// another thread than the one that allocated it. Blocks are at least 16-byte aligned, and newly allocated ones of a power-of-two size up to 32 KiB are
/// aligned to their size (one that was resized in place is where it was). A pointer that is not the start of a live block ends the process with a message when it is freed, as soon as
/// that can be told (<c>docs/threat-model.md</c>).
/// </summary>
public static unsafe partial class HakMemory
{
    /// <summary>The size of the largest allocation that is served without leaving the inlined path: 1024 bytes.</summary>
    public const int MaxTinySize = 1024;

    /// <summary>Allocates a block of memory; its contents are undefined.</summary>
    /// <param name="byteCount">The size in bytes; 0 gives a unique pointer that can be freed.</param>
    /// <returns>The block, at least 16-byte aligned; never null.</returns>
    /// <exception cref="OutOfMemoryException">The operating system gives no memory, or the size is beyond the address space.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void* Alloc(nuint byteCount) => DefaultAllocator.Alloc(byteCount);

    /// <summary>Allocates memory for a number of elements; its contents are undefined.</summary>
    /// <param name="elementCount">The number of elements.</param>
    /// <param name="elementSize">The size of each in bytes.</param>
    /// <returns>The block, at least 16-byte aligned; never null.</returns>
    /// <exception cref="OutOfMemoryException">The product overflows, or as with <see cref="Alloc(nuint)"/>.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void* Alloc(nuint elementCount, nuint elementSize) => DefaultAllocator.Alloc(Product(elementCount, elementSize));

    /// <summary>Allocates a block whose first <paramref name="byteCount"/> bytes are zero. Memory that is fresh from the operating system is not written.</summary>
    /// <param name="byteCount">The size in bytes; 0 gives a unique pointer that can be freed.</param>
    /// <returns>The block, at least 16-byte aligned; never null.</returns>
    /// <exception cref="OutOfMemoryException">As with <see cref="Alloc(nuint)"/>.</exception>
    public static void* AllocZeroed(nuint byteCount) => DefaultAllocator.AllocZeroed(byteCount);

    /// <summary>Allocates zeroed memory for a number of elements.</summary>
    /// <param name="elementCount">The number of elements.</param>
    /// <param name="elementSize">The size of each in bytes.</param>
    /// <returns>The block, at least 16-byte aligned; never null.</returns>
    /// <exception cref="OutOfMemoryException">The product overflows, or as with <see cref="Alloc(nuint)"/>.</exception>
    public static void* AllocZeroed(nuint elementCount, nuint elementSize) => DefaultAllocator.AllocZeroed(Product(elementCount, elementSize));

    /// <summary>Allocates a block at a multiple of an alignment; its contents are undefined.</summary>
    /// <param name="byteCount">The size in bytes.</param>
    /// <param name="alignment">The alignment in bytes, a power of two of any size.</param>
    /// <returns>The block; never null. <see cref="Free(void*)"/> and <see cref="AlignedFree"/> both take it back.</returns>
    /// <exception cref="ArgumentException">The alignment is not a power of two.</exception>
    /// <exception cref="OutOfMemoryException">As with <see cref="Alloc(nuint)"/>.</exception>
    public static void* AlignedAlloc(nuint byteCount, nuint alignment) => DefaultAllocator.AlignedAlloc(byteCount, alignment);

    /// <summary>
    /// Changes the size of a block, contents kept up to the smaller size. It stays where it is when its size class, its span or its mapping allows; one that would use less than half of its memory, and 2 MiB at most, moves to a smaller place. A block of a
    /// <see cref="HakHeap"/> that has to be copied is no longer that heap's, and lives on when the heap goes; <see cref="HakHeap.Realloc"/> keeps it there.
    /// </summary>
    /// <param name="ptr">The block, or null for a new one. It must not be used afterwards, unless the call throws.</param>
    /// <param name="byteCount">The new size in bytes.</param>
    /// <returns>The block of the new size; never null.</returns>
    /// <exception cref="OutOfMemoryException">As with <see cref="Alloc(nuint)"/>; the old block is as before.</exception>
    public static void* Realloc(void* ptr, nuint byteCount) => DefaultAllocator.Realloc(ptr, byteCount);

    /// <summary>
    /// Changes the size of a block, contents kept up to the smaller size, at a multiple of an alignment. A block of a <see cref="HakHeap"/> that has to be copied is no
    /// longer that heap's, and lives on when the heap goes; <see cref="HakHeap.Realloc"/> keeps it there, or <see cref="HakHeap.AlignedAlloc"/>, a copy and <see cref="HakHeap.Free"/>.
    /// </summary>
    /// <param name="ptr">The block, of any alignment, or null for a new one. It must not be used afterwards, unless the call throws.</param>
    /// <param name="byteCount">The new size in bytes.</param>
    /// <param name="alignment">The alignment in bytes, a power of two.</param>
    /// <returns>The block of the new size; never null.</returns>
    /// <exception cref="ArgumentException">The alignment is not a power of two.</exception>
    /// <exception cref="OutOfMemoryException">As with <see cref="Alloc(nuint)"/>; the old block is as before.</exception>
    public static void* AlignedRealloc(void* ptr, nuint byteCount, nuint alignment) => DefaultAllocator.AlignedRealloc(ptr, byteCount, alignment);

    /// <summary>Frees a block, from whichever method and thread it came. Never allocates a block. A hit waits for nobody; a flush may wait for a heap's lock, a block above 2 MiB for that of their table.</summary>
    /// <param name="ptr">The block, or null, which does nothing.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Free(void* ptr) => DefaultAllocator.Free(ptr);

    /// <summary>Frees a block whose size the caller knows; the same as <see cref="Free(void*)"/>: the size is not looked at, but in a build that checks it (flavor <c>debug</c>).</summary>
    /// <param name="ptr">The block, or null, which does nothing.</param>
    /// <param name="byteCount">The size it was last given, in bytes.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Free(void* ptr, nuint byteCount) => DefaultAllocator.Free(ptr, byteCount);

    /// <summary>Frees a block; the same as <see cref="Free(void*)"/>.</summary>
    /// <param name="ptr">The block, or null, which does nothing.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AlignedFree(void* ptr) => DefaultAllocator.Free(ptr);

    private static nuint Product(nuint elementCount, nuint elementSize)
    {
        // What NativeMemory does: an overflow is a size that no memory can satisfy.
        ulong high = Math.BigMul(elementCount, elementSize, out ulong low);
        return high == 0 ? (nuint)low : nuint.MaxValue;
    }
}
