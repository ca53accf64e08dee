using System;
using System.Collections.Generic;

namespace HakMem.Boxes.Tests;

/// <summary>The blocks that a test holds: each filled with a pattern of its own, verified when it goes, and none may overlap another.</summary>
internal sealed unsafe class BlockLedger
{
    private const int PatternBytes = 4096;
    private static readonly byte[]?[] s_patterns = new byte[256][];
    private readonly List<(nint Start, nuint Bytes, byte Seed)> _blocks = [];
    private byte _seed;

    public int Count => _blocks.Count;

    public nuint BytesAt(int index) => _blocks[index].Bytes;

    public void* this[int index] => (void*)_blocks[index].Start;

    /// <summary>Takes a block in and fills it.</summary>
    public void Add(void* block, nuint bytes)
    {
        if (block == null || ((nuint)block & 15) != 0) throw new InvalidOperationException($"no block, or not aligned: {(nint)block:x}");
        byte seed = ++_seed;
        Fill((byte*)block, bytes, seed);
        _blocks.Add(((nint)block, bytes, seed));
    }

    /// <summary>Verifies a block and lets it go.</summary>
    public void* Take(int index)
    {
        (nint start, nuint bytes, byte seed) = _blocks[index];
        Verify((byte*)start, bytes, seed);
        _blocks[index] = _blocks[^1];
        _blocks.RemoveAt(_blocks.Count - 1);
        return (void*)start;
    }

    /// <summary>Records that a block moved to another place and size, with the contents it had up to the smaller size.</summary>
    public void Move(int index, void* moved, nuint bytes)
    {
        (_, nuint old, byte seed) = _blocks[index];
        nuint kept = old < bytes ? old : bytes;
        int differs = FirstChange((byte*)moved, kept, seed);
        if (differs >= 0) throw new InvalidOperationException($"realloc of {old} to {bytes} bytes lost byte {differs}");

        Fill((byte*)moved, bytes, seed);
        _blocks[index] = ((nint)moved, bytes, seed);
    }

    /// <summary>Verifies all blocks, which go with their heap.</summary>
    public void TakeAll()
    {
        foreach ((nint start, nuint bytes, byte seed) in _blocks) Verify((byte*)start, bytes, seed);
        _blocks.Clear();
    }

    /// <summary>Takes over the blocks of another ledger.</summary>
    public void TakeFrom(BlockLedger other)
    {
        _blocks.AddRange(other._blocks);
        other._blocks.Clear();
    }

    /// <summary>Verifies all contents, and that no two blocks overlap, with those of other ledgers.</summary>
    public void Check(params ReadOnlySpan<BlockLedger> others)
    {
        List<(nint Start, nuint Bytes, byte Seed)> sorted = [.. _blocks];
        foreach (BlockLedger other in others) sorted.AddRange(other._blocks);
        sorted.Sort(static (a, b) => ((nuint)a.Start).CompareTo((nuint)b.Start));
        for (int i = 0; i < sorted.Count; i++)
        {
            Verify((byte*)sorted[i].Start, sorted[i].Bytes, sorted[i].Seed);
            if (i > 0 && (nuint)sorted[i - 1].Start + sorted[i - 1].Bytes > (nuint)sorted[i].Start) throw new InvalidOperationException($"blocks at {sorted[i - 1].Start:x} and {sorted[i].Start:x} overlap");
        }
    }

    private static byte Pattern(byte seed, nuint i) => (byte)(seed + (i * 31) + (i >> 8));

    private static ReadOnlySpan<byte> PatternOf(byte seed, nuint bytes)
    {
        byte[]? pattern = s_patterns[seed];
        if (pattern is null)
        {
            pattern = new byte[PatternBytes];
            for (nuint i = 0; i < PatternBytes; i++) pattern[i] = Pattern(seed, i);
            s_patterns[seed] = pattern;
        }

        return pattern.AsSpan(0, bytes < PatternBytes ? (int)bytes : PatternBytes);
    }

    // Of the bytes up to the pattern's length; -1 for none.
    private static int FirstChange(byte* block, nuint bytes, byte seed)
    {
        ReadOnlySpan<byte> pattern = PatternOf(seed, bytes);
        int same = pattern.CommonPrefixLength(new ReadOnlySpan<byte>(block, pattern.Length));
        return same == pattern.Length ? -1 : same;
    }

    private static void Fill(byte* block, nuint bytes, byte seed)
    {
        ReadOnlySpan<byte> pattern = PatternOf(seed, bytes);
        pattern.CopyTo(new Span<byte>(block, pattern.Length));
        for (nuint i = bytes > PatternBytes + 64 ? bytes - 64 : PatternBytes; i < bytes; i++) block[i] = Pattern(seed, i);
    }

    private static void Verify(byte* block, nuint bytes, byte seed)
    {
        int differs = FirstChange(block, bytes, seed);
        if (differs >= 0) throw new InvalidOperationException($"block {(nint)block:x} of {bytes} bytes: byte {differs} changed");
        for (nuint i = bytes > PatternBytes + 64 ? bytes - 64 : PatternBytes; i < bytes; i++)
        {
            if (block[i] != Pattern(seed, i)) throw new InvalidOperationException($"block {(nint)block:x} of {bytes} bytes: byte {i} changed");
        }
    }
}
