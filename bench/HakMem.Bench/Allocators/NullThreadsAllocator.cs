using System;
using System.Collections.Generic;
using System.Runtime.CompilerServices;
using System.Threading;

namespace HakMem.Bench.Allocators;

/// <summary>The same as <see cref="NullAllocator"/> with a ring for each thread, so that threads share no cache line.</summary>
internal readonly unsafe struct NullThreadsAllocator : IBenchAllocator
{
    // Grown once in a while: managed garbage of the floor's own would shift the collections that all contestants meet.
    private static readonly Lock s_gate = new();
    private static readonly Stack<nint> s_spareRings = new(1024);

    [ThreadStatic]
    private static byte* t_next;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void* Alloc(nuint byteCount)
    {
        byte* block = t_next;
        if (block == null)
            block = NewRingSlow();
        t_next = NullRing.After(block, byteCount);
        return block;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void* AllocZeroed(nuint byteCount) => Alloc(byteCount);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void* AlignedAlloc(nuint byteCount, nuint alignment) => Alloc(byteCount);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void* Realloc(void* block, nuint byteCount) => Alloc(byteCount);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Free(void* block)
    {
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AlignedFree(void* block)
    {
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static byte* LastWord(void* block, nuint byteCount) => NullRing.LastWord((byte*)block, byteCount);

    public static string ProveIdentity()
    {
        byte* first = (byte*)Alloc(16);
        if (Alloc(16) != NullRing.After(first, 16))
            throw new IdentityException("the ring did not move by a block");
        return $"no allocator: a ring of {NullRing.RingBytes} bytes moved by a block";
    }

    public static bool IsFloor => true;

    /// <summary>Hands the ring to the next new thread: scenarios with thousands of threads have as many rings as run at once.</summary>
    public static void LeaveThread()
    {
        if (t_next == null)
            return;
        lock (s_gate)
        {
            s_spareRings.Push((nint)t_next);
        }

        t_next = null;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static byte* NewRingSlow()
    {
        lock (s_gate)
        {
            return s_spareRings.TryPop(out nint spare) ? (byte*)spare : NullRing.Create();
        }
    }
}
