using Xunit;

namespace HakMem.Generators.Tests;

/// <summary>Declarations in odd surroundings: what is written compiles there, without a warning.</summary>
public class ScopeTests
{
    [Fact]
    public void NamesThatMeanSomethingElseAreWrittenInFull()
    {
        string written = GeneratorHarness.Generate("""
            namespace Shop
            {
                internal class Slab;

                internal class OutOfMemoryException;

                internal class ThreadStaticAttribute;

                internal static partial class Outer
                {
                    internal static int AllocGate => 0;

                    internal struct SpaceState;

                    [HakMem.Boxes.HakMemAllocator]
                    internal static partial class FrontHot
                    {
                        internal static int LinuxMemory() => 0;
                    }
                }
            }
            """);

        Assert.Contains("out global::HakMem.Boxes.Slab* partial", written);
        Assert.Contains("global::HakMem.Boxes.AllocGate.TryClassify", written);
        Assert.Contains("global::HakMem.Boxes.FrontHot.TryPop", written);
        Assert.Contains("global::HakMem.Boxes.LinuxMemory.Reserve", written);
        Assert.Contains("static readonly global::HakMem.Boxes.SpaceState*", written);
        Assert.Contains("throw new global::System.OutOfMemoryException()", written);
        Assert.Contains("[global::System.ThreadStatic]", written);
        Assert.Contains(" FreeGate.TryOwn<Config>", written);
    }

    [Fact]
    public void GlobalUsingsAreSeen()
    {
        string written = GeneratorHarness.Generate("""
            global using Quarry;

            [HakMem.Boxes.HakMemAllocator]
            internal static partial class X;

            namespace Quarry
            {
                internal class Slab;
            }
            """);

        Assert.Contains("out global::HakMem.Boxes.Slab* partial", written);
    }

    [Theory]
    [InlineData("partial class Outer")]
    [InlineData("static partial class Outer")]
    [InlineData("partial struct Outer")]
    [InlineData("partial record Outer")]
    [InlineData("readonly partial record struct Outer")]
    [InlineData("partial interface Outer")]
    [InlineData("partial class @event")]
    public void NestedInAnyType(string outer)
    {
        string written = GeneratorHarness.Generate($$"""namespace @namespace.Shop; internal {{outer}} { [HakMem.Boxes.HakMemAllocator] private static partial class X; }""");

        Assert.Contains("private static unsafe partial class X", written);
    }

    [Fact]
    public void SeveralInOneProject()
    {
        string written = GeneratorHarness.Generate("""
            using HakMem.Boxes;

            namespace A
            {
                [HakMemAllocator] internal static partial class X;
            }

            namespace B
            {
                [HakMemAllocator(MaxTiny = 256)] internal static partial class X;
            }
            """);

        Assert.Contains("namespace A;", written);
        Assert.Contains("namespace B;", written);
    }

    [Fact]
    public void BoxesAndDiagnosticsOfTheUserMayBeInternalWhileTheAllocatorIsPublic()
    {
        string written = GeneratorHarness.Generate("""
            using HakMem.Boxes;

            namespace Shop;

            /// <summary>Memory.</summary>
            [HakMemAllocator(Diagnostics = new[] { typeof(Watch) }, AddressSpace = typeof(Config))]
            public static partial class X;

            [Box(BoxLayer.Diagnostics)]
            internal static unsafe class Watch
            {
                public struct HeapState { public int Seen; }

                public static void OnRefillBlock<TConfig>(HeapState* state, bool fresh, Slab* slab, ThreadHeap* heap) where TConfig : IAllocatorConfig { }

                public static void Accumulate<TConfig>(HeapState* into, HeapState* from) where TConfig : IAllocatorConfig => into->Seen += from->Seen;
            }

            [Box(BoxLayer.Pages)]
            internal static unsafe class Config
            {
                internal static SpaceState* Open() => null;
            }
            """);

        Assert.Contains("=> Watch.OnRefillBlock<Config>(WatchOf(heap), fresh, slab, heap);", written);
        Assert.Contains("internal static Watch.HeapState ReadWatch()", written);
        Assert.Contains("Space = global::Shop.Config.Open();", written);
    }

    [Fact]
    public void NamespacesBelowTheContractAreNotTheContract()
    {
        string written = GeneratorHarness.Generate("""
            using HakMem.Boxes.Tests;

            namespace HakMem
            {
                internal static partial class Outer
                {
                    [Boxes.HakMemAllocator(Os = typeof(FaultyMemory), Diagnostics = new[] { typeof(Boxes.Tests.Nest.Watch) })]
                    internal static partial class X;
                }
            }

            namespace HakMem.Boxes.Tests
            {
                internal static partial class Nest
                {
                    [HakMemAllocator(Os = typeof(FaultyMemory), Diagnostics = new[] { typeof(Watch) })]
                    internal static partial class X;

                    [Box(BoxLayer.Diagnostics)]
                    internal static unsafe class Watch
                    {
                        internal static void OnSharedLock() { }
                    }
                }

                [Box(BoxLayer.Os)]
                internal static unsafe class FaultyMemory
                {
                    public static byte* Reserve(nuint bytes) => null;

                    public static ulong Milliseconds() => 0;
                }
            }
            """);

        Assert.Contains("=> FaultyMemory.Reserve(bytes);", written);
        Assert.Contains("=> global::HakMem.Boxes.Tests.FaultyMemory.Reserve(bytes);", written);
    }

    [Fact]
    public void APresetIsWhatTheContractListsUnlessTheDeclarationSaysOtherwise()
    {
        string small = GeneratorHarness.Generate("using HakMem.Boxes;\n[HakMemAllocator(Preset = HakMemPreset.Small)] internal static partial class X;");
        string changed = GeneratorHarness.Generate("using HakMem.Boxes;\n[HakMemAllocator(Preset = HakMemPreset.Small, Front = typeof(FrontHot), MaxTiny = 512)] internal static partial class X;");
        string research = GeneratorHarness.Generate("using HakMem.Boxes;\n[HakMemAllocator(Preset = HakMemPreset.Research)] internal static partial class X;");
        string balanced = GeneratorHarness.Generate("using HakMem.Boxes;\n[HakMemAllocator(Preset = HakMemPreset.Balanced)] internal static partial class X;");

        Assert.Contains("//   Front         FrontList\n", small);
        Assert.Contains("uint MaxTiny => 256;", small);
        Assert.Contains("nuint PrefillBudget => 1;", small);
        Assert.Contains("//   Front         FrontHot\n", changed);
        Assert.Contains("uint MaxTiny => 512;", changed);
        Assert.Contains("nuint PrefillBudget => 1;", changed);
        Assert.Contains("Woven in      DebugCounters, FreelistValidation\n", research);
        Assert.Contains("uint MaxTiny => 1024;", balanced);
        Assert.Contains("Woven in      nothing\n", balanced);
    }

    [Fact]
    public void BoxesAndAllocatorsOfTheGlobalNamespace()
    {
        string written = GeneratorHarness.Generate("""
            using HakMem.Boxes;

            [Box(BoxLayer.Os)]
            internal static unsafe class PlainMemory
            {
                public static byte* Reserve(nuint bytes) => null;

                public static ulong Milliseconds() => 0;
            }

            [HakMemAllocator]
            internal static partial class Outside;

            [HakMemPool(Allocator = typeof(Outside))]
            internal partial struct Alone;

            namespace Shop
            {
                [HakMemAllocator(Os = typeof(PlainMemory))]
                internal static partial class Inside;

                [HakMemPool(Allocator = typeof(Outside))]
                internal partial struct Node;

                internal static partial class Nest
                {
                    internal static int Outside => 0;

                    [HakMemPool(Allocator = typeof(global::Outside))]
                    internal partial struct Hidden;
                }
            }
            """);

        Assert.Contains("PlainMemory.Reserve(bytes)", written);
        Assert.Contains("(Node*)Outside.AllocOfClass(", written);
        Assert.Contains("(Alone*)Outside.AllocOfClass(", written);
        Assert.Contains("(Hidden*)global::Outside.AllocOfClass(", written);
    }

    [Fact]
    public void PoolsInOddSurroundings()
    {
        string written = GeneratorHarness.Generate("""
            namespace Shop
            {
                internal class SizeClasses;

                internal class Span;

                [HakMem.Boxes.HakMemAllocator]
                internal static partial class Reserve;

                [HakMem.Boxes.HakMemPool(Allocator = typeof(Reserve))]
                internal partial struct @event
                {
                    public int Value { get; set; }
                }

                [HakMem.Boxes.HakMemPool]
                internal partial struct Event<T>
                    where T : unmanaged
                {
                    public T Value { get; set; }
                }

                [HakMem.Boxes.HakMemPool]
                internal partial struct Event<T, @class>
                    where T : unmanaged
                    where @class : unmanaged
                {
                    public T Value { get; set; }
                    public @class Other { get; set; }
                }
            }
            """);

        Assert.Contains("global::HakMem.Boxes.SizeClasses.ClassOf(Bytes)", written);
        Assert.Contains("global::Shop.Reserve.AllocOfClass(SizeClass, Bytes)", written);
        Assert.Contains("PoolAllocator.AllocOfClass(SizeClass, Bytes)", written);
        Assert.Contains("public static @event* Alloc()", written);
    }

    [Theory]
    [InlineData("release", "nothing")]
    [InlineData("debug", "DebugCounters, FreelistValidation")]
    [InlineData("Profile", "Histogram, DebugCounters, LockStats")]
    [InlineData("hardened", "Canary")]
    [InlineData("", "nothing")]
    public void FlavorsWeaveTheirBoxesIn(string flavor, string woven) =>
        Assert.Contains($"Woven in      {woven}\n", GeneratorHarness.Generate("[HakMem.Boxes.HakMemAllocator] internal static partial class X;", ("HakMemBuildFlavor", flavor)));

    [Theory]
    [InlineData("release", "true", "DebugCounters")]
    [InlineData("debug", "false", "FreelistValidation")]
    [InlineData("debug", "False", "FreelistValidation")]
    [InlineData("debug", "", "DebugCounters, FreelistValidation")]
    public void ASwitchOverridesTheFlavor(string flavor, string value, string woven) => Assert.Contains(
        $"Woven in      {woven}\n",
        GeneratorHarness.Generate("[HakMem.Boxes.HakMemAllocator] internal static partial class X;", ("HakMemBuildFlavor", flavor), ("HakMemDebugCounters", value)));

    [Fact]
    public void WhatTheDeclarationListsIsAlwaysWovenIn() => Assert.Contains(
        "Woven in      DebugCounters\n",
        GeneratorHarness.Generate(
            "using HakMem.Boxes;\n[HakMemAllocator(Diagnostics = new[] { typeof(DebugCounters), typeof(DebugCounters) })] internal static partial class X;",
            ("HakMemDebugCounters", "false")));

    [Fact]
    public void AReleaseNamesNoDiagnostic()
    {
        string written = GeneratorHarness.Generate("[HakMem.Boxes.HakMemAllocator] internal static partial class X;");

        Assert.DoesNotContain("DebugCounters", written);
        Assert.DoesNotContain("Config.On", written);
    }
}
