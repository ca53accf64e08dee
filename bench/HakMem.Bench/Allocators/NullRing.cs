using System;
using System.Runtime.CompilerServices;
using System.Threading;
using HakMem.Bench.Memory;

namespace HakMem.Bench.Allocators;

/// <summary>
/// The memory that <c>null</c> hands out: small enough to stay in the caches, and aligned to its size, so that an
/// address says which ring it is in.
/// </summary>
internal static unsafe class NullRing
{
    public const nuint RingBytes = 64 * 1024;
    private const nuint RingMask = RingBytes - 1;

    // The last word of a block may begin in the ring's last bytes.
    private const nuint TailBytes = 4096;

    private static int s_rings;

    /// <summary>Memory that all rings hold: the harness's, not to be counted as its floor.</summary>
    public static long AllRingsBytes => Volatile.Read(ref s_rings) * (long)(RingBytes + TailBytes);

    public static byte* Create()
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

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static byte* After(byte* block, nuint byteCount) => Within(block, (nuint)block + ((byteCount + 15) & ~(nuint)15));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static byte* LastWord(byte* block, nuint byteCount) => Within(block, (nuint)block + byteCount - 8);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static byte* Within(byte* ring, nuint address) => (byte*)(((nuint)ring & ~RingMask) | (address & RingMask));
}
