using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace HakMem.Bench.Allocators;

/// <summary>
/// mimalloc as the machine has it. The function pointers are static and read-only, so that compiled loops hold them
/// as constants; all are null where the library is absent.
/// </summary>
internal static unsafe class MimallocLibrary
{
    public static readonly string[] Names = ["libmimalloc.so.3", "libmimalloc.so.2", "libmimalloc.so"];

    private static readonly nint s_handle = Probe();

    // The aligned function, not posix_memalign: that of 2.0.9 returns misaligned blocks.
    private static readonly nint s_malloc = Export("mi_malloc");
    private static readonly nint s_zalloc = Export("mi_zalloc");
    private static readonly nint s_mallocAligned = Export("mi_malloc_aligned");
    private static readonly nint s_realloc = Export("mi_realloc");
    private static readonly nint s_free = Export("mi_free");
    private static readonly nint s_collect = Export("mi_collect");
    private static readonly nint s_version = Export("mi_version");
    private static readonly nint s_isInHeapRegion = Export("mi_is_in_heap_region");

    public static bool IsPresent => s_handle != 0;

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

    /// <summary>Proves that a block came from the library: its path, its version, its own word on the block.</summary>
    public static string Prove(void* block)
    {
        if (!IsPresent)
            throw new IdentityException($"none of {string.Join(", ", Names)} can be loaded");
        string path = MappedLibraries.PathAt(s_malloc) ?? throw new IdentityException("mi_malloc lies in no mapped library");
        if (((delegate* unmanaged<void*, byte>)s_isInHeapRegion)(block) == 0)
            throw new IdentityException($"{path} denies that the block at 0x{(nuint)block:x} is in its heap");
        return $"{path}, version {FormatVersion(((delegate* unmanaged<int>)s_version)())}: mi_is_in_heap_region holds for a block";
    }

    /// <summary>mi_version is 209 for 2.0.9; five digits carry two for each of the lower parts.</summary>
    internal static string FormatVersion(int version)
    {
        int step = version < 1000 ? 10 : 100;
        return string.Create(CultureInfo.InvariantCulture, $"{version / (step * step)}.{version / step % step}.{version % step}");
    }

    private static nint Probe()
    {
        foreach (string name in Names)
        {
            if (NativeLibrary.TryLoad(name, out nint handle))
                return handle;
        }

        return 0;
    }

    private static nint Export(string symbol) => s_handle == 0 ? 0 : NativeLibrary.GetExport(s_handle, symbol);
}
