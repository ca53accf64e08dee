using System.Linq;
using HakMem.Bench.Measuring;
using Xunit;

namespace HakMem.Bench.Tests.Measuring;

public class SampleSetTests
{
    [Fact]
    public void Minimum_and_median()
    {
        var samples = new SampleSet([5, 1, 4, 2]);
        Assert.Equal((1.0, 3.0), (samples.Min, samples.Median));
        Assert.Equal(4, new SampleSet([9, 4, 1]).Median);
    }

    [Fact]
    public void Halves_are_the_even_and_the_odd_rounds()
    {
        var samples = new SampleSet([5, 1, 4, 2]);
        Assert.Equal((4.0, 1.0), (samples.HalfMin(0), samples.HalfMin(1)));
        Assert.Null(new SampleSet([5]).HalfMin(1));
    }

    [Fact]
    public void Rounds_visit_all_and_alternate_in_direction()
    {
        int[][] orders = [.. Enumerable.Range(0, 6).Select(round => RoundRunner.VisitingOrder(round, 3).ToArray())];
        Assert.Equal([[0, 1, 2], [2, 1, 0], [1, 2, 0], [0, 2, 1], [2, 0, 1], [1, 0, 2]], orders);
    }
}
