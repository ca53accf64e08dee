using System.Runtime.CompilerServices;

namespace HakMem.Bench.Allocators;

/// <summary>
/// mimalloc by a P/Invoke that suppresses the transition. The attribute's rules forbid it for a function that takes
/// locks or makes system calls; it is here because it is the fastest that a call into mimalloc can be.
/// </summary>
internal readonly unsafe struct MimallocSgtAllocator : IBenchAllocator
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void* Alloc(nuint byteCount) => ((delegate* unmanaged[SuppressGCTransition]<nuint, void*>)Mimalloc<AsInstalled>.Malloc)(byteCount);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void* AllocZeroed(nuint byteCount) => ((delegate* unmanaged[SuppressGCTransition]<nuint, void*>)Mimalloc<AsInstalled>.Zalloc)(byteCount);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void* AlignedAlloc(nuint byteCount, nuint alignment) => ((delegate* unmanaged[SuppressGCTransition]<nuint, nuint, void*>)Mimalloc<AsInstalled>.MallocAligned)(byteCount, alignment);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void* Realloc(void* block, nuint byteCount) => ((delegate* unmanaged[SuppressGCTransition]<void*, nuint, void*>)Mimalloc<AsInstalled>.Realloc)(block, byteCount);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Free(void* block) => ((delegate* unmanaged[SuppressGCTransition]<void*, void>)Mimalloc<AsInstalled>.Free)(block);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AlignedFree(void* block) => ((delegate* unmanaged[SuppressGCTransition]<void*, void>)Mimalloc<AsInstalled>.Free)(block);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static byte* LastWord(void* block, nuint byteCount) => (byte*)block + byteCount - 8;

    public static bool Trim() => Mimalloc<AsInstalled>.Collect();

    public static string ProveIdentity() => Mimalloc<AsInstalled>.Prove<MimallocSgtAllocator>();

    private readonly struct AsInstalled : IMimallocCopy
    {
        public static nint Load() => MimallocLibrary.Handle;
    }
}
