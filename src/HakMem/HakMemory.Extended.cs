using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using HakMem.Boxes;

namespace HakMem;

/// <content>What <see cref="NativeMemory"/> does not have, and the operations on contents that it has.</content>
public static unsafe partial class HakMemory
{
    /// <summary>Allocates a block of memory without throwing.</summary>
    /// <param name="byteCount">The size in bytes.</param>
    /// <param name="ptr">The block, at least 16-byte aligned, its contents undefined; null on failure.</param>
    /// <returns>Whether there was memory.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryAlloc(nuint byteCount, out void* ptr) => DefaultAllocator.TryAlloc(byteCount, out ptr);

    /// <summary>Allocates zeroed memory without throwing.</summary>
    /// <param name="byteCount">The size in bytes.</param>
    /// <param name="ptr">The block, at least 16-byte aligned; null on failure.</param>
    /// <returns>Whether there was memory.</returns>
    public static bool TryAllocZeroed(nuint byteCount, out void* ptr) => DefaultAllocator.TryAllocZeroed(byteCount, out ptr);

    /// <summary>Allocates aligned memory without throwing.</summary>
    /// <param name="byteCount">The size in bytes.</param>
    /// <param name="alignment">The alignment in bytes; false when it is not a power of two.</param>
    /// <param name="ptr">The block; null on failure.</param>
    /// <returns>Whether there was memory.</returns>
    public static bool TryAlignedAlloc(nuint byteCount, nuint alignment, out void* ptr) => DefaultAllocator.TryAlignedAlloc(byteCount, alignment, out ptr);

    /// <summary>Changes the size of a block without throwing; on failure the old block is as before.</summary>
    /// <param name="ptr">The block, or null for a new one.</param>
    /// <param name="byteCount">The new size in bytes.</param>
    /// <param name="result">The block of the new size; null on failure.</param>
    /// <returns>Whether there was memory.</returns>
    public static bool TryRealloc(void* ptr, nuint byteCount, out void* result) => DefaultAllocator.TryRealloc(ptr, byteCount, out result);

    /// <summary>Changes the size of a block at an alignment without throwing; on failure the old block is as before.</summary>
    /// <param name="ptr">The block, or null for a new one.</param>
    /// <param name="byteCount">The new size in bytes.</param>
    /// <param name="alignment">The alignment in bytes; false when it is not a power of two.</param>
    /// <param name="result">The block of the new size; null on failure.</param>
    /// <returns>Whether there was memory.</returns>
    public static bool TryAlignedRealloc(void* ptr, nuint byteCount, nuint alignment, out void* result)
        => DefaultAllocator.TryAlignedRealloc(ptr, byteCount, alignment, out result);

    /// <summary>Allocates several blocks of one size, aligned as those of <see cref="Alloc(nuint)"/>; their contents are undefined. Each is freed alone or with others.</summary>
    /// <param name="byteCount">The size of each in bytes; of 0, blocks of the smallest size.</param>
    /// <param name="blocks">Receives the blocks.</param>
    /// <returns>How many were written; fewer than asked only when there is no memory. The rest of <paramref name="blocks"/> is undefined.</returns>
    public static int AllocBatch(nuint byteCount, Span<nint> blocks)
    {
        fixed (nint* start = blocks) return (int)DefaultAllocator.AllocBatch(byteCount, (void**)start, (uint)blocks.Length);
    }

    /// <summary>Frees several blocks, of any sizes and threads.</summary>
    /// <param name="blocks">The blocks; nulls are skipped.</param>
    public static void FreeBatch(ReadOnlySpan<nint> blocks)
    {
        fixed (nint* start = blocks) DefaultAllocator.FreeBatch((void**)start, (uint)blocks.Length);
    }

    /// <summary>The bytes of a block that may be used: at least what was asked for, and the <see cref="GoodSize"/> of it or more: the first blocks of a size may be larger.</summary>
    /// <param name="ptr">The block, or null.</param>
    /// <returns>The size in bytes; 0 of null.</returns>
    public static nuint UsableSize(void* ptr) => DefaultAllocator.UsableSize(ptr);

    /// <summary>
    /// The least usable size that a request gets: asking for it at once wastes nothing. The first blocks of a size that a heap serves may be larger, as they come from the
    /// next power of two, or above 4 KiB from a class up to half larger; above 2 MiB a block may come from a kept mapping that is up to half larger.
    /// </summary>
    /// <param name="byteCount">The size in bytes.</param>
    /// <returns>The least usable size in bytes; the request itself when rounding it up would overflow.</returns>
    public static nuint GoodSize(nuint byteCount) => SizeClasses.GoodSize(byteCount);

    /// <summary>
    /// Gives memory back to the operating system: the calling thread's caches, the heaps of ended threads, empty slabs, everything that waits to
    /// be purged. Blocks in the caches of other running threads stay theirs.
    /// </summary>
    public static void Trim() => DefaultAllocator.Trim();

    /// <summary>
    /// Raised when an allocation would take committed memory above <see cref="HakMemOptions.SoftLimit"/>, after everything unused was given back, at most
    /// every 100 ms, on the allocating thread. The argument is the committed size in bytes. A handler may free and allocate,
    /// also from the <see cref="HakHeap"/> that is allocating, if one is: no lock is held. What it throws is ignored.
    /// </summary>
    public static event Action<ulong>? MemoryPressure;

    /// <summary>A snapshot of the numbers. Exact when no other thread allocates or frees meanwhile.</summary>
    /// <returns>The snapshot.</returns>
    public static HakMemStatistics GetStatistics()
    {
        AllocatorStatistics statistics;
        DefaultAllocator.ReadStatistics(&statistics);
        return new HakMemStatistics(statistics);
    }

    /// <summary>The calling thread's heap, looked up once for many calls.</summary>
    /// <returns>A handle for this thread only, valid on this thread's stack.</returns>
    /// <exception cref="OutOfMemoryException">There is no memory for a heap.</exception>
    public static LocalHeap GetLocalHeap()
    {
        ThreadHeap* heap = DefaultAllocator.CurrentHeap();
        return heap != null ? new LocalHeap(heap) : throw new OutOfMemoryException();
    }

    internal static void OnMemoryPressure(ulong committedBytes)
    {
        if (MemoryPressure is null || Pressure.IsRaised) return;
        Pressure.IsRaised = true;
        try
        {
            MemoryPressure.Invoke(committedBytes);
        }
        catch (Exception)
        {
            // The allocation that met the limit is not the place to learn of a handler's fault.
        }
        finally
        {
            Pressure.IsRaised = false;
        }
    }

    private static class Pressure
    {
        /// <summary>Whether a handler runs on this thread: what it allocates raises nothing.</summary>
        [ThreadStatic] internal static bool IsRaised;
    }

    /// <summary>Sets bytes to zero.</summary>
    /// <param name="ptr">The first byte.</param>
    /// <param name="byteCount">How many.</param>
    public static void Clear(void* ptr, nuint byteCount) => NativeMemory.Clear(ptr, byteCount);

    /// <summary>Copies bytes; the ranges may overlap.</summary>
    /// <param name="source">Where from.</param>
    /// <param name="destination">Where to.</param>
    /// <param name="byteCount">How many.</param>
    public static void Copy(void* source, void* destination, nuint byteCount) => NativeMemory.Copy(source, destination, byteCount);

    /// <summary>Sets bytes to a value.</summary>
    /// <param name="ptr">The first byte.</param>
    /// <param name="byteCount">How many.</param>
    /// <param name="value">The value.</param>
    public static void Fill(void* ptr, nuint byteCount, byte value) => NativeMemory.Fill(ptr, byteCount, value);
}
