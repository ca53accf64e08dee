using System.Runtime.CompilerServices;

namespace HakMem.Bench.Allocators;

/// <summary>mimalloc by an ordinary P/Invoke, transition of the garbage collector included; a copy of the library for this row alone.</summary>
internal readonly unsafe struct MimallocAllocator : IBenchAllocator
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void* Alloc(nuint byteCount) => Mimalloc<OwnCopy>.Malloc(byteCount);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void* AllocZeroed(nuint byteCount) => Mimalloc<OwnCopy>.Zalloc(byteCount);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void* AlignedAlloc(nuint byteCount, nuint alignment) => Mimalloc<OwnCopy>.MallocAligned(byteCount, alignment);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void* Realloc(void* block, nuint byteCount) => Mimalloc<OwnCopy>.Realloc(block, byteCount);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Free(void* block) => Mimalloc<OwnCopy>.Free(block);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AlignedFree(void* block) => Mimalloc<OwnCopy>.Free(block);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static byte* LastWord(void* block, nuint byteCount) => (byte*)block + byteCount - 8;

    public static bool Trim() => Mimalloc<OwnCopy>.Collect();

    public static string ProveIdentity() => Mimalloc<OwnCopy>.Prove<MimallocAllocator>();

    private readonly struct OwnCopy : IMimallocCopy
    {
        public static nint Load() => MimallocLibrary.LoadCopy();
    }
}
