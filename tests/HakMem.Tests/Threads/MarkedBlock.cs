using System;
using HakMem.Tests.Model;

namespace HakMem.Tests.Threads;

/// <summary>A block with contents of its own that are checked before it is freed, by whichever thread.</summary>
internal readonly unsafe struct MarkedBlock
{
    private readonly nint _start;
    private readonly nuint _size;
    private readonly ulong _seed;

    private MarkedBlock(void* start, nuint size, ulong seed)
    {
        _start = (nint)start;
        _size = size;
        _seed = seed;
    }

    public bool IsNone => _start == 0;

    /// <summary>Allocates and marks; every eighth comes zeroed and is checked for it, every sixteenth from an alignment.</summary>
    public static MarkedBlock Alloc(Random random, nuint size)
    {
        int kind = random.Next(16);
        void* start = kind switch
        {
            0 or 1 => HakMemory.AllocZeroed(size),
            2 => HakMemory.AlignedAlloc(Math.Max(size, 1), 64),
            _ => HakMemory.Alloc(size),
        };
        if (kind < 2 && !BlockPattern.IsZero((byte*)start, size)) throw new InvalidOperationException($"not zeroed: 0x{(nuint)start:x} of {size} bytes");
        ulong seed = (ulong)random.NextInt64() | 1;
        BlockPattern.Write((byte*)start, size, seed);
        return new MarkedBlock(start, size, seed);
    }

    /// <summary>A size from 0 to 32 KiB, small ones more often, and one in 256 larger.</summary>
    public static nuint DrawSize(Random random) => (nuint)(random.Next(256) == 0 ? random.Next(32769, 300_000) : random.Next(1 << random.Next(4, 16)));

    public void Verify()
    {
        if (!BlockPattern.Holds((byte*)_start, _size, _size, _seed)) throw new InvalidOperationException($"contents changed: 0x{_start:x} of {_size} bytes");
    }

    public void Free()
    {
        if (IsNone) return;
        Verify();
        HakMemory.Free((void*)_start);
    }
}
