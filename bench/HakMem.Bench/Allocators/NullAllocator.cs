using System.Runtime.CompilerServices;

namespace HakMem.Bench.Allocators;

/// <summary>
/// No allocator: the next place in a ring, whatever is still there. Its time is what the harness itself takes, the floor
/// that is subtracted from all others. For one thread; <see cref="NullThreadsAllocator"/> is for several.
/// </summary>
internal readonly unsafe struct NullAllocator : IBenchAllocator
{
    private static byte* s_next = NullRing.Create();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void* Alloc(nuint byteCount)
    {
        byte* block = s_next;
        s_next = NullRing.After(block, byteCount);
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
}
