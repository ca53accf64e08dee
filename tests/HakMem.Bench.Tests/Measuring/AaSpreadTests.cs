using System.Collections.Generic;
using System.Linq;
using HakMem.Bench.Allocators;
using HakMem.Bench.Measuring;
using Xunit;

namespace HakMem.Bench.Tests.Measuring;

public class AaSpreadTests
{
    private static readonly AllocatorEntry s_native = AllocatorCatalog.Find("native")!;

    [Fact]
    public void Halves_are_compared_net_of_the_floor()
    {
        List<TimedContestant> timed = [Timed("native", s_native, 12, 11), Timed("null", AllocatorCatalog.Floor, 2, 1)];
        Assert.Equal(0, AaSpread.Of(timed[0], timed)!.Value, 6);
        timed[0] = Timed("native", s_native, 12, 12);
        Assert.Equal(0.1, AaSpread.Of(timed[0], timed)!.Value, 6);
        Assert.Equal(1, AaSpread.Of(timed[1], timed)!.Value, 6);
    }

    [Fact]
    public void Contestants_that_are_the_same_allocator_are_compared()
    {
        List<TimedContestant> timed = [Timed("native", s_native, 10, 10), Timed("native#2", s_native, 12, 12)];
        Assert.Equal(0.2, AaSpread.Of(timed[0], timed)!.Value, 6);
        Assert.Equal(0.2, AaSpread.Of(timed[1], timed)!.Value, 6);
    }

    [Fact]
    public void One_round_says_nothing_of_noise()
    {
        List<TimedContestant> timed = [Timed("native", s_native, 10)];
        Assert.Null(AaSpread.Of(timed[0], timed));
    }

    [Theory]
    [InlineData(1.04, 0.05, true)]
    [InlineData(0.96, 0.05, true)]
    [InlineData(1.06, 0.05, false)]
    [InlineData(0.94, 0.05, false)]
    [InlineData(1.00, null, false)]
    public void A_difference_inside_the_spread_is_equal(double ratio, double? spread, bool equal) => Assert.Equal(equal, AaSpread.CallsEqual(ratio, spread));

    [Fact]
    public void The_noise_of_a_pair_is_the_larger()
    {
        Assert.Equal(0.2, AaSpread.OfPair(0.1, 0.2));
        Assert.Equal(0.2, AaSpread.OfPair(0.2, 0.1));
        Assert.Equal(0.1, AaSpread.OfPair(0.1, null));
        Assert.Equal(0.1, AaSpread.OfPair(null, 0.1));
    }

    [Fact]
    public void Repeated_names_are_numbered_and_the_floor_is_added()
    {
        string[] labels = [.. Contestant.From([s_native, s_native]).Select(contestant => contestant.Label)];
        Assert.Equal(["native", "native#2", "null"], labels);
        Assert.Single(Contestant.From([AllocatorCatalog.Floor]));
    }

    private static TimedContestant Timed(string label, AllocatorEntry entry, params double[] samples) => new(new Contestant(label, entry), new SampleSet(samples));
}
