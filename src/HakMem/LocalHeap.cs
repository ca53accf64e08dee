using System;
using System.Runtime.CompilerServices;
using HakMem.Boxes;

namespace HakMem;

/// <summary>
/// The calling thread's heap, from <see cref="HakMemory.GetLocalHeap"/>: the same memory as <see cref="HakMemory"/>, without looking the thread up
/// at each call. A <c>ref struct</c>, so it cannot leave the thread: no field, no capture, no <c>await</c> across it.
/// </summary>
public readonly unsafe ref struct LocalHeap
{
    private readonly ThreadHeap* _heap;

    internal LocalHeap(ThreadHeap* heap) => _heap = heap;

    /// <summary>Allocates as <see cref="HakMemory.Alloc(nuint)"/>.</summary>
    /// <param name="byteCount">The size in bytes.</param>
    /// <returns>The block, at least 16-byte aligned, its contents undefined; never null.</returns>
    /// <exception cref="OutOfMemoryException">There is no memory.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void* Alloc(nuint byteCount) => DefaultAllocator.Alloc(_heap, byteCount);

    /// <summary>Frees as <see cref="HakMemory.Free(void*)"/>.</summary>
    /// <param name="ptr">A block of any thread, or null.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Free(void* ptr) => DefaultAllocator.Free(_heap, ptr);
}
