using System;
using System.Linq;
using System.Reflection;
using Xunit;

namespace HakMem.Generators.Tests;

/// <summary>Where the states lie, asked of the emitted code itself.</summary>
public unsafe class LayoutTests
{
    private readonly Type _config = GeneratorHarness.Load(
        "using HakMem.Boxes; [HakMemAllocator(Diagnostics = new[] { typeof(DebugCounters), typeof(Canary) })] public static partial class X;", "X+Config");

    [Fact]
    public void StatesBeginCacheLinesInTheirOrderTheFrontsAndTheRemoteTableLast()
    {
        // ThreadHeap is 8 bytes, the front's state 72, the warm pool's 1, the remote table 1024, the counters 8.
        Assert.Equal([64, 128, 192, 320], new[] { "WarmPoolOf", "DebugCountersOf", "FrontOf", "RemoteTableOf" }.Select(OffsetInHeap));
        Assert.Equal((nuint)1344, Property("HeapBytes"));
    }

    [Fact]
    public void SharedStatesFollowTheComposition() => Assert.Equal((nuint)192, Property("CompositionBytes"));

    private long OffsetInHeap(string accessor)
    {
        MethodInfo method = _config.GetMethod(accessor)!;
        object heap = Pointer.Box(null, method.GetParameters()[0].ParameterType);
        return (long)Pointer.Unbox(method.Invoke(null, [heap])!);
    }

    private object? Property(string name) => _config.GetProperty(name)!.GetValue(null);
}
