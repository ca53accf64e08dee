using System;
using System.IO;
using System.Runtime.CompilerServices;
using Xunit;

namespace HakMem.Generators.Tests;

/// <summary>
/// What the generator writes, word for word. <c>HAKMEMTEST_UPDATE_GOLDEN=1 dotnet test</c> writes the files of the folder Golden anew.
/// </summary>
public class GoldenTests
{
    [Fact]
    public void Default() => AssertGolden("Default", GeneratorHarness.Generate("""
        using HakMem.Boxes;

        namespace Shop;

        /// <summary>Memory of requests.</summary>
        [HakMemAllocator]
        public static unsafe partial class RequestHeap;
        """));

    [Fact]
    public void Chosen() => AssertGolden("Chosen", GeneratorHarness.Generate("""
        using HakMem.Boxes;

        namespace Shop
        {
            [Box(BoxLayer.Local)]
            internal static unsafe class DeepFront
            {
                public struct HeapState;

                public static bool TryPop<TConfig>(ThreadHeap* heap, uint sizeClass, out void* block) where TConfig : IAllocatorConfig
                {
                    block = null;
                    return false;
                }

                public static bool TryPush<TConfig>(ThreadHeap* heap, uint sizeClass, void* block) where TConfig : IAllocatorConfig => false;
            }

            [HakMemAllocator(Front = typeof(DeepFront), Os = typeof(Faults.FaultyMemory), MaxTiny = 512, PrefillBudget = 2, PurgeDelay = -1, HugePages = true)]
            internal static partial class RequestHeap
            {
                public static int Answer => 42;
            }
        }

        namespace Faults
        {
            [Box(BoxLayer.Os)]
            internal static unsafe class FaultyMemory
            {
                public static byte* Reserve(nuint bytes) => null;

                public static ulong Milliseconds() => 0;
            }
        }
        """));

    [Fact]
    public void Debug() => AssertGolden("Debug", GeneratorHarness.Generate("""
        using HakMem.Boxes;

        namespace Shop;

        internal partial struct Outer
        {
            [HakMemAllocator(Diagnostics = new[] { typeof(Canary) })]
            private static partial class RequestHeap
            {
            }
        }
        """,
        ("HakMemBuildFlavor", "DEBUG"), ("HakMemLockStats", "true")));

    [Fact]
    public void Profile() => AssertGolden("Profile", GeneratorHarness.Generate("""
        using HakMem.Boxes;

        namespace Shop;

        [HakMemAllocator]
        internal static partial class RequestHeap;
        """,
        ("HakMemBuildFlavor", "profile"), ("HakMemPrefillBudget", "9")));

    [Fact]
    public void Isolated() => AssertGolden("Isolated", GeneratorHarness.Generate("""
        [HakMem.Boxes.HakMemAllocator(Isolated = true)]
        internal static partial class TestHeap;
        """));

    private static void AssertGolden(string name, string written, [CallerFilePath] string test = "")
    {
        string file = name + ".g.cs";
        if (Environment.GetEnvironmentVariable("HAKMEMTEST_UPDATE_GOLDEN") == "1")
        {
            File.WriteAllText(Path.Combine(Path.GetDirectoryName(test)!, "Golden", file), written);
            return;
        }

        Assert.Equal(File.ReadAllText(Path.Combine(GeneratorHarness.PathOf("Golden"), file)), written);
    }
}
