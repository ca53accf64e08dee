using System.Numerics;
using System.Runtime.CompilerServices;
using System.Threading;
using HakMem.Boxes;

namespace HakMem.Preload;

/// <summary>
/// Serves a thread that is inside the allocator already: a signal handler that interrupted a slow path, or a handler of fork while every lock is held. It takes no lock: blocks are
/// powers of two behind a header of 16 bytes, cut from a range of their own and recycled through lock-free stacks. Frees of the allocator's own blocks are put
/// aside, linked through the blocks, until the next slow path of any thread. Slow and rough; it exists so that such a call neither waits for itself nor breaks anything.
/// </summary>
internal static unsafe class SignalHeap
{
    private const nuint RangeBytes = 64u << 20, MaxBlockBytes = 16u << 20;
    private const int SmallestLog2 = 5, Classes = 20, HeaderBytes = 16;
    private const int ReadWrite = 3, PrivateAnonymous = 0x22;

    private static nint s_range;
    private static long s_next;
    private static nint s_deferred;
    private static int s_draining;   // threads inside FreeDeferred
#pragma warning disable CS0169 // used through its first element
    private static FreeLists s_free;
#pragma warning restore CS0169

    // The free blocks of each power of two: the offset of the first in units of 16 bytes, and above it a count of changes, so that a top seen before is never taken for the same.
    private struct FreeLists
    {
        public fixed ulong Tops[Classes];
    }

    /// <summary>Whether a block is from here.</summary>
    internal static bool Contains(void* block) => s_range != 0 && (nuint)block - (nuint)s_range < RangeBytes;

    /// <summary>A block at a multiple of <paramref name="alignment"/>, a power of two of at least 16. Null when the range is used up or the size too large.</summary>
    internal static void* Alloc(nuint size, nuint alignment)
    {
        if (size > MaxBlockBytes || alignment > MaxBlockBytes || !TryOpen()) return null;
        nuint wanted = size + HeaderBytes + (alignment > 16 ? alignment : 0);
        int log2 = wanted <= 1u << SmallestLog2 ? SmallestLog2 : BitOperations.Log2(wanted - 1) + 1;
        if (log2 - SmallestLog2 >= Classes) return null;
        byte* start = Take(log2 - SmallestLog2);
        if (start == null) start = Cut((nuint)1 << log2);
        if (start == null) return null;
        byte* block = (byte*)(((nuint)start + HeaderBytes + alignment - 1) & ~(alignment - 1));
        ((ulong*)block)[-2] = (ulong)log2;
        ((ulong*)block)[-1] = (ulong)(block - start);
        return block;
    }

    /// <summary>Takes a block back; any thread may, in any state.</summary>
    internal static void Free(void* block)
    {
        int log2 = (int)((ulong*)block)[-2];
        Put(log2 - SmallestLog2, (byte*)block - ((ulong*)block)[-1]);
    }

    /// <summary>The bytes that may be used of a block.</summary>
    internal static nuint UsableSize(void* block) => ((nuint)1 << (int)((ulong*)block)[-2]) - (nuint)((ulong*)block)[-1];

    /// <summary>Puts a block of the allocator aside for <see cref="FreeDeferred"/>.</summary>
    internal static void Defer(void* block)
    {
        nint top = Volatile.Read(ref s_deferred);
        while (true)
        {
            *(nint*)block = top;
            nint seen = Interlocked.CompareExchange(ref s_deferred, (nint)block, top);
            if (seen == top) return;
            top = seen;
        }
    }

    /// <summary>Whether anything was put aside.</summary>
    internal static bool HasDeferred => s_deferred != 0;

    /// <summary>Frees what was put aside. From inside a slow path; the heap may be null.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static void FreeDeferred(ThreadHeap* heap)
    {
        Interlocked.Increment(ref s_draining);   // before the blocks are taken: whoever finds none waiting and nobody here knows that all are freed
        void* block = (void*)Interlocked.Exchange(ref s_deferred, 0);
        while (block != null)
        {
            void* next = *(void**)block;
            MallocExports.FreeInside(heap, block);
            block = next;
        }

        Interlocked.Decrement(ref s_draining);
    }

    /// <summary>Returns when every block that was put aside before is freed, by whomever: no such block may outlive its heap. From inside a slow path.</summary>
    internal static void FinishDeferred(ThreadHeap* heap)
    {
        if (Volatile.Read(ref s_deferred) != 0) FreeDeferred(heap);
        while (Volatile.Read(ref s_draining) != 0) _ = LibC.sched_yield();
    }

    /// <summary>In the child of a fork: nobody else frees anything there. What others had taken is lost with them.</summary>
    internal static void ForgetOthers() => s_draining = 0;

    private static bool TryOpen()
    {
        if (Volatile.Read(ref s_range) != 0) return true;
        nint range = Trampolines.MapPages(null, RangeBytes, ReadWrite, PrivateAnonymous, -1, 0);
        if (range < 0) return false;
        if (Interlocked.CompareExchange(ref s_range, range, 0) != 0) _ = PreloadMemory.Unmap((byte*)range, RangeBytes);
        return true;
    }

    private static byte* Cut(nuint bytes)
    {
        long next = Volatile.Read(ref s_next);
        while ((nuint)next + bytes <= RangeBytes)   // what does not fit leaves the rest to smaller ones
        {
            long seen = Interlocked.CompareExchange(ref s_next, next + (long)bytes, next);
            if (seen == next) return (byte*)s_range + next;
            next = seen;
        }

        return null;
    }

    private static void Put(int list, byte* start)
    {
        fixed (ulong* tops = s_free.Tops)
        {
            uint place = (uint)((nuint)(start - (byte*)s_range) / 16) + 1;
            ulong top = Volatile.Read(ref tops[list]);
            while (true)
            {
                *(uint*)start = (uint)top;
                ulong seen = Interlocked.CompareExchange(ref tops[list], (((top >> 32) + 1) << 32) | place, top);
                if (seen == top) return;
                top = seen;
            }
        }
    }

    // The link may be read after another thread took the block: the range is never unmapped, and the count of changes makes the exchange fail.
    private static byte* Take(int list)
    {
        fixed (ulong* tops = s_free.Tops)
        {
            ulong top = Volatile.Read(ref tops[list]);
            while ((uint)top != 0)
            {
                byte* start = (byte*)s_range + ((nuint)((uint)top - 1) * 16);
                ulong seen = Interlocked.CompareExchange(ref tops[list], (((top >> 32) + 1) << 32) | *(uint*)start, top);
                if (seen == top) return start;
                top = seen;
            }

            return null;
        }
    }
}
