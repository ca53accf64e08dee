using System.Runtime.CompilerServices;

namespace HakMem.Bench.Allocators;

/// <summary>mimalloc by an ordinary P/Invoke, transition of the garbage collector included.</summary>
internal readonly unsafe struct MimallocAllocator : IBenchAllocator
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void* Alloc(nuint byteCount) => MimallocLibrary.Malloc(byteCount);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void* AllocZeroed(nuint byteCount) => MimallocLibrary.Zalloc(byteCount);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void* AlignedAlloc(nuint byteCount, nuint alignment) => MimallocLibrary.MallocAligned(byteCount, alignment);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void* Realloc(void* block, nuint byteCount) => MimallocLibrary.Realloc(block, byteCount);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Free(void* block) => MimallocLibrary.Free(block);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AlignedFree(void* block) => MimallocLibrary.Free(block);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static byte* LastWord(void* block, nuint byteCount) => (byte*)block + byteCount - 8;

    public static bool Trim() => MimallocLibrary.Collect();

    public static string ProveIdentity() => MimallocProof.Of<MimallocAllocator>();
}
