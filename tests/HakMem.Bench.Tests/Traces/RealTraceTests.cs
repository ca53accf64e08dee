using System.IO;
using System.Linq;
using HakMem.Bench.Commands;
using HakMem.Bench.Traces;
using Xunit;

namespace HakMem.Bench.Tests.Traces;

/// <summary>The traces of the repository are what their README says.</summary>
public class RealTraceTests
{
    [Theory]
    [InlineData("python-json", 920_835, 1, 0)]
    [InlineData("redis", 1_934_526, 1, 0)]
    [InlineData("cc1plus", 1_500_000, 1, 0)]
    [InlineData("javac", 97_950, 20, 938)]
    [InlineData("csc", 145_098, 13, 928)]
    public void Counts_are_those_of_the_readme(string name, long events, int threads, long crossThread)
    {
        string file = TraceFolder.AllFiles().Single(file => Path.GetFileName(file) == name + ".hkt.gz");
        using Trace trace = TraceReader.Read(file);
        TraceSummary summary = TraceSummary.Of(trace);
        Assert.Equal((name, events, threads), (trace.Name, trace.EventCount, trace.ThreadCount));
        Assert.Equal(crossThread, summary.CrossThreadEvents);
        Assert.Equal(trace.BlockCount, trace.EventCount - summary[TraceOperation.Free]);
    }
}
