using System;
using System.Linq;
using System.Reflection;
using System.Runtime.InteropServices;
using Xunit;

namespace HakMem.Tests.Api;

/// <summary>The same calls to NativeMemory and to HakMemory have the same outcome.</summary>
public sealed unsafe class NativeMemoryParityTests
{
    private delegate void* Call(bool native);

    public static TheoryData<string> Calls => [.. Table.Select(row => row.Name)];

    private static (string Name, Call Call)[] Table { get; } =
    [
        ("Alloc(0)", native => native ? NativeMemory.Alloc(0) : HakMemory.Alloc(0)),
        ("Alloc(max)", native => native ? NativeMemory.Alloc(nuint.MaxValue) : HakMemory.Alloc(nuint.MaxValue)),
        ("Alloc(2^62)", native => native ? NativeMemory.Alloc((nuint)1 << 62) : HakMemory.Alloc((nuint)1 << 62)),
        ("Alloc(0, max)", native => native ? NativeMemory.Alloc(0, nuint.MaxValue) : HakMemory.Alloc(0, nuint.MaxValue)),
        ("Alloc(2^32, 2^32)", native => native ? NativeMemory.Alloc((nuint)1 << 32, (nuint)1 << 32) : HakMemory.Alloc((nuint)1 << 32, (nuint)1 << 32)),
        ("Alloc(2^33+1, 2^31)", native => native ? NativeMemory.Alloc(((nuint)1 << 33) + 1, (nuint)1 << 31) : HakMemory.Alloc(((nuint)1 << 33) + 1, (nuint)1 << 31)),
        ("AllocZeroed(0)", native => native ? NativeMemory.AllocZeroed(0) : HakMemory.AllocZeroed(0)),
        ("AllocZeroed(max)", native => native ? NativeMemory.AllocZeroed(nuint.MaxValue) : HakMemory.AllocZeroed(nuint.MaxValue)),
        ("AllocZeroed(max, 2)", native => native ? NativeMemory.AllocZeroed(nuint.MaxValue, 2) : HakMemory.AllocZeroed(nuint.MaxValue, 2)),
        ("AllocZeroed(0, 8)", native => native ? NativeMemory.AllocZeroed(0, 8) : HakMemory.AllocZeroed(0, 8)),
        ("AlignedAlloc(0, 16)", native => native ? NativeMemory.AlignedAlloc(0, 16) : HakMemory.AlignedAlloc(0, 16)),
        ("AlignedAlloc(8, 0)", native => native ? NativeMemory.AlignedAlloc(8, 0) : HakMemory.AlignedAlloc(8, 0)),
        ("AlignedAlloc(8, 3)", native => native ? NativeMemory.AlignedAlloc(8, 3) : HakMemory.AlignedAlloc(8, 3)),
        ("AlignedAlloc(8, 24)", native => native ? NativeMemory.AlignedAlloc(8, 24) : HakMemory.AlignedAlloc(8, 24)),
        ("AlignedAlloc(8, 1)", native => native ? NativeMemory.AlignedAlloc(8, 1) : HakMemory.AlignedAlloc(8, 1)),
        ("AlignedAlloc(max, 16)", native => native ? NativeMemory.AlignedAlloc(nuint.MaxValue - 64, 16) : HakMemory.AlignedAlloc(nuint.MaxValue - 64, 16)),
        ("AlignedAlloc(max, 3)", native => native ? NativeMemory.AlignedAlloc(nuint.MaxValue, 3) : HakMemory.AlignedAlloc(nuint.MaxValue, 3)),
        ("Realloc(null, 8)", native => native ? NativeMemory.Realloc(null, 8) : HakMemory.Realloc(null, 8)),
        ("Realloc(null, 0)", native => native ? NativeMemory.Realloc(null, 0) : HakMemory.Realloc(null, 0)),
        ("Realloc(p, 0)", native => native ? NativeMemory.Realloc(NativeMemory.Alloc(8), 0) : HakMemory.Realloc(HakMemory.Alloc(8), 0)),
        ("Realloc(p, max)", native => native ? NativeMemory.Realloc(NativeMemory.Alloc(8), nuint.MaxValue) : HakMemory.Realloc(HakMemory.Alloc(8), nuint.MaxValue)),
        ("AlignedRealloc(null, 8, 64)", native => native ? NativeMemory.AlignedRealloc(null, 8, 64) : HakMemory.AlignedRealloc(null, 8, 64)),
        ("AlignedRealloc(p, 0, 64)", native => native ? NativeMemory.AlignedRealloc(NativeMemory.AlignedAlloc(8, 64), 0, 64) : HakMemory.AlignedRealloc(HakMemory.AlignedAlloc(8, 64), 0, 64)),
        ("AlignedRealloc(p, 8, 3)", native => native ? NativeMemory.AlignedRealloc(NativeMemory.AlignedAlloc(8, 64), 8, 3) : HakMemory.AlignedRealloc(HakMemory.AlignedAlloc(8, 64), 8, 3)),
        ("AlignedRealloc(p, max, 64)", native => native ? NativeMemory.AlignedRealloc(NativeMemory.AlignedAlloc(8, 64), nuint.MaxValue - 128, 64) : HakMemory.AlignedRealloc(HakMemory.AlignedAlloc(8, 64), nuint.MaxValue - 128, 64)),
    ];

    [Theory]
    [MemberData(nameof(Calls))]
    public void TheOutcomeIsNativeMemorys(string name)
    {
        Call call = Table.Single(row => row.Name == name).Call;
        Assert.Equal(OutcomeOf(call, true), OutcomeOf(call, false));
    }

    [Fact]
    public void EverySignatureOfNativeMemoryIsThere()
    {
        static string[] Signatures(Type type)
            => [.. type.GetMethods(BindingFlags.Public | BindingFlags.Static).Select(method => method.ToString()!)];
        Assert.Empty(Signatures(typeof(NativeMemory)).Except(Signatures(typeof(HakMemory))));
    }

    private static string OutcomeOf(Call call, bool native)
    {
        try
        {
            void* block = call(native);
            if (!native) HakMemory.Free(block);   // what NativeMemory gave is left: a few bytes, and its two kinds of free differ
            return block == null ? "null" : "a block";
        }
        catch (Exception exception)
        {
            return exception.GetType().Name;
        }
    }
}
