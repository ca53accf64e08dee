using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using HakMem.Bench.Memory;

namespace HakMem.Bench.Allocators;

/// <summary><see cref="NativeMemory"/>: what a .NET program uses today, the C library's malloc.</summary>
internal readonly unsafe struct NativeAllocator : IBenchAllocator
{
    // Larger than any thread cache or fast bin of glibc, which its counters leave out.
    private const nuint ProofBytes = 64 * 1024;
    private const int ProofAttempts = 100;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void* Alloc(nuint byteCount) => NativeMemory.Alloc(byteCount);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void* AllocZeroed(nuint byteCount) => NativeMemory.AllocZeroed(byteCount);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void* AlignedAlloc(nuint byteCount, nuint alignment) => NativeMemory.AlignedAlloc(byteCount, alignment);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void* Realloc(void* block, nuint byteCount) => NativeMemory.Realloc(block, byteCount);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Free(void* block) => NativeMemory.Free(block);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AlignedFree(void* block) => NativeMemory.AlignedFree(block);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static byte* LastWord(void* block, nuint byteCount) => (byte*)block + byteCount - 8;

    public static bool Trim()
    {
        if (!LibC.HasMallocOfGlibc) return false;
        _ = LibC.MallocTrim(0);
        return true;
    }

    public static string ProveIdentity()
    {
        nint malloc = NativeLibrary.GetExport(NativeLibrary.GetMainProgramHandle(), "malloc");
        string path = MappedLibraries.PathAt(malloc) ?? throw new IdentityException("malloc lies in no mapped library");
        if (!LibC.HasMallocOfGlibc) return $"{path}: by its place alone, since it keeps no counters";
        // Again if another thread of the process gave memory back in between.
        for (int attempt = 0; attempt < ProofAttempts; attempt++)
        {
            nuint before = BytesHandedOut();
            void* block = NativeMemory.Alloc(ProofBytes);
            nuint after = BytesHandedOut();
            NativeMemory.Free(block);
            if (after >= before + ProofBytes)
                return $"{path}: mallinfo2 moved by {after - before} bytes for a block of {ProofBytes}";
        }

        throw new IdentityException($"malloc is {path}, but the counters of the C library did not move by a block of {ProofBytes} bytes");
    }

    private static nuint BytesHandedOut()
    {
        LibC.MallInfo2 info = LibC.MallocInfo();
        return info.UsedBytes + info.MappedBytes;
    }
}
