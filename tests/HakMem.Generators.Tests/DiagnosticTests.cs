using System;
using System.IO;
using System.Linq;
using Microsoft.CodeAnalysis;
using Xunit;

namespace HakMem.Generators.Tests;

/// <summary>Every rule of the generator: what it says, and where.</summary>
public class DiagnosticTests
{
    [Fact]
    public void BoxWithoutTheMethodThatTheConfigurationForwards() => AssertReports(
        """
        using HakMem.Boxes;
        [HakMemAllocator(MaxTiny = 512, Os = typeof(Mute))] static partial class X;
        [Box(BoxLayer.Os)] static unsafe class Mute { public static byte* Reserve(nuint bytes) => null; public static uint Milliseconds() => 0; }
        """,
        "HKM1501 at 'Os = typeof(Mute)': Box 'Mute' in slot 'Os' has no accessible 'ulong Milliseconds()'; its 'uint Milliseconds()' has another shape");

    [Fact]
    public void BoxWithoutTheMethodThatTheAllocatorCalls() => AssertReports(
        """
        using HakMem.Boxes;
        [HakMemAllocator(Front = typeof(Half))] static partial class X;
        [Box(BoxLayer.Local)] static unsafe class Half { public static bool TryPush<T>(ThreadHeap* heap, uint sizeClass, void* block) where T : IAllocatorConfig => false; private static bool TryPop<T>(ThreadHeap* heap, uint sizeClass, out void* block) where T : IAllocatorConfig { block = null; return false; } }
        """,
        "HKM1501 at 'Front = typeof(Half)': Box 'Half' in slot 'Front' has no accessible 'bool TryPop(ThreadHeap* heap, uint sizeClass, out void* block)'; its method 'TryPop' is not accessible");

    [Fact]
    public void DefaultBoxWithoutItsMethodIsReportedAtTheAttribute() => AssertReports(
        GeneratorHarness.CompileContract(static text => text.Replace("ulong Milliseconds() => 0", "ulong Ticks() => 0")),
        "[HakMem.Boxes.HakMemAllocator(MaxTiny = 512)] static partial class X;",
        "HKM1501 at 'HakMem.Boxes.HakMemAllocator(MaxTiny = 512)': Box 'HakMem.Boxes.LinuxMemory' in slot 'Os' has no accessible 'ulong Milliseconds()'");

    [Theory]
    [InlineData("MaxTiny = 2048", "HKM1502 at 'MaxTiny = 2048': Option 'MaxTiny' is 2048; it must be a multiple of 16 from 128 to 1024")]
    [InlineData("MaxTiny = 500", "HKM1502 at 'MaxTiny = 500': Option 'MaxTiny' is 500; it must be a multiple of 16 from 128 to 1024")]
    [InlineData("PrefillBudget = -1", "HKM1502 at 'PrefillBudget = -1': Option 'PrefillBudget' is -1; it must be from 1 to 16")]
    public void OptionOutOfRange(string argument, string expected)
    {
        string source = $"[HakMem.Boxes.HakMemAllocator({argument})] static partial class X;";

        AssertReports(source, expected);
        Assert.Single(GeneratorHarness.Driver().RunGenerators(GeneratorHarness.Compile(GeneratorHarness.Contract, source)).GetRunResult().GeneratedTrees);
    }

    [Theory]
    [InlineData("17", "Option 'HakMemPrefillBudget' is 17; it must be from 1 to 16")]
    [InlineData("0", "Option 'HakMemPrefillBudget' is 0; it must be from 1 to 16")]
    public void OptionOfTheBuildOutOfRange(string value, string message) => Assert.Equal(
        ["HKM1502 at 'HakMem.Boxes.HakMemAllocator': " + message],
        GeneratorHarness.Report(GeneratorHarness.Contract, "[HakMem.Boxes.HakMemAllocator] static partial class X;", ("HakMemPrefillBudget", value)));

    [Theory]
    [InlineData("", "7", "PrefillBudget => 7;")]
    [InlineData("", "", "PrefillBudget => 4;")]
    [InlineData("(PrefillBudget = 2)", "7", "PrefillBudget => 2;")]
    public void OptionOfTheBuildHoldsWhereTheDeclarationNamesNone(string arguments, string value, string expected) => Assert.Contains(
        expected, GeneratorHarness.Generate($"[HakMem.Boxes.HakMemAllocator{arguments}] static partial class X;", ("HakMemPrefillBudget", value)));

    [Theory]
    [InlineData("[HakMem.Boxes.HakMemAllocator] static class X;", "it is not partial")]
    [InlineData("[HakMem.Boxes.HakMemAllocator] partial class X;", "it is not static")]
    [InlineData("[HakMem.Boxes.HakMemAllocator] file static partial class X;", "it is visible in its own file only")]
    [InlineData("[HakMem.Boxes.HakMemAllocator] static partial class X<T>;", "it or a type around it has type parameters")]
    [InlineData("partial class Outer<T> { [HakMem.Boxes.HakMemAllocator] static partial class X; }", "it or a type around it has type parameters")]
    [InlineData("class Outer { partial class Middle { [HakMem.Boxes.HakMemAllocator] static partial class X; } }", "the type 'Outer' around it is not partial")]
    public void NotAStaticPartialClass(string source, string why) =>
        AssertReports(source, $"HKM1503 at 'X': Allocator 'X' must be a static partial class: {why}");

    [Theory]
    [InlineData("Os = typeof(string)", "'string' cannot be used for 'Os': it is not a static class marked [Box]")]
    [InlineData("Os = typeof(int[])", "'int[]' cannot be used for 'Os': it is not a static class marked [Box]")]
    [InlineData("Os = typeof(DebugCounters)", "'HakMem.Boxes.DebugCounters' cannot be used for 'Os': diagnostics and guards are woven in at join points and fill no slot")]
    [InlineData("Diagnostics = new[] { typeof(AllocGate) }", "'HakMem.Boxes.AllocGate' cannot be used for 'Diagnostics': it is not a static class marked as a box of the layers Diagnostics or Guards")]
    public void NotABox(string argument, string expected)
    {
        string[] reports = GeneratorHarness.Report(GeneratorHarness.Contract, $"using HakMem.Boxes;\n[HakMemAllocator({argument})] static partial class X;");

        Assert.Equal([$"HKM1504 at '{argument}': {expected}"], reports);   // and not each of the members that it has not
    }

    [Theory]
    [InlineData("static abstract nuint ChunkCount { get; }", "static abstract nuint Novelty { get; }", "'Novelty' of the configuration cannot be written: it has no attribute that says how, and is none of the members that every composition has")]
    [InlineData("static abstract int PurgeDelay", "static abstract string PurgeDelay", "'PurgeDelay' of the configuration cannot be written: an option is a uint, nuint, int or bool")]
    [InlineData("[Bound(\"Os\", \"Reserve\")]", "[Bound(\"Moon\", \"Reserve\")]", "'OsReserve' of the configuration cannot be written: there is no slot 'Moon'")]
    [InlineData("static abstract void OnSharedLock(int* word)", "static abstract int OnSharedLock(int* word)", "'OnSharedLock' of the configuration cannot be written: a join point is a method that returns nothing")]
    [InlineData("WarmPoolOf(ThreadHeap* heap)", "WarmPoolOf(void* heap)", "'WarmPoolOf' of the configuration cannot be written: a state of a heap takes the heap as its one parameter")]
    [InlineData("[DefaultBox(\"ReallocGate\", typeof(ReallocGate))]", "", "'ReallocGate' of the configuration cannot be written: every composition needs this slot")]
    [InlineData("interface IAllocatorConfig", "interface IOther", "'HakMem.Boxes.IAllocatorConfig' of the configuration cannot be written: the referenced assemblies have no such interface")]
    public void MemberThatCannotBeWritten(string old, string changed, string expected)
    {
        MetadataReference contract = GeneratorHarness.CompileContract(text => changed.Contains("IOther") ? text.Replace("IAllocatorConfig", "IOther") : text.Replace(old, changed));

        AssertReports(contract, "[HakMem.Boxes.HakMemAllocator] static partial class X;", "HKM1505 at 'HakMem.Boxes.HakMemAllocator': " + expected);
    }

    [Theory]
    [InlineData("OnSharedLock(uint spins)", "'Watch.OnSharedLock' cannot be woven in: join point 'OnSharedLock' supplies no 'uint spins'")]
    [InlineData("OnFrontMiss(ThreadHeap* heap, int sizeClass)", "'Watch.OnFrontMiss' cannot be woven in: join point 'OnFrontMiss' supplies no 'int sizeClass'")]
    [InlineData("OnSharedLock(HeapState* state)", "'Watch.OnSharedLock' cannot be woven in: join point 'OnSharedLock' supplies no 'Watch.HeapState* state'")]
    [InlineData("OnFrontMiss(uint sizeClass, HeapState* state)", "'Watch.OnFrontMiss' cannot be woven in: join point 'OnFrontMiss' supplies no 'Watch.HeapState* state'")]
    public void JoinPointThatCannotSupplyAParameter(string method, string expected) => AssertReports(
        $$"""
        using HakMem.Boxes;
        [HakMemAllocator(Diagnostics = new[] { typeof(Watch) })] static partial class X;
        [Box(BoxLayer.Diagnostics)] static unsafe class Watch { public struct HeapState; public static void {{method}} { } }
        """,
        "HKM1506 at 'Diagnostics = new[] { typeof(Watch) }': " + expected);

    [Theory]
    [InlineData("OnFrontMis()", "'Watch.OnFrontMis' is never called: there is no join point 'OnFrontMis'; did you mean 'OnFrontMiss'?")]
    [InlineData("OnFrontmiss(uint sizeClass)", "'Watch.OnFrontmiss' is never called: there is no join point 'OnFrontmiss'; did you mean 'OnFrontMiss'?")]
    [InlineData("OnSharedlocks()", "'Watch.OnSharedlocks' is never called: there is no join point 'OnSharedlocks'; did you mean 'OnSharedLock'?")]
    [InlineData("OnAnythingElse()", "'Watch.OnAnythingElse' is never called: there is no join point 'OnAnythingElse'")]
    [InlineData("OnSharedLock()", "")]
    [InlineData("Once()", "")]
    [InlineData("On()", "")]
    public void MethodThatNoJoinPointCalls(string method, string expected)
    {
        string source = $$"""
            using HakMem.Boxes;
            [HakMemAllocator(Diagnostics = new[] { typeof(Watch) })] static partial class X;
            [Box(BoxLayer.Diagnostics)] static unsafe class Watch { public static void {{method}} { } private static void OnItsOwn() { } public static void OnFrontPush() { } }
            """;
        AssertReports(source, expected.Length == 0 ? [] : ["HKM1514 at 'Diagnostics = new[] { typeof(Watch) }': " + expected]);
        Assert.Single(GeneratorHarness.Driver().RunGenerators(GeneratorHarness.Compile(GeneratorHarness.Contract, source)).GetRunResult().GeneratedTrees);
    }

    [Theory]
    [InlineData("static void OnFrontMiss()", "'Watch.OnFrontMiss' is never called: it is not accessible")]
    [InlineData("private static void OnFrontMiss()", "'Watch.OnFrontMiss' is never called: it is not accessible")]
    [InlineData("public static void OnFrontMiss<A, B>() where A : struct, IAllocatorConfig where B : struct, IAllocatorConfig", "'Watch.OnFrontMiss' is never called: it has type parameters that the configuration cannot be")]
    [InlineData("public static void OnFrontMiss<A>() where A : class", "'Watch.OnFrontMiss' is never called: it has type parameters that the configuration cannot be")]
    [InlineData("public static void OnFrontMiss<A>() where A : struct, IAllocatorConfig", "")]
    [InlineData("public static void Helper()", "'Watch' is never called: it has no method for any join point")]
    [InlineData("public static void OnFrontMiss() { } static void OnFrontMiss(uint other)", "")]
    public void BoxOrMethodThatCannotBeCalled(string method, string expected) => AssertReports(
        $$"""
        using HakMem.Boxes;
        [HakMemAllocator(Diagnostics = new[] { typeof(Watch) })] static partial class X;
        [Box(BoxLayer.Diagnostics)] static unsafe class Watch { {{method}} { } }
        """,
        expected.Length == 0 ? [] : ["HKM1514 at 'Diagnostics = new[] { typeof(Watch) }': " + expected]);

    [Theory]
    [InlineData("public struct HeapState { public int A; public string B; }", "'Watch.HeapState' cannot be a state of the composition, which lies in unmanaged memory: it has a field 'B' that is or holds a reference")]
    [InlineData("public struct HeapState { public Inner A; } public struct Inner { public object B; }", "'Watch.HeapState' cannot be a state of the composition, which lies in unmanaged memory: it has a field 'A' that is or holds a reference")]
    [InlineData("public struct SharedState { public object B { get; set; } }", "'Watch.SharedState' cannot be a state of the composition, which lies in unmanaged memory: it has a field 'B' that is or holds a reference")]
    [InlineData("public struct HeapState { public int A; } public struct Totals { public int[] B; }", "'Watch.Totals' cannot be a state of the composition, which lies in unmanaged memory: it has a field 'B' that is or holds a reference")]
    [InlineData("public class HeapState { }", "'Watch.HeapState' cannot be a state of the composition, which lies in unmanaged memory: it is no struct")]
    [InlineData("public ref struct HeapState { }", "'Watch.HeapState' cannot be a state of the composition, which lies in unmanaged memory: it is a ref struct")]
    [InlineData("public struct HeapState<T> { }", "'Watch.HeapState' cannot be a state of the composition, which lies in unmanaged memory: it is generic")]
    [InlineData("private struct HeapState { }", "'Watch.HeapState' cannot be a state of the composition, which lies in unmanaged memory: it is not accessible")]
    [InlineData("public struct HeapState { public int A; public fixed ulong B[16]; public void* C; static object D; }", "")]
    public void StateThatCannotLieInUnmanagedMemory(string state, string expected) => AssertReports(
        $$"""
        using HakMem.Boxes;
        [HakMemAllocator(Diagnostics = new[] { typeof(Watch) })] static partial class X;
        [Box(BoxLayer.Diagnostics)] public static unsafe class Watch { {{state}} public static void OnFrontMiss() { } }
        """,
        expected.Length == 0 ? [] : ["HKM1515 at 'Diagnostics = new[] { typeof(Watch) }': " + expected]);

    [Fact]
    public void EveryRuleHasAPage()
    {
        foreach (string id in Enumerable.Range(1501, 15).Select(static number => "HKM" + number))
        {
            Assert.Equal(id, Rules.Of(id).Id);
            Assert.Contains("# " + id, File.ReadAllText(Path.Combine(GeneratorHarness.PathOf("Rules"), id + ".md")), StringComparison.Ordinal);
        }
    }

    private static void AssertReports(string source, params string[] expected) => AssertReports(GeneratorHarness.Contract, source, expected);

    private static void AssertReports(MetadataReference contract, string source, params string[] expected) =>
        Assert.Equal(expected, GeneratorHarness.Report(contract, source));

    [Fact]
    public void A_project_that_tells_nothing_is_warned_and_composed()
    {
        Assert.Equal(
            ["HKM1516 at 'HakMem.Boxes.HakMemAllocator': 'Heap' is composed for the flavor 'release' whatever HakMemBuildFlavor says: the project does not import HakMem.props and HakMem.targets of src/HakMem/build"],
            GeneratorHarness.Report(GeneratorHarness.Boxes, "[HakMem.Boxes.HakMemAllocator] internal static unsafe partial class Heap;", (GeneratorHarness.NothingImported, "")));
    }
}
