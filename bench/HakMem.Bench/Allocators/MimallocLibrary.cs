using System.Globalization;
using System.IO;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using HakMem.Bench.Memory;
using Microsoft.Win32.SafeHandles;

namespace HakMem.Bench.Allocators;

/// <summary>mimalloc as the machine has it: where it is, and what is the same for every copy of it.</summary>
internal static unsafe class MimallocLibrary
{
    public static readonly string[] Names = ["libmimalloc.so.3", "libmimalloc.so.2", "libmimalloc.so"];

    private static readonly nint s_handle = Probe();

    public static bool IsPresent => s_handle != 0;

    /// <summary>The library as the system loads it; 0 where it is absent.</summary>
    public static nint Handle => s_handle;

    /// <summary>
    /// The same file loaded once more, with heaps of its own: two rows of a run that shared heaps would find each other's memory warm, which shortened the
    /// second one's passes by a tenth. 0 where the library is absent or the system refuses.
    /// </summary>
    public static nint LoadCopy()
    {
        if (!IsPresent || MappedLibraries.PathAt(NativeLibrary.GetExport(s_handle, "mi_malloc")) is not { } path)
            return 0;
        int descriptor = LibC.MemoryFile("copy of " + Path.GetFileName(path), 0);
        if (descriptor < 0)
            return 0;
        using SafeFileHandle file = new(descriptor, ownsHandle: true);
        RandomAccess.Write(file, File.ReadAllBytes(path), 0);
        return NativeLibrary.TryLoad(string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{descriptor}"), out nint copy) ? copy : 0;
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
}

/// <summary>Which of the loaded copies of mimalloc.</summary>
internal interface IMimallocCopy
{
    /// <summary>Loads it; 0 where there is none.</summary>
    static abstract nint Load();
}

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
