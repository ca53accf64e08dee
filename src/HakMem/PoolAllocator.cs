using System.ComponentModel;
using System.Runtime.CompilerServices;
using HakMem.Boxes;

namespace HakMem;

/// <summary>What the pools of <see cref="HakMemPoolAttribute"/> call when they name no allocator: the one behind <see cref="HakMemory"/>. Not meant to be called by hand.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static unsafe class PoolAllocator
{
    /// <summary>A block of a size class; throws when there is no memory.</summary>
    /// <param name="sizeClass">The class.</param>
    /// <param name="size">A size of that class in bytes.</param>
    /// <returns>The block, never null.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void* AllocOfClass(uint sizeClass, nuint size) => DefaultAllocator.AllocOfClass(sizeClass, size);

    /// <summary>A block of a size class.</summary>
    /// <param name="sizeClass">The class.</param>
    /// <param name="size">A size of that class in bytes.</param>
    /// <param name="block">The block, or null.</param>
    /// <returns>Whether there was memory.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryAllocOfClass(uint sizeClass, nuint size, out void* block) => DefaultAllocator.TryAllocOfClass(sizeClass, size, out block);

    /// <inheritdoc cref="HakMemory.Alloc(nuint)"/>
    public static void* Alloc(nuint byteCount) => DefaultAllocator.Alloc(byteCount);

    /// <inheritdoc cref="HakMemory.TryAlloc(nuint, out void*)"/>
    public static bool TryAlloc(nuint byteCount, out void* block) => DefaultAllocator.TryAlloc(byteCount, out block);

    /// <inheritdoc cref="HakMemory.AllocZeroed(nuint)"/>
    public static void* AllocZeroed(nuint byteCount) => DefaultAllocator.AllocZeroed(byteCount);

    /// <inheritdoc cref="HakMemory.AlignedAlloc"/>
    public static void* AlignedAlloc(nuint byteCount, nuint alignment) => DefaultAllocator.AlignedAlloc(byteCount, alignment);

    /// <inheritdoc cref="HakMemory.Free(void*)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Free(void* ptr) => DefaultAllocator.Free(ptr);

    /// <summary>Several blocks of one size.</summary>
    /// <param name="size">The size of each in bytes.</param>
    /// <param name="blocks">Where they are written.</param>
    /// <param name="count">How many are wanted.</param>
    /// <returns>How many there are; fewer than wanted when no memory is left.</returns>
    public static uint AllocBatch(nuint size, void** blocks, uint count) => DefaultAllocator.AllocBatch(size, blocks, count);

    /// <summary>Gives several blocks back.</summary>
    /// <param name="blocks">The blocks.</param>
    /// <param name="count">How many there are.</param>
    public static void FreeBatch(void** blocks, uint count) => DefaultAllocator.FreeBatch(blocks, count);
}
