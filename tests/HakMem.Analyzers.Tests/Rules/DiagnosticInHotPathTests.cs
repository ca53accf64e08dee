using System;
using System.IO;
using System.Threading.Tasks;
using Xunit;

namespace HakMem.Analyzers.Tests;

/// <summary>HKM2001.</summary>
public class DiagnosticInHotPathTests
{
    private const string Id = "HKM2001";

    private const string Boxes = """

        [Box(BoxLayer.Diagnostics)]
        static class Counters
        {
            public const int Most = 9;
            public static int Seen { get; set; }
            public static int Hits;
            public static State All;
            public struct State { public int Hits; }
            public static void Count() { }
            [HotPath] public static void CountHot() { Count(); Canary.Check(); }
            public static class Deep { public static void Count() { } }
        }

        [Box(BoxLayer.Guards)]
        static class Canary { public static void Check() { } }

        [Box(BoxLayer.Local)]
        static class Front { public static void Pop() { } }

        static class Plain { public static void Count() { } }
        """;

    [Fact]
    public async Task CallsOfDiagnosticsAndGuardsAreReported()
    {
        string[] messages = await Assert2001("[HotPath] static void Alloc() { {|Counters.Count()|}; {|Canary.Check()|}; {|Counters.Deep.Count()|}; {|Counters.Seen|}++; }");

        Assert.Equal("'Alloc' is marked [HotPath] and uses 'Count' of the box 'Counters' in every build; call a join point of the configuration instead", messages[0]);
    }

    [Fact]
    public async Task LocalFunctionsAndLambdasBelongToTheirMethod() =>
        await Assert2001("[HotPath] static void Alloc() { void Inner() { {|Counters.Count()|}; } Inner(); System.Action a = () => {|Canary.Check()|}; a(); }");

    [Fact]
    public async Task DelegatesFunctionPointersAndFieldsAreReported() =>
        await Assert2001("[HotPath] static unsafe void Alloc(Counters.State* state) { System.Action a = {|Counters.Count|}; a(); delegate*<void> p = &{|Canary.Check|}; p(); {|Counters.Hits|}++; {|Counters.All.Hits|}++; {|state->Hits|}++; }");

    [Fact]
    public async Task NamesAndConstantsCostNothing() =>
        await Assert2001("[HotPath] static string Alloc(int size) => size > Counters.Most ? nameof(Counters.Count) : nameof(Counters.Hits);");

    [Fact]
    public async Task ColdMethodsMayCallThem() => await Assert2001("static void Refill() { Counters.Count(); Canary.Check(); }");

    [Fact]
    public async Task OtherBoxesMayBeCalled() => await Assert2001("[HotPath] static void Alloc() { Front.Pop(); Plain.Count(); }");

    [Fact]
    public async Task JoinPointsAreTheWay() => await Assert2001("[HotPath] static void Alloc<T>() where T : IConfig { T.OnHit(); }");

    [Fact]
    public void TheRuleHasAPage() =>
        Assert.Contains("# " + Id, File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Rules", Id + ".md")), StringComparison.Ordinal);

    private static Task<string[]> Assert2001(string method) => AnalyzerHarness.AssertReported(
        new DiagnosticInHotPathAnalyzer(), Id, $"using HakMem.Boxes;\ninterface IConfig {{ static abstract void OnHit(); }}\nstatic class Gate {{ {method} }}\n{Boxes}");
}
