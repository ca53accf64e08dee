using System.Runtime.InteropServices;
using System.Threading;
using HakMem.Bench.Allocators;

namespace HakMem.Bench.Tests.Allocators;

/// <summary>A fault that an allocator can have.</summary>
internal interface IFault
{
    static virtual bool Overlaps => false;

    static virtual bool LosesContents => false;

    static virtual bool Unzeroed => false;

    static virtual bool Misaligns => false;

    static virtual bool RunsOut => false;
}

internal readonly struct Overlap : IFault
{
    public static bool Overlaps => true;
}

internal readonly struct LostContents : IFault
{
    public static bool LosesContents => true;
}

internal readonly struct NotZeroed : IFault
{
    public static bool Unzeroed => true;
}

internal readonly struct Misaligned : IFault
{
    public static bool Misaligns => true;
}

internal readonly struct OutOfMemory : IFault
{
    public static bool RunsOut => true;
}

internal readonly struct NoProof : IFault
{
}

/// <summary>Bumps through memory that is never given back; every 50th block shows the fault.</summary>
internal readonly unsafe struct FaultyAllocator<TFault> : IBenchAllocator
    where TFault : struct, IFault
{
    private const nuint ArenaBytes = 64 * 1024 * 1024;
    private const nuint HeaderBytes = 16;
    private static readonly byte* s_arena = (byte*)NativeMemory.AlignedAlloc(ArenaBytes, 4096);
    private static long s_used;
    private static int s_calls;

    public static void* Alloc(nuint byteCount) => Take(byteCount, 16);

    public static void* AllocZeroed(nuint byteCount)
    {
        byte* block = (byte*)Take(byteCount, 16);
        if (block == null)
            return null;
        NativeMemory.Clear(block, byteCount);
        if (TFault.Unzeroed && byteCount > 0)
            block[byteCount - 1] = 1;
        return block;
    }

    public static void* AlignedAlloc(nuint byteCount, nuint alignment) => Take(byteCount, alignment);

    public static void* Realloc(void* block, nuint byteCount)
    {
        void* moved = Take(byteCount, 16);
        if (moved == null)
            return null;
        nuint kept = nuint.Min(*(nuint*)((byte*)block - HeaderBytes), byteCount);
        if (TFault.LosesContents && kept > 8)
            kept -= 8;
        NativeMemory.Copy(block, moved, kept);
        return moved;
    }

    public static void Free(void* block)
    {
    }

    public static void AlignedFree(void* block)
    {
    }

    public static byte* LastWord(void* block, nuint byteCount) => (byte*)block + byteCount - 8;

    public static string ProveIdentity() => typeof(TFault) == typeof(NoProof) ? throw new IdentityException("no counter moved") : "a faulty one";

    private static void* Take(nuint byteCount, nuint alignment)
    {
        bool faulty = Interlocked.Increment(ref s_calls) % 50 == 0;
        if (TFault.RunsOut && faulty)
            return null;
        nuint room = HeaderBytes + byteCount + alignment + 16;
        nuint end = (nuint)Interlocked.Add(ref s_used, (long)room);
        nuint block = ((nuint)s_arena + (end - room) % (ArenaBytes / 2) + HeaderBytes + alignment - 1) & ~(alignment - 1);
        if (TFault.Overlaps && faulty && alignment <= 16)
            block -= 48; // the tail of whatever came before
        if (TFault.Misaligns && faulty)
            block += 8;
        *(nuint*)(block - HeaderBytes) = byteCount;
        return (void*)block;
    }
}
