using System;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using HakMem.Boxes;
using Xunit;

namespace HakMem.Tests.Api;

/// <summary>The report for people: what a build without diagnostics says, and the tables of one that has them.</summary>
public sealed unsafe class DiagnosticsReportTests
{
    [Fact]
    public void TheReportShowsWhatIsCompiledIn()
    {
        StringWriter text = new(CultureInfo.InvariantCulture);
        HakMemory.Free(HakMemory.Alloc(64));
        HakMemory.WriteDiagnostics(text);
        string[] compiledIn = DefaultAllocator.Features.Split(", ");
        foreach ((string box, string title) in new[]
        {
            ("DebugCounters", "Counters"), ("WarmPoolStats", "Warm pool"), ("LockStats", "Locks"), ("SizeHistogram", "Sizes"), ("PageFaultTelemetry", "Page faults to come"), ("FreelistValidation", "Checks"),
        })
        {
            Assert.Equal(compiledIn.Contains(box), Regex.IsMatch(text.ToString(), $@"(^|\n){title}\s"));
        }

        if (DefaultAllocator.Features.Length == 0) Assert.StartsWith("No diagnostics that keep numbers are compiled in.", text.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void CountersAreTold()
    {
        DebugCounters.HeapState counters = default;
        counters.FrontAllocs = 2000;
        counters.FrontHits = 1990;
        counters.FrontMisses = 10;
        counters.FrontFrees = 1500;
        counters.RemoteFrees = 500;
        string[] lines = Report(&counters);
        Assert.Equal("Counters", lines[0]);
        Assert.Contains(lines, static line => Regex.IsMatch(line, @"^  allocations by front stacks +2000$"));
        Assert.Contains(lines, static line => Regex.IsMatch(line, @"^    hits +1990 +99\.5 %$"));
        Assert.Contains(lines, static line => Regex.IsMatch(line, @"^    of other heaps' blocks +500 +25\.0 %$"));
        Assert.Equal(Enum.GetValues<RefillStage>().Length + 1, lines.Count(static line => line.StartsWith("      ", StringComparison.Ordinal)));
        Assert.Equal(Enum.GetValues<SlowExit>().Length, lines.SkipWhile(static line => line != "early ends of slow paths").Skip(1).Count());
    }

    [Fact]
    public void TheWarmPoolsRateIsTold()
    {
        WarmPoolStats.HeapState stats = new() { Hits = 5, Misses = 4 };
        Assert.Contains(Report(&stats), static line => Regex.IsMatch(line, @"^  hit rate +55\.6 %$"));
    }

    [Fact]
    public void LocksAreToldByKind()
    {
        LockStats.Totals locks = default;
        locks.Acquisitions[(int)LockKind.Arena] = 9;
        locks.Contended[(int)LockKind.Arena] = 2;
        locks.Waits[(int)LockKind.Arena] = 77;
        string[] lines = Report(&locks);
        Assert.Equal(1 + (int)LockStats.Kinds, lines.Length);
        Assert.Contains(lines, static line => Regex.IsMatch(line, @"^  arena and purge queue +9 +2 +77$"));
    }

    [Fact]
    public void SizesAreToldThatOccur()
    {
        SizeHistogram.Totals sizes = default;
        sizes.Allocs[4] = 3;
        sizes.Frees[4] = 1;
        sizes.Samples[4] = 2;
        sizes.SampledBytes[4] = 110;
        sizes.Larger[21] = 5;
        string[] lines = Report(&sizes);
        Assert.Equal(3, lines.Length);
        Assert.Matches(@"^ +64 B +3 +1 +9\.0$", lines[1]);
        Assert.Matches(@"^  from +2048 KiB +5$", lines[2]);
    }

    [Fact]
    public void NumbersOfAnotherBoxAreNamed()
    {
        ulong number = 1;
        Assert.Equal(["UInt64: read it by the allocator's own method"], Report(&number));
        Assert.Throws<ArgumentNullException>(static () => HakMemory.WriteDiagnostics(null!));
    }

    private static string[] Report<TNumbers>(TNumbers* numbers)
        where TNumbers : unmanaged
    {
        StringWriter text = new(CultureInfo.InvariantCulture);
        DiagnosticsReport report = new(text);
        report.Visit(numbers);
        Assert.Equal(1, report.Tables);
        return text.ToString().TrimEnd().Split(Environment.NewLine);
    }
}
