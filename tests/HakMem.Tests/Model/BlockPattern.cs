using System;

namespace HakMem.Tests.Model;

/// <summary>Contents that only one block has: the whole block up to 4 KiB, both ends beyond.</summary>
internal static unsafe class BlockPattern
{
    private const nuint WholeBytes = 4096, EndBytes = 1024, WholeZeroBytes = 256 * 1024;

    public static void Write(byte* block, nuint size, ulong seed)
    {
        if (size <= WholeBytes)
        {
            WriteRange(block, 0, size, seed);
            return;
        }

        WriteRange(block, 0, EndBytes, seed);
        WriteRange(block, size - EndBytes, size, seed);
    }

    /// <summary>Whether the first <paramref name="kept"/> bytes still hold what was written for a block of <paramref name="size"/> bytes.</summary>
    public static bool Holds(byte* block, nuint size, nuint kept, ulong seed)
    {
        if (size <= WholeBytes) return HoldsRange(block, 0, Math.Min(size, kept), seed);
        return HoldsRange(block, 0, Math.Min(EndBytes, kept), seed) && (kept < size || HoldsRange(block, size - EndBytes, size, seed));
    }

    public static bool IsZero(byte* block, nuint size)
    {
        if (size <= WholeZeroBytes) return !new ReadOnlySpan<byte>(block, (int)size).ContainsAnyExcept((byte)0);
        for (nuint at = 0; at < size; at += 64 * 1024)
        {
            if (new ReadOnlySpan<byte>(block + at, (int)Math.Min(EndBytes, size - at)).ContainsAnyExcept((byte)0)) return false;
        }

        return !new ReadOnlySpan<byte>(block + size - EndBytes, (int)EndBytes).ContainsAnyExcept((byte)0);
    }

    private static void WriteRange(byte* block, nuint from, nuint to, ulong seed)
    {
        for (nuint i = from; i < to; i++) block[i] = At(seed, i);
    }

    private static bool HoldsRange(byte* block, nuint from, nuint to, ulong seed)
    {
        for (nuint i = from; i < to; i++)
        {
            if (block[i] != At(seed, i)) return false;
        }

        return true;
    }

    private static byte At(ulong seed, nuint index) => (byte)((seed ^ ((index >> 3) * 0x9E37_79B9_7F4A_7C15UL)) >> (int)((index & 7) << 3));
}
