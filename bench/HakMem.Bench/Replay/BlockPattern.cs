using System;

namespace HakMem.Bench.Replay;

/// <summary>
/// The contents of a block in a check pass: a pattern that no other block has. Up to 4 KiB the whole block carries it,
/// beyond that its two ends do.
/// </summary>
internal static unsafe class BlockPattern
{
    public const ulong WholeUpToBytes = 4096;
    private const ulong EndBytes = WholeUpToBytes / 2;
    private const long None = -1;

    public static void Fill(byte* block, ulong sizeBytes, uint number)
    {
        if (sizeBytes <= WholeUpToBytes)
        {
            FillRange(block, 0, sizeBytes, number);
            return;
        }

        FillRange(block, 0, EndBytes, number);
        FillRange(block, sizeBytes - EndBytes, sizeBytes, number);
    }

    /// <summary>Looks at those of the first <paramref name="keptBytes"/> bytes that carry the pattern of a block of <paramref name="sizeBytes"/>.</summary>
    /// <returns>Offset of the first byte that differs, or −1.</returns>
    public static long FirstDifference(byte* block, ulong sizeBytes, ulong keptBytes, uint number)
    {
        if (sizeBytes <= WholeUpToBytes)
            return FindRange(block, 0, Math.Min(sizeBytes, keptBytes), number);
        long difference = FindRange(block, 0, Math.Min(EndBytes, keptBytes), number);
        return difference != None ? difference : FindRange(block, sizeBytes - EndBytes, Math.Min(sizeBytes, keptBytes), number);
    }

    public static ulong CarryingBytes(ulong sizeBytes) => Math.Min(sizeBytes, WholeUpToBytes);

    private static void FillRange(byte* block, ulong from, ulong to, uint number)
    {
        ulong offset = from;
        for (; offset < to && (offset & 7) != 0; offset++)
            block[offset] = ByteAt(offset, number);
        for (; offset + 8 <= to; offset += 8)
            *(ulong*)(block + offset) = WordAt(offset, number);
        for (; offset < to; offset++)
            block[offset] = ByteAt(offset, number);
    }

    private static long FindRange(byte* block, ulong from, ulong to, uint number)
    {
        ulong offset = from;
        for (; offset < to && (offset & 7) != 0; offset++)
        {
            if (block[offset] != ByteAt(offset, number))
                return (long)offset;
        }

        while (offset + 8 <= to && *(ulong*)(block + offset) == WordAt(offset, number))
            offset += 8;
        for (; offset < to; offset++)
        {
            if (block[offset] != ByteAt(offset, number))
                return (long)offset;
        }

        return None;
    }

    private static ulong WordAt(ulong offset, uint number) => ((number + 1UL) * 0x9E3779B97F4A7C15UL) ^ ((offset >> 3) * 0xD6E8FEB86659FD93UL);

    private static byte ByteAt(ulong offset, uint number) => (byte)(WordAt(offset, number) >> (int)((offset & 7) * 8));
}
