using System;
using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Threading;
using HakMem.Boxes;

namespace HakMem;

/// <summary>The numbers of one <see cref="HakHeap"/>; all sizes in bytes.</summary>
/// <param name="Blocks">Blocks with users.</param>
/// <param name="InUseBytes">Their usable sizes.</param>
/// <param name="CachedBytes">Free blocks kept near.</param>
public readonly record struct HakHeapStatistics(ulong Blocks, ulong InUseBytes, ulong CachedBytes);

/// <summary>
/// A heap of one's own: for a request, a document, a level. Any thread may use it; the heap's lock makes calls wait for each other. All its blocks
/// can be given up together, at a cost of its slabs (64 KiB and more each), not of its blocks: <see cref="Destroy"/>. Or they outlive it: <see cref="Release"/>.
/// Single blocks are freed with <see cref="Free"/> or <see cref="HakMemory.Free(void*)"/>, by any thread. First-class heaps are an idea of many allocators,
/// mimalloc's <c>mi_heap_t</c> among them.
/// </summary>
public sealed unsafe class HakHeap : IDisposable
{
    private readonly uint _use;
    private nint _heap;

    /// <summary>Makes a heap.</summary>
    /// <exception cref="OutOfMemoryException">There is no memory for it.</exception>
    public HakHeap()
    {
        _ = DefaultAllocator.CurrentHeap();   // opens the allocator
        _heap = (nint)FirstClassHeap.Create<DefaultAllocator.Config>();
        if (_heap != 0)
        {
            _use = ((ThreadHeap*)_heap)->Use;
            return;
        }

        GC.SuppressFinalize(this);
        throw new OutOfMemoryException();
    }

    /// <summary>Lets the blocks of a heap live that was dropped without a word: somebody may still use them.</summary>
    ~HakHeap() => Release();

    /// <summary>Whether the heap was destroyed or released.</summary>
    public bool IsDisposed => Volatile.Read(ref _heap) == 0;

    /// <summary>Allocates a block of the heap, its contents undefined. Any thread.</summary>
    /// <param name="byteCount">The size in bytes; 0 gives a unique pointer that can be freed.</param>
    /// <returns>The block, at least 16-byte aligned; never null.</returns>
    /// <exception cref="OutOfMemoryException">There is no memory.</exception>
    /// <exception cref="ObjectDisposedException">The heap is gone.</exception>
    public void* Alloc(nuint byteCount) => OrThrow(AllocOrNull(byteCount, 1, false));

    /// <summary>Allocates a block of the heap whose first bytes are zero. Any thread.</summary>
    /// <param name="byteCount">The size in bytes, and how many are zero.</param>
    /// <returns>The block, at least 16-byte aligned; never null.</returns>
    /// <exception cref="OutOfMemoryException">There is no memory.</exception>
    /// <exception cref="ObjectDisposedException">The heap is gone.</exception>
    public void* AllocZeroed(nuint byteCount) => OrThrow(AllocOrNull(byteCount, 1, true));

    /// <summary>Allocates a block of the heap at a multiple of an alignment, its contents undefined. Any thread.</summary>
    /// <param name="byteCount">The size in bytes.</param>
    /// <param name="alignment">The alignment in bytes, a power of two.</param>
    /// <returns>The block; never null.</returns>
    /// <exception cref="ArgumentException">The alignment is not a power of two.</exception>
    /// <exception cref="OutOfMemoryException">There is no memory.</exception>
    /// <exception cref="ObjectDisposedException">The heap is gone.</exception>
    public void* AlignedAlloc(nuint byteCount, nuint alignment)
    {
        if (!BitOperations.IsPow2(alignment)) throw new ArgumentException("The alignment must be a power of two.", nameof(alignment));
        return OrThrow(AllocOrNull(byteCount, alignment, false));
    }

    /// <summary>Allocates a block of the heap without throwing for lack of memory. Any thread.</summary>
    /// <param name="byteCount">The size in bytes.</param>
    /// <param name="ptr">The block, at least 16-byte aligned, its contents undefined; null on failure.</param>
    /// <returns>Whether there was memory.</returns>
    /// <exception cref="ObjectDisposedException">The heap is gone.</exception>
    public bool TryAlloc(nuint byteCount, out void* ptr)
    {
        ptr = AllocOrNull(byteCount, 1, false);
        if (ptr == null) _ = Heap();   // throws when it was released meanwhile
        return ptr != null;
    }

    /// <summary>Changes the size of a block, contents kept up to the smaller size; the block is of this heap afterwards, unless it could be resized without a copy: then it stays with the heap that it was of. Any thread.</summary>
    /// <param name="ptr">A block of any heap, or null for a new one. It must not be used afterwards, unless the call throws.</param>
    /// <param name="byteCount">The new size in bytes.</param>
    /// <returns>The block of the new size; never null.</returns>
    /// <exception cref="OutOfMemoryException">There is no memory; the old block is as before.</exception>
    /// <exception cref="ObjectDisposedException">The heap is gone.</exception>
    public void* Realloc(void* ptr, nuint byteCount)
    {
        void* block = FirstClassHeap.Realloc<DefaultAllocator.Config>(Heap(), ptr, byteCount, 1, _use);
        GC.KeepAlive(this);
        return OrThrow(block);
    }

    /// <summary>Frees a block, of this heap or any other. Any thread.</summary>
    /// <param name="ptr">The block, or null, which does nothing.</param>
    /// <exception cref="ObjectDisposedException">The heap is gone.</exception>
    public void Free(void* ptr)
    {
        FirstClassHeap.Free<DefaultAllocator.Config>(Heap(), ptr, _use);
        GC.KeepAlive(this);
    }

    /// <summary>Gives the heap's unused memory back. Any thread.</summary>
    /// <exception cref="ObjectDisposedException">The heap is gone.</exception>
    public void Trim()
    {
        FirstClassHeap.Trim<DefaultAllocator.Config>(Heap(), _use);
        GC.KeepAlive(this);
    }

    /// <summary>The heap's numbers. Exact when no other thread uses it meanwhile.</summary>
    /// <returns>A snapshot.</returns>
    /// <exception cref="ObjectDisposedException">The heap is gone.</exception>
    public HakHeapStatistics GetStatistics()
    {
        HeapStatistics numbers;
        FirstClassHeap.ReadStatistics<DefaultAllocator.Config>(Heap(), &numbers, _use);
        GC.KeepAlive(this);
        return new HakHeapStatistics(numbers.Blocks, numbers.Bytes, numbers.CachedBytes);
    }

    /// <summary>Visits the heap, its slabs and its blocks; see <see cref="HakMemory.Walk"/>.</summary>
    /// <param name="visitor">Receives what is found.</param>
    /// <exception cref="ObjectDisposedException">The heap is gone.</exception>
    public void Walk(IHeapVisitor visitor)
    {
        ArgumentNullException.ThrowIfNull(visitor);
        Walker.Walk(visitor, Heap()->Id);
        GC.KeepAlive(this);
    }

    /// <summary>
    /// Frees every block of the heap at once, and the heap. No thread may use the heap or its blocks meanwhile or afterwards; a block that is freed all the
    /// same ends the process as long as its memory serves nothing else. A second call does nothing.
    /// </summary>
    public void Destroy()
    {
        ThreadHeap* heap = Detach();
        if (heap != null) FirstClassHeap.Destroy<DefaultAllocator.Config>(heap);
    }

    /// <summary>Lets the heap go and its blocks live: each is freed on its own, by <see cref="HakMemory.Free(void*)"/>. A second call does nothing.</summary>
    public void Release()
    {
        ThreadHeap* heap = Detach();
        if (heap != null) FirstClassHeap.Release<DefaultAllocator.Config>(heap);
    }

    /// <summary>The same as <see cref="Destroy"/>.</summary>
    public void Dispose() => Destroy();

    private ThreadHeap* Detach()
    {
        GC.SuppressFinalize(this);
        return (ThreadHeap*)Interlocked.Exchange(ref _heap, 0);
    }

    // Kept alive to the end of the call: the finalizer of a heap in its last call would release it under the call's feet.
    private void* AllocOrNull(nuint byteCount, nuint alignment, bool zeroed)
    {
        void* block = FirstClassHeap.Alloc<DefaultAllocator.Config>(Heap(), byteCount, alignment, zeroed, _use);
        GC.KeepAlive(this);
        return block;
    }

    private ThreadHeap* Heap()
    {
        nint heap = Volatile.Read(ref _heap);
        if (heap == 0) ThrowDisposed();
        return (ThreadHeap*)heap;
    }

    private void* OrThrow(void* block)
    {
        if (block == null) ThrowMissing();
        return block;
    }

    // Released by another thread during the call, or no memory.
    [DoesNotReturn]
    private void ThrowMissing()
    {
        _ = Heap();
        throw new OutOfMemoryException();
    }

    [DoesNotReturn]
    private static void ThrowDisposed() => throw new ObjectDisposedException(typeof(HakHeap).FullName);
}
