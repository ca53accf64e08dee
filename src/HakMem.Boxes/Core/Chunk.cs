using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.Arm;

namespace HakMem.Boxes;

/// <summary>The units of memory: see the table of words in <c>docs/design.md</c>.</summary>
public static partial class Chunk
{
    /// <summary>log2 of <see cref="Bytes"/>.</summary>
    public const int Log2 = 16;

    /// <summary>The unit of the page map: 64 KiB.</summary>
    public const nuint Bytes = 1u << Log2;

    /// <summary>Chunks in a SuperSlab.</summary>
    public const uint PerSuperSlab = 32;

    /// <summary>The unit taken from the operating system: 2 MiB.</summary>
    public const nuint SuperSlabBytes = PerSuperSlab * Bytes;

    /// <summary>The page that the size classes are made for: 4 KiB, the smallest of an operating system's.</summary>
    public const nuint PageBytes = 4096;

    /// <summary>The operating system's page: 4 KiB, which the compiler takes for a constant; on ARM64 up to a chunk.</summary>
    public static nuint OsPageBytes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get
        {
            nuint bytes = PageBytes;
            if (ArmBase.IsSupported) AskOsPage(ref bytes);
            return bytes;
        }
    }

    /// <summary>A size in bytes, rounded up to whole pages of the operating system.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static nuint WholePages(nuint bytes) => (bytes + OsPageBytes - 1) & ~(OsPageBytes - 1);

    static partial void AskOsPage(ref nuint bytes);   // without the runtime there is no system with other pages to run on
}

/// <summary>A run of chunks.</summary>
public struct ChunkSpan
{
    /// <summary>The index of the first chunk.</summary>
    public uint FirstChunk;

    /// <summary>The number of chunks.</summary>
    public uint Chunks;

    /// <summary>Whether the memory may hold anything but zeros.</summary>
    public bool Dirty;
}
