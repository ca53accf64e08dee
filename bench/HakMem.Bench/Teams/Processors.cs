using System;
using System.Collections.Generic;
using System.Numerics;
using HakMem.Bench.Memory;

namespace HakMem.Bench.Teams;

/// <summary>The processors that this process may use, and threads bound to one of them.</summary>
internal static unsafe class Processors
{
    private const int Words = 16;

    private static readonly int[] s_allowed = Allowed();

    public static int Count => s_allowed.Length;

    /// <summary>Binds the calling thread, for the rest of its life, to one processor: the first thread to the first, and round again.</summary>
    /// <exception cref="InvalidOperationException">The system refuses.</exception>
    public static void Bind(int thread)
    {
        ulong* set = stackalloc ulong[Words];
        new Span<ulong>(set, Words).Clear();
        int processor = s_allowed[thread % s_allowed.Length];
        set[processor / 64] = 1UL << (processor % 64);
        if (LibC.SetThreadProcessors(0, Words * sizeof(ulong), set) != 0)
            throw new InvalidOperationException($"the system does not bind a thread to processor {processor}");
    }

    /// <summary>The processor that the calling thread is bound to; -1 if it may use several.</summary>
    public static int Bound() => Allowed() is [int only] ? only : -1;

    private static int[] Allowed()
    {
        ulong* set = stackalloc ulong[Words];
        new Span<ulong>(set, Words).Clear();
        _ = LibC.GetThreadProcessors(0, Words * sizeof(ulong), set);   // of more than 1,024 it tells nothing
        List<int> allowed = [];
        for (int word = 0; word < Words; word++)
        {
            for (ulong left = set[word]; left != 0; left &= left - 1)
                allowed.Add(word * 64 + BitOperations.TrailingZeroCount(left));
        }

        return allowed.Count == 0 ? [0] : [.. allowed];
    }
}
