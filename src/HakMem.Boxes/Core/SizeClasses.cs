using System;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace HakMem.Boxes;

/// <summary>What every allocator of the process knows about one size class.</summary>
public struct SizeClass
{
    /// <summary>The block size in bytes.</summary>
    public uint SizeBytes;

    /// <summary>How many blocks a slab of this class has.</summary>
    public uint Blocks;

    /// <summary>⌈2⁴⁰ / size⌉: an offset times this, shifted right by 40, is the block's index (<see cref="Slab.IndexOf(SizeClass*, nuint, out uint)"/>).</summary>
    public ulong Reciprocal;

    /// <summary>The bytes of a slab less one: what is left of an address in the reserved range is its offset in the slab.</summary>
    public uint SlabMask;

    /// <summary>The chunks of a slab, a power of two.</summary>
    public uint Chunks;

    /// <summary>The words of the free bitmap.</summary>
    public uint Words;

    /// <summary>How many free blocks make a full slab worth visiting again: max(1, blocks / 16).</summary>
    public uint ListAt;

    /// <summary>The class whose slab serves the first blocks of this one: the next power of two; above a page also what lies half-way to it; itself for these.</summary>
    public uint Home;

    /// <summary>How many blocks the home class lends: 32; above a page as many as waste no more than a page, one at least; none to itself.</summary>
    public uint Lent;
}

/// <summary>
/// Box of layer Core. The size classes: 16-byte steps to 128, then eight for each doubling up to 32 KiB; above an OS page one more, for what is a little larger than a power of two, as pages and
/// buffers with a header are. At most 12.5 % of a block is unused above 128 bytes; every power-of-two class is naturally aligned, and each class but these additional ones is a multiple of the eighth of its doubling. Pure arithmetic; no state.
/// </summary>
[Box(BoxLayer.Core)]
public static unsafe class SizeClasses
{
    /// <summary>The number of classes and one: class 0 means "no slab" in the page map.</summary>
    public const uint Count = 76;

    /// <summary>The first class whose blocks are larger than an OS page.</summary>
    public const uint FirstAbovePage = 49;

    /// <summary>The largest block size in bytes that comes from a slab.</summary>
    public const uint MaxBytes = 32768;

    /// <summary>The page-map class of the first chunk of a large block.</summary>
    public const uint LargeHead = 254;

    /// <summary>The page-map class of every further chunk of a large block.</summary>
    public const uint LargeInterior = 253;

    /// <summary>The largest size in bytes that <see cref="Table"/> covers.</summary>
    public const uint MaxTableBytes = 1024;

    private const uint LentSmall = 32;   // of blocks up to a page
    private const uint PerDoubling = 9, HeaderBytes = 272;   // above a page, and what the first class of a doubling has more than a power of two: 15 of 4,368 bytes fill a slab

    /// <summary>The class of every multiple of 16 up to <see cref="MaxTableBytes"/>, in the image: of a constant size the just-in-time compiler reads it itself.</summary>
    public static ReadOnlySpan<byte> Table =>
    [
        1, 1, 2, 3, 4, 5, 6, 7, 8,
        9, 10, 11, 12, 13, 14, 15, 16,
        17, 17, 18, 18, 19, 19, 20, 20,
        21, 21, 22, 22, 23, 23, 24, 24,
        25, 25, 25, 25, 26, 26, 26, 26,
        27, 27, 27, 27, 28, 28, 28, 28,
        29, 29, 29, 29, 30, 30, 30, 30,
        31, 31, 31, 31, 32, 32, 32, 32,
    ];

    /// <summary>The class of a size up to <see cref="MaxTableBytes"/>: one load, none when the size is a constant.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint ClassOfTiny(nuint sizeBytes) => Unsafe.Add(ref Unsafe.AsRef(in Table[0]), (nint)((sizeBytes + 15) >> 4));

    /// <summary>The class of a size from 1 to <see cref="MaxBytes"/> bytes; 0 counts as 1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint ClassOf(nuint sizeBytes)
    {
        if (sizeBytes <= 128) return sizeBytes == 0 ? 1u : (uint)((sizeBytes + 15) >> 4);
        return ClassAbove128(sizeBytes);
    }

    /// <summary>The class of a size from 129 to <see cref="MaxBytes"/> bytes: in libhakmem.so 15 instructions up to a page, 25 above.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint ClassAbove128(nuint sizeBytes)
    {
        uint last = (uint)sizeBytes - 1;
        uint doubling = (uint)BitOperations.Log2(last);
        uint eighth = (last >> (int)(doubling - 3)) & 7;
        if (doubling < 12) return 9 + ((doubling - 7) << 3) + eighth;
        return FirstAbovePage + ((doubling - 12) * PerDoubling) + eighth + (((last >> (int)(doubling - 8)) & 255) >= HeaderBytes / 16 ? 1u : 0);
    }

    /// <summary>The block size of a class in bytes.</summary>
    public static uint SizeOf(uint sizeClass)
    {
        if (sizeClass <= 8) return sizeClass << 4;
        uint step = sizeClass - 9;
        if (sizeClass >= FirstAbovePage)
        {
            uint doubling = (sizeClass - FirstAbovePage) / PerDoubling, at = (sizeClass - FirstAbovePage) % PerDoubling;
            return (at == 0 ? (uint)Chunk.PageBytes + HeaderBytes : (at + 8) << 9) << (int)doubling;
        }

        return ((step & 7) + 9) << (int)((step >> 3) + 4);
    }

    /// <summary>The smallest class that holds a size at an alignment; 0 when no class does. The alignment is a power of two.</summary>
    public static uint ClassOfAligned(nuint sizeBytes, nuint alignment)
    {
        if (sizeBytes > MaxBytes || alignment > MaxBytes) return 0;
        uint sizeClass = ClassOf(sizeBytes > alignment ? sizeBytes : alignment);
        while ((SizeOf(sizeClass) & (alignment - 1)) != 0) sizeClass++;   // ends at the next power of two: nine steps at most
        return sizeClass;
    }

    /// <summary>The size, or if its class is one of the additional ones that of the next: then a block is a multiple of every power of two, up to a page, that the size is one of.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static nuint KeepAlignment(nuint sizeBytes)
    {
        if (sizeBytes <= Chunk.PageBytes || sizeBytes > MaxBytes) return sizeBytes;
        uint index = ClassAbove128(sizeBytes) - FirstAbovePage;
        return index % PerDoubling != 0 ? sizeBytes : (nuint)(9 << 9) << (int)(index / PerDoubling);   // an eighth above the power of two
    }

    /// <summary>The least size in bytes that a request gets: that of its class, whole chunks, or whole pages.</summary>
    public static nuint GoodSize(nuint sizeBytes)
    {
        if (sizeBytes <= MaxBytes) return SizeOf(ClassOf(sizeBytes));
        nuint unit = sizeBytes <= Chunk.SuperSlabBytes ? Chunk.Bytes : Chunk.OsPageBytes;
        nuint rounded = (sizeBytes + unit - 1) & ~(unit - 1);
        return rounded < sizeBytes ? sizeBytes : rounded;
    }

    /// <summary>Copies <see cref="Table"/>, 65 bytes, to where code compiled ahead of time reads it (<see cref="ThreadHeap.ClassTable"/>).</summary>
    public static void FillTable(byte* table)
    {
        for (uint unit = 0; unit <= MaxTableBytes / 16; unit++) table[unit] = Table[(int)unit];
    }

    /// <summary>Writes the table of all classes: <see cref="Count"/> entries.</summary>
    public static void FillClasses(SizeClass* classes)
    {
        for (uint index = 1; index < Count; index++)
        {
            SizeClass* entry = classes + index;
            uint size = SizeOf(index);
            uint chunks = size <= 8192 ? 1u : size <= 16384 ? 2u : 4u;   // at least eight blocks in a slab
            entry->SizeBytes = size;
            entry->Chunks = chunks;
            entry->SlabMask = (chunks << Chunk.Log2) - 1;
            entry->Blocks = chunks * (uint)Chunk.Bytes / size;
            entry->Words = (entry->Blocks + 63) >> 6;
            entry->Reciprocal = ((1UL << 40) + size - 1) / size;
            entry->ListAt = entry->Blocks < 16 ? 1 : entry->Blocks >> 4;
            uint power = 2u << BitOperations.Log2(size - 1), between = power / 4 * 3;   // the least power of two that holds it, and three quarters of that
            entry->Home = size <= 128 ? 8 : ClassOf(index >= FirstAbovePage && size <= between ? between : power);
            uint waste = SizeOf(entry->Home) - size;
            entry->Lent = waste == 0 ? 0 : index < FirstAbovePage ? LentSmall : waste > Chunk.PageBytes ? 1 : (uint)Chunk.PageBytes / waste;
        }
    }
}
