namespace HakMem.Boxes;

/// <summary>The units of memory: see the table of words in <c>docs/design.md</c>.</summary>
public static class Chunk
{
    /// <summary>log2 of <see cref="Bytes"/>.</summary>
    public const int Log2 = 16;

    /// <summary>The unit of the page map: 64 KiB.</summary>
    public const nuint Bytes = 1u << Log2;

    /// <summary>Chunks in a SuperSlab.</summary>
    public const uint PerSuperSlab = 32;

    /// <summary>The unit taken from the operating system: 2 MiB.</summary>
    public const nuint SuperSlabBytes = PerSuperSlab * Bytes;

    /// <summary>The operating system's page: 4 KiB on every platform supported so far.</summary>
    public const nuint OsPageBytes = 4096;

    /// <summary>A size in bytes, rounded up to whole pages of the operating system.</summary>
    public static nuint WholePages(nuint bytes) => (bytes + OsPageBytes - 1) & ~(OsPageBytes - 1);
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
