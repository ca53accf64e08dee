using System;
using System.Collections.Immutable;
using System.Linq;
using HakMem.Generators.Gather;
using Microsoft.CodeAnalysis;
using Xunit;

namespace HakMem.Generators.Tests;

/// <summary>What a user may get wrong in a composition or pool of the own: each is said at the attribute's argument, and the generators end none of it with an exception.</summary>
public class WrongDeclarationTests
{
    private const string Boxes = """

        [Box(BoxLayer.Os)] static unsafe class Mute { public static byte* Reserve(nuint bytes) => null; }
        [Box(BoxLayer.Os)] static unsafe class Odd { public static byte* Reserve(int bytes) => null; public static ulong Milliseconds() => 0; }
        [Box(BoxLayer.Shared)] static unsafe class Alone { public static uint Acquire<T>(ThreadHeap* heap, uint want, Span* spans, out Slab* partial) where T : IAllocatorConfig { partial = null; return 0; } }
        [Box(BoxLayer.Local, Traits = BoxTraits.MayBlock)] static unsafe class Waiting { public static bool TryPop<T>(ThreadHeap* heap, uint sizeClass, out void* block) where T : IAllocatorConfig { block = null; return false; } public static bool TryPush<T>(ThreadHeap* heap, uint sizeClass, void* block) where T : IAllocatorConfig => false; }
        [Box(BoxLayer.Gates)] static unsafe class High { public static byte* Reserve(nuint bytes) => null; public static ulong Milliseconds() => 0; }
        [Box(BoxLayer.Local)] static unsafe class Stateful { public struct HeapState { public int Own; } public static bool TryTake<T>(ThreadHeap* heap, out Span span) where T : IAllocatorConfig { span = default; return false; } }
        [Box(BoxLayer.Guards, Excludes = BoxTraits.LinksInBlocks)] static unsafe class Poison { public static void OnFrontPush(void* block) { } }
        [Box(BoxLayer.Diagnostics)] static unsafe class Watch { public static void OnSharedLock(uint spins) { } }
        [Box(BoxLayer.Os)] static unsafe class Picky { public static byte* Reserve<T>(nuint bytes) where T : class => null; public static ulong Milliseconds() => 0; }
        [Box(BoxLayer.Gates)] static unsafe class Lost { }
        """;

    [Fact]
    public void TenWrongDeclarationsGiveTenDiagnostics()
    {
        (string Declaration, string Expected)[] wrong =
        [
            ("[HakMemAllocator(Os = typeof(Mute))] static partial class X;", "HKM1501 at 'Os = typeof(Mute)': Box 'Mute' in slot 'Os' has no accessible 'ulong Milliseconds()'"),
            ("[HakMemAllocator(Os = typeof(Odd))] static partial class X;", "HKM1501 at 'Os = typeof(Odd)': Box 'Odd' in slot 'Os' has no accessible 'byte* Reserve(nuint bytes)'; its 'byte* Reserve(int bytes)' has another shape"),
            ("[HakMemAllocator(SharedPool = typeof(Alone))] static partial class X;", "HKM1507 at 'SharedPool = typeof(Alone)': 'Alone' does not fit slot 'SharedPool': the slot requires ConcurrencySafe, which the box does not publish"),
            ("[HakMemAllocator(Front = typeof(Waiting))] static partial class X;", "HKM1507 at 'Front = typeof(Waiting)': 'Waiting' does not fit slot 'Front': the slot excludes MayBlock, which the box publishes"),
            ("[HakMemAllocator(Os = typeof(High))] static partial class X;", "HKM1507 at 'Os = typeof(High)': 'High' does not fit slot 'Os': it is of the layer Gates, and the slot is called from Os upwards"),
            ("[HakMemAllocator(WarmPool = typeof(Stateful))] static partial class X;", "HKM1508 at 'WarmPool = typeof(Stateful)': 'Stateful' in slot 'WarmPool' cannot have a 'HeapState' of its own: other boxes read 'WarmPoolOf', which is a 'WarmPool.HeapState*'"),
            ("[HakMemAllocator(Front = typeof(FrontList), Diagnostics = new[] { typeof(Poison) })] static partial class X;", "HKM1507 at 'Front = typeof(FrontList)': 'HakMem.Boxes.FrontList' does not fit slot 'Front': 'Poison' excludes LinksInBlocks, which the box publishes"),
            ("[HakMemAllocator(Diagnostics = new[] { typeof(Watch) })] static partial class X;", "HKM1506 at 'Diagnostics = new[] { typeof(Watch) }': 'Watch.OnSharedLock' cannot be woven in: join point 'OnSharedLock' supplies no 'uint spins'"),
            ("[HakMemAllocator(PrefillBudget = 17)] static partial class X;", "HKM1502 at 'PrefillBudget = 17': Option 'PrefillBudget' is 17; it must be from 1 to 16"),
            ("[HakMemAllocator(Preset = (HakMemPreset)9)] static partial class X;", "HKM1502 at 'Preset = (HakMemPreset)9': Option 'Preset' is 9; it must be one of Balanced, Small, Research, Broken"),
        ];

        string[][] reported = [.. wrong.Select(static one => GeneratorHarness.Report(GeneratorHarness.Contract, "using HakMem.Boxes;\n" + one.Declaration + Boxes))];

        Assert.Equal(wrong.Select(static one => one.Expected), reported.Select(static reports => Assert.Single(reports)));
    }

    [Theory]
    [InlineData("[HakMemAllocator(Os = typeof(Picky))] static partial class X;", "HKM1501 at 'Os = typeof(Picky)': Box 'Picky' in slot 'Os' has no accessible 'byte* Reserve(nuint bytes)'; its method 'Reserve' has type parameters that the configuration cannot be")]
    [InlineData("[HakMemAllocator(Preset = HakMemPreset.Small, Diagnostics = new[] { typeof(Poison) })] static partial class X;", "HKM1507 at 'Diagnostics = new[] { typeof(Poison) }': 'HakMem.Boxes.FrontList' does not fit slot 'Front': 'Poison' excludes LinksInBlocks, which the box publishes")]
    [InlineData("[HakMemAllocator(Preset = HakMemPreset.Broken)] static partial class X;", "HKM1505 at 'Preset = HakMemPreset.Broken': 'Novelty' of the configuration cannot be written: the preset 'Broken' sets it, and there is no such option or slot")]
    [InlineData("[HakMemAllocator(Os = typeof(Lost))] static partial class X;", "HKM1507 at 'Os = typeof(Lost)': 'Lost' does not fit slot 'Os': it is of the layer Gates, and the slot is called from Os upwards")]
    public void FurtherWrongDeclarations(string declaration, string expected) =>
        Assert.Equal([expected], GeneratorHarness.Report(GeneratorHarness.Contract, "using HakMem.Boxes;\n" + declaration + Boxes));

    [Theory]
    [InlineData("[HakMemAllocator(PrefillBudget = 2)] static partial class X;", "HKM1509 at 'HakMemAllocator(PrefillBudget = 2)': 'X' needs unsafe code: set <AllowUnsafeBlocks>true</AllowUnsafeBlocks> in the project")]
    [InlineData("[HakMemPool] partial struct X { }", "HKM1509 at 'HakMemPool': 'X' needs unsafe code: set <AllowUnsafeBlocks>true</AllowUnsafeBlocks> in the project")]
    public void WithoutUnsafeCode(string declaration, string expected) => Assert.Equal([expected], GeneratorHarness.ReportWithoutUnsafe("using HakMem.Boxes;\n" + declaration));

    [Theory]
    [InlineData("[HakMemPool] struct X { }", "HKM1510 at 'X': 'X' cannot have a pool, which is a second part of a partial struct: it is not partial")]
    [InlineData("[HakMemPool] partial class X { }", "HKM1510 at 'X': 'X' cannot have a pool, which is a second part of a partial struct: it is a class")]
    [InlineData("[HakMemPool] ref partial struct X { }", "HKM1510 at 'X': 'X' cannot have a pool, which is a second part of a partial struct: it is a ref struct")]
    [InlineData("[HakMemPool] file partial struct X { }", "HKM1510 at 'X': 'X' cannot have a pool, which is a second part of a partial struct: it is visible in its own file only")]
    [InlineData("[HakMemPool] partial struct X { public int Pool; }", "HKM1510 at 'X': 'X' cannot have a pool, which is a second part of a partial struct: it has a member 'Pool' already")]
    [InlineData("[HakMemPool] partial struct Pool { }", "HKM1510 at 'Pool': 'Pool' cannot have a pool, which is a second part of a partial struct: it is named 'Pool' itself")]
    [InlineData("[HakMemPool] partial struct X<Pool> where Pool : unmanaged { }", "HKM1510 at 'X': 'X' cannot have a pool, which is a second part of a partial struct: it has a type parameter 'Pool'")]
    [InlineData("class Outer { [HakMemPool] partial struct X { } }", "HKM1510 at 'X': 'X' cannot have a pool, which is a second part of a partial struct: the type 'Outer' around it is not partial")]
    [InlineData("[HakMemPool] partial struct X { public string Name; }", "HKM1511 at 'X': 'X' cannot live in unmanaged memory: field 'Name' is a 'string', which is not known to be unmanaged")]
    [InlineData("[HakMemPool] partial struct X { public object Tag { get; set; } }", "HKM1511 at 'X': 'X' cannot live in unmanaged memory: field 'Tag' is a 'object', which is not known to be unmanaged")]
    [InlineData("[HakMemPool] partial struct X<T> where T : struct { public T Value; }", "HKM1511 at 'X': 'X' cannot live in unmanaged memory: field 'Value' is a 'T', which is not known to be unmanaged")]
    [InlineData("[HakMemPool(Capacity = 0)] partial struct X { }", "HKM1512 at 'Capacity = 0': Option 'Capacity' is 0; it must be at least 1")]
    [InlineData("[HakMemPool(Capacity = -5)] partial struct X { }", "HKM1512 at 'Capacity = -5': Option 'Capacity' is -5; it must be at least 1")]
    [InlineData("[HakMemPool(Alignment = 48)] partial struct X { }", "HKM1512 at 'Alignment = 48': Option 'Alignment' is 48; it must be a power of two from 16 to 4096")]
    [InlineData("[HakMemPool(Alignment = 8192)] partial struct X { }", "HKM1512 at 'Alignment = 8192': Option 'Alignment' is 8192; it must be a power of two from 16 to 4096")]
    [InlineData("[HakMemPool(Allocator = typeof(string))] partial struct X { }", "HKM1513 at 'Allocator = typeof(string)': The pool has no allocator: 'string' is not marked [HakMemAllocator]")]
    [InlineData("[HakMemPool(Allocator = typeof(int[]))] partial struct X { }", "HKM1513 at 'Allocator = typeof(int[])': The pool has no allocator: 'int[]' is not marked [HakMemAllocator]")]
    public void WrongPools(string declaration, string expected) => Assert.Equal([expected], GeneratorHarness.Report(GeneratorHarness.Contract, "using HakMem.Boxes;\n" + declaration));

    [Theory]
    [InlineData("[HakMemPool] partial struct X { public Missing Value; }")]
    [InlineData("[HakMemPool(Allocator = typeof(Missing))] partial struct X { }")]
    [InlineData("[HakMemAllocator(Os = typeof(Missing), Diagnostics = new[] { typeof(Missing) })] static partial class X;")]
    [InlineData("[HakMemAllocator(Preset = Missing, MaxTiny = Missing)] static partial class X;")]
    public void WhatTheCompilerReportsIsNotReportedAgain(string declaration) => Assert.Empty(GeneratorHarness.Report(GeneratorHarness.Contract, "using HakMem.Boxes;\n" + declaration));

    [Fact]
    public void APoolNeedsAnAllocator() => Assert.Equal(
        ["HKM1513 at 'HakMemPool': The pool has no allocator: it names none, and the project does not reference HakMem"],
        GeneratorHarness.Report(GeneratorHarness.CompileContract(static text => text.Replace("class PoolAllocator", "class Elsewhere")), "using HakMem.Boxes;\n[HakMemPool] partial struct X { }"));

    [Theory]
    [InlineData("static unsafe partial class X { static void* Alloc(nuint size) => null; }", "X", "it has a method 'Alloc' with the same parameters already")]
    [InlineData("static unsafe partial class X { static bool TryAlloc(nuint size, ref void* block) => false; }", "X", "it has a method 'TryAlloc' with the same parameters already")]
    [InlineData("static unsafe partial class X { static void Free(ThreadHeap* heap, void* block) { } }", "X", "it has a method 'Free' with the same parameters already")]
    [InlineData("static partial class X { static void VisitDiagnostics<T>(ref T visitor) { } }", "X", "it has a method 'VisitDiagnostics' with the same parameters already")]
    [InlineData("static partial class X { class Config; }", "X", "it has a member 'Config' already")]
    [InlineData("static partial class X { static void State(int number) { } }", "X", "it has a member 'State' already")]
    [InlineData("static partial class X { static int Free; }", "X", "it has a member 'Free' already")]
    [InlineData("static partial class X { static string Features => \"\"; }", "X", "it has a member 'Features' already")]
    [InlineData("static partial class Trim;", "Trim", "it is named as its member 'Trim'")]
    public void AllocatorsWithMembersThatAreWritten(string type, string name, string why) => Assert.Equal(
        [$"HKM1503 at '{name}': Allocator '{name}' must be a static partial class: {why}"],
        GeneratorHarness.Report(GeneratorHarness.Contract, "using HakMem.Boxes;\n[HakMemAllocator] " + type));

    [Fact]
    public void MembersThatOnlySomeAllocatorsGet()
    {
        const string source = "using HakMem.Boxes;\n[HakMemAllocator(Isolated = false)] static partial class X { static void Reset() { } static int ReadDebugCounters() => 0; }";

        Assert.Empty(GeneratorHarness.Report(GeneratorHarness.Contract, source));
        Assert.Equal(
            ["HKM1503 at 'X': Allocator 'X' must be a static partial class: it has a method 'Reset' with the same parameters already"],
            GeneratorHarness.Report(GeneratorHarness.Contract, source.Replace("false", "true")));
        Assert.Equal(
            ["HKM1503 at 'X': Allocator 'X' must be a static partial class: it has a method 'ReadDebugCounters' with the same parameters already"],
            GeneratorHarness.Report(GeneratorHarness.Contract, source, ("HakMemBuildFlavor", "debug")));
    }

    [Fact]
    public void OverloadsOfWrittenMethodsAreTheAuthorsOwn() => GeneratorHarness.Generate("""
        using HakMem.Boxes;
        [HakMemAllocator]
        static unsafe partial class X
        {
            public static void* Alloc(int size) => Alloc((nuint)size);
            public static T* Alloc<T>(nuint size) where T : unmanaged => (T*)Alloc(size);
            public class Config<T>;
        }
        """);

    [Fact]
    public void TheMembersThatEveryAllocatorGetsAreKnown()
    {
        GeneratorHarness.Driver().RunGeneratorsAndUpdateCompilation(
            GeneratorHarness.Compile(GeneratorHarness.Contract, "[HakMem.Boxes.HakMemAllocator] static partial class X;"), out Compilation output, out _);

        Assert.Equal(
            WrittenMembers.Always.Order(StringComparer.Ordinal),
            output.GetTypeByMetadataName("X")!.GetMembers().Where(static member => member.CanBeReferencedByName && member is not IMethodSymbol { AssociatedSymbol: not null }).Select(WrittenMembers.SignatureOf).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void NamesThatDifferOnlyInCaseAreWrittenApart()
    {
        const string source = """
            using HakMem.Boxes;
            [HakMemPool] partial struct Node { }
            [HakMemPool] partial struct NODE { }
            [HakMemPool] partial struct node { }
            [HakMemPool] partial struct Other { }
            [HakMemAllocator] static partial class Heap;
            [HakMemAllocator] static partial class heap;
            """;

        Assert.Equal(["Heap.g.cs", "NODE.Pool.g.cs", "Node.Pool-2.g.cs", "Other.Pool.g.cs", "heap-2.g.cs", "node.Pool-3.g.cs"], Files(source));
    }

    [Theory]
    [InlineData("[HakMemPool] partial struct X { } [HakMemPool] partial struct X { }", "X.Pool.g.cs")]
    [InlineData("[HakMemAllocator] static partial class X { } [HakMemAllocator] static partial class X { }", "X.g.cs")]
    public void ATypeMarkedTwiceIsWrittenOnce(string source, string expected) => Assert.Equal([expected], Files("using HakMem.Boxes;\n" + source, "CS0579"));

    /// <summary>The names of the written files, which compile but for the errors that are expected.</summary>
    private static string[] Files(string source, params string[] errors)
    {
        GeneratorDriver driver = GeneratorHarness.BothGenerators()
            .RunGeneratorsAndUpdateCompilation(GeneratorHarness.Compile(GeneratorHarness.Contract, source), out Compilation output, out ImmutableArray<Diagnostic> reported);
        Assert.Empty(reported);
        Assert.Equal(errors, output.GetDiagnostics().Where(static diagnostic => diagnostic.Severity == DiagnosticSeverity.Error).Select(static diagnostic => diagnostic.Id));
        return [.. driver.GetRunResult().Results.SelectMany(static result => result.GeneratedSources).Select(static file => file.HintName).Order(StringComparer.Ordinal)];
    }
}
