using System;
using Xunit;

namespace HakMem.Boxes.Tests;

public class BitsTests
{
    [Fact]
    public void Runs_are_found_as_by_looking_at_every_place()
    {
        Random random = new(1);
        for (int round = 0; round < 20_000; round++)
        {
            uint mask = (uint)random.NextInt64() | (round % 2 == 0 ? (uint)random.NextInt64() | (uint)random.NextInt64() : 0);
            uint longest = 0;
            for (uint count = 1; count <= 32; count++)
            {
                uint? wanted = null, wantedAligned = null;
                bool power = (count & (count - 1)) == 0;
                for (uint first = 0; first + count <= 32; first++)
                {
                    uint run = Bits.Run(first, count);
                    if ((mask & run) != run) continue;
                    wanted ??= first;
                    if (first % count == 0) wantedAligned ??= first;
                }

                if (wanted != null) longest = count;
                Assert.Equal(wanted != null, Bits.TryFindRun(mask, count, false, out uint found));
                if (wanted != null) Assert.Equal(wanted, found);
                if (!power) continue;
                Assert.Equal(wantedAligned != null, Bits.TryFindRun(mask, count, true, out found));
                if (wantedAligned != null) Assert.Equal(wantedAligned, found);
            }

            Assert.Equal(longest, Bits.LongestRun(mask));
        }
    }

    [Fact]
    public void A_run_has_so_many_ones()
    {
        Assert.Equal(uint.MaxValue, Bits.Run(0, 32));
        Assert.Equal(1u, Bits.Run(0, 1));
        Assert.Equal(0x8000_0000u, Bits.Run(31, 1));
        Assert.Equal(0x0000_0FF0u, Bits.Run(4, 8));
        Assert.Equal(0u, Bits.LongestRun(0));
    }
}
