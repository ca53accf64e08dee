using System.Numerics;

namespace HakMem.Boxes;

/// <summary>Box of layer Core. Searches in 32-bit masks of chunks. Pure arithmetic; no state.</summary>
[Box(BoxLayer.Core)]
public static class Bits
{
    /// <summary>The mask of <paramref name="count"/> ones from bit <paramref name="first"/> on; count 1 to 32.</summary>
    public static uint Run(uint first, uint count) => (uint.MaxValue >> (int)(32 - count)) << (int)first;

    /// <summary>The length of the longest run of ones.</summary>
    public static uint LongestRun(uint mask)
    {
        uint length = 0;
        for (; mask != 0; mask &= mask << 1) length++;
        return length;
    }

    /// <summary>Finds the lowest run of <paramref name="count"/> ones, count 1 to 32; when <paramref name="aligned"/>, at a multiple of count, a power of two.</summary>
    public static bool TryFindRun(uint mask, uint count, bool aligned, out uint first)
    {
        uint starts = mask;
        for (uint have = 1; have < count;)
        {
            uint more = have < count - have ? have : count - have;
            starts &= starts >> (int)more;
            have += more;
        }

        if (aligned) starts &= Multiples(count);
        first = (uint)BitOperations.TrailingZeroCount(starts);
        return starts != 0;
    }

    private static uint Multiples(uint count) => count switch
    {
        1 => uint.MaxValue,
        2 => 0x5555_5555,
        4 => 0x1111_1111,
        8 => 0x0101_0101,
        16 => 0x0001_0001,
        _ => 1,
    };
}
