using System.Linq;
using System.Threading.Tasks;

namespace HakMem.Analyzers.Tests;

/// <summary>Runs the rules about blocks over methods of a class.</summary>
internal static class BlockRules
{
    private const string Around = """
        using System;
        using System.Collections.Generic;
        using System.Runtime.CompilerServices;
        using System.Runtime.InteropServices;
        using HakMem;
        using HakMem.Boxes;

        [HakMemAllocator]
        static unsafe class Own
        {
            public static void* Alloc(nuint size) => null;
            public static void Free(void* block) { }
            public static bool TryAlloc(nuint size, out void* block) { block = null; return false; }
        }

        [HakMemPool] struct Node { public int Value; public static unsafe class Pool { public static Node* Alloc() => null; public static void Free(Node* value) { } } }

        unsafe struct Item { public Item* Next; public int Key; public fixed byte Name[8]; }

        unsafe class Keeper(void* block) : IDisposable { public void* Block = block; public void Dispose() { } }

        unsafe class User
        {
            static byte* s_kept;
            static int s_number;
            static bool Read(byte* into, int count) => count > 0;
            static void Look(void* at) { }
            static bool TryAdd(void* block) => true;
            static bool Accepts(void* block) => true;
            static int Deliver(void* block) => 0;
            static nint s_slot;
            static long s_wide;
            static byte* Skip(byte* from) => from + 1;
            static bool Maybe() => s_number > 3;

        """;

    /// <summary>The line that the members begin in.</summary>
    public static int FirstLine { get; } = Around.Count(static letter => letter == '\n') + 1;

    /// <summary>Asserts that the rule is reported at the marks, and no rule about blocks anywhere else.</summary>
    public static Task<string[]> Assert(string id, string members) => AnalyzerHarness.AssertReported(new BlockLifetimeAnalyzer(), id, Around + members + "\n}\n");

    /// <summary>Asserts that no rule about blocks is reported.</summary>
    public static Task AssertNone(string members) => Assert("none", members);
}
