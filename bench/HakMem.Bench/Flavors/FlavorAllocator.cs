using System;
using System.Runtime.CompilerServices;
using HakMem.Bench.Allocators;

namespace HakMem.Bench.Flavors;

/// <summary>What the scenarios of one thread ask of an allocator, from one flavor.</summary>
internal readonly unsafe struct FlavorAllocator<T> : IBenchAllocator
    where T : struct, IFlavor
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void* Alloc(nuint byteCount) => T.Alloc(byteCount);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Free(void* block) => T.Free(block);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static byte* LastWord(void* block, nuint byteCount) => (byte*)block + byteCount - 8;

    public static void* AllocZeroed(nuint byteCount) => throw new NotSupportedException();

    public static void* AlignedAlloc(nuint byteCount, nuint alignment) => throw new NotSupportedException();

    public static void* Realloc(void* block, nuint byteCount) => throw new NotSupportedException();

    public static void AlignedFree(void* block) => throw new NotSupportedException();

    public static string ProveIdentity() => typeof(T).Name;
}
