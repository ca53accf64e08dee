using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace HakMem.Bench.Allocators;

/// <summary>
/// The functions of one loaded copy of mimalloc. The pointers are static and read-only, so that compiled loops hold them as constants; all are null where
/// the library is absent.
/// </summary>
internal static unsafe class Mimalloc<TCopy>
    where TCopy : struct, IMimallocCopy
{
    private static readonly nint s_handle = TCopy.Load();

    // The aligned function, not posix_memalign: that of 2.0.9 returns misaligned blocks.
    private static readonly nint s_malloc = Export("mi_malloc");
    private static readonly nint s_zalloc = Export("mi_zalloc");
    private static readonly nint s_mallocAligned = Export("mi_malloc_aligned");
    private static readonly nint s_realloc = Export("mi_realloc");
    private static readonly nint s_free = Export("mi_free");
    private static readonly nint s_collect = Export("mi_collect");
    private static readonly nint s_version = Export("mi_version");
    private static readonly nint s_isInHeapRegion = Export("mi_is_in_heap_region");

    public static delegate* unmanaged<nuint, void*> Malloc { [MethodImpl(MethodImplOptions.AggressiveInlining)] get => (delegate* unmanaged<nuint, void*>)s_malloc; }

    public static delegate* unmanaged<nuint, void*> Zalloc { [MethodImpl(MethodImplOptions.AggressiveInlining)] get => (delegate* unmanaged<nuint, void*>)s_zalloc; }

    public static delegate* unmanaged<nuint, nuint, void*> MallocAligned { [MethodImpl(MethodImplOptions.AggressiveInlining)] get => (delegate* unmanaged<nuint, nuint, void*>)s_mallocAligned; }

    public static delegate* unmanaged<void*, nuint, void*> Realloc { [MethodImpl(MethodImplOptions.AggressiveInlining)] get => (delegate* unmanaged<void*, nuint, void*>)s_realloc; }

    public static delegate* unmanaged<void*, void> Free { [MethodImpl(MethodImplOptions.AggressiveInlining)] get => (delegate* unmanaged<void*, void>)s_free; }

    /// <summary>mi_collect(force): the calling thread's heap, and what ended threads left.</summary>
    public static bool Collect()
    {
        ((delegate* unmanaged<byte, void>)s_collect)(1);
        return true;
    }

    /// <summary>Proves that this copy serves: its path, its version, its own word on a block that <typeparamref name="T"/> allocates.</summary>
    public static string Prove<T>()
        where T : struct, IBenchAllocator
    {
        if (!MimallocLibrary.IsPresent)
            throw new IdentityException($"none of {string.Join(", ", MimallocLibrary.Names)} can be loaded");
        if (s_handle == 0)
            throw new IdentityException("mimalloc cannot be loaded a second time");
        string path = MappedLibraries.PathAt(s_malloc) ?? throw new IdentityException("mi_malloc lies in no mapped library");
        void* block = T.Alloc(64);
        try
        {
            if (((delegate* unmanaged<void*, byte>)s_isInHeapRegion)(block) == 0)
                throw new IdentityException($"{path} denies that the block at 0x{(nuint)block:x} is in its heap");
            return $"{path}, version {MimallocLibrary.FormatVersion(((delegate* unmanaged<int>)s_version)())}: mi_is_in_heap_region holds for a block";
        }
        finally
        {
            T.Free(block);
        }
    }

    private static nint Export(string symbol) => s_handle == 0 ? 0 : NativeLibrary.GetExport(s_handle, symbol);
}
