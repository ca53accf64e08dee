using System.Globalization;
using System.IO;
using System.Runtime.InteropServices;
using HakMem.Bench.Memory;
using Microsoft.Win32.SafeHandles;

namespace HakMem.Bench.Allocators;

/// <summary>mimalloc as the machine has it: where it is, and what is the same for every copy of it.</summary>
internal static class MimallocLibrary
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
