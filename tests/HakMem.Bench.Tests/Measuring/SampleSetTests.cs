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
    public void Halves_of_several_processes_are_the_even_and_the_odd_ones()
    {
        var samples = new SampleSet([[5, 1], [4, 2], [3, 6]]);
        Assert.Equal((1.0, 2.0), (samples.HalfMin(0), samples.HalfMin(1)));
        Assert.Equal((1.0, 3.5, 6), (samples.Min, samples.Median, samples.Samples.Count));
    }

    [Theory]
    [InlineData(40, 4, "10 10 10 10")]
    [InlineData(7, 3, "3 2 2")]
    [InlineData(2, 5, "1 1")]
    [InlineData(9, 1, "9")]
    public void Rounds_are_shared_among_processes(int rounds, int processes, string shares) =>
        Assert.Equal(shares, string.Join(' ', new MeasuringPlan([]) { Rounds = rounds, Processes = processes }.Shares()));

    [Fact]
    public void Ten_rounds_or_more_have_a_process_of_their_own() =>
        Assert.Equal([1, 1, 1, 2, 2, 2], new[] { 1, 9, 19, 20, 40, 10_000 }.Select(MeasuringPlan.DefaultProcesses));

    [Fact]
    public void Rounds_visit_all_and_alternate_in_direction()
    {
        int[][] orders = [.. Enumerable.Range(0, 6).Select(round => RoundRunner.VisitingOrder(round, 3).ToArray())];
        Assert.Equal([[0, 1, 2], [2, 1, 0], [1, 2, 0], [0, 2, 1], [2, 0, 1], [1, 0, 2]], orders);
    }
}
