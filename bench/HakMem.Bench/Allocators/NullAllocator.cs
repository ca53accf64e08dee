using System;
using System.Runtime.CompilerServices;
using System.Threading;
using HakMem.Bench.Memory;

namespace HakMem.Bench.Allocators;

/// <summary>
/// No allocator: the next place in a ring of the calling thread, whatever is still there. Its time is what the harness
/// itself takes, the floor that is subtracted from all others.
/// </summary>
internal readonly unsafe struct NullAllocator : IBenchAllocator
{
    private const nuint RingBytes = 64 * 1024;
    private const nuint RingMask = RingBytes - 1;

    // The last word of a block may begin in the ring's last bytes.
    private const nuint TailBytes = 4096;

    private static int s_rings;

    [ThreadStatic]
    private static byte* t_next;

    /// <summary>Memory that the rings of all threads hold: the harness's, not to be counted as its floor.</summary>
    public static long AllRingsBytes => Volatile.Read(ref s_rings) * (long)(RingBytes + TailBytes);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void* Alloc(nuint byteCount)
    {
        byte* block = t_next;
        if (block == null)
            block = NewRingSlow();
        t_next = InRing(block, (nuint)block + ((byteCount + 15) & ~(nuint)15));
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
    public static byte* LastWord(void* block, nuint byteCount) => InRing((byte*)block, (nuint)block + byteCount - 8);

    public static string ProveIdentity()
    {
        byte* first = (byte*)Alloc(16);
        byte* second = (byte*)Alloc(16);
        if (InRing(first, (nuint)first + 16) != second)
            throw new IdentityException("the ring did not move by a block");
        return $"no allocator: a ring of {RingBytes} bytes per thread moved by a block";
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static byte* InRing(byte* ring, nuint address) => (byte*)(((nuint)ring & ~RingMask) | (address & RingMask));

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static byte* NewRingSlow()
    {
        Interlocked.Increment(ref s_rings);
        nuint span = 2 * RingBytes + TailBytes;
        void* address = LibC.MemoryMap(null, span, LibC.ProtectReadWrite, LibC.MapPrivateAnonymous | LibC.MapNoReserve, -1, 0);
        if (address == (void*)-1)
            throw new OutOfMemoryException("the kernel gave no memory for a ring");
        byte* ring = (byte*)(((nuint)address + RingMask) & ~RingMask);
        new Span<byte>(ring, (int)(RingBytes + TailBytes)).Fill(1);
        return ring;
    }
}
