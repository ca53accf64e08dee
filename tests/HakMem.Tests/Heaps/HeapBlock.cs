using System;
using HakMem.Tests.Model;

namespace HakMem.Tests.Heaps;

/// <summary>A block of a <see cref="HakHeap"/> with contents of its own.</summary>
internal readonly unsafe struct HeapBlock
{
    private readonly ulong _seed;

    private HeapBlock(void* start, nuint size, ulong seed)
    {
        Address = (nint)start;
        Size = size;
        _seed = seed;
    }

    public nint Address { get; }

    public nuint Size { get; }

    /// <summary>Allocates by one of the heap's methods and marks the block; zeroed memory and alignment are checked.</summary>
    public static HeapBlock Alloc(HakHeap heap, Random random, nuint size)
    {
        int kind = random.Next(8);
        nuint alignment = (nuint)1 << random.Next(0, 17);
        void* start;
        switch (kind)
        {
            case 0: start = heap.AllocZeroed(size); break;
            case 1: start = heap.AlignedAlloc(size, alignment); break;
            case 2:
                if (!heap.TryAlloc(size, out start)) throw new InvalidOperationException($"no memory for {size} bytes");
                break;
            default: start = heap.Alloc(size); break;
        }

        if (kind == 0 && !BlockPattern.IsZero((byte*)start, size)) throw new InvalidOperationException($"not zeroed: {size} bytes");
        if (((nuint)start & (kind == 1 ? alignment - 1 : 15)) != 0) throw new InvalidOperationException($"misaligned: 0x{(nuint)start:x} of {size} bytes");
        return Mark(start, size, random);
    }

    /// <summary>A size of any tier: mostly tiny, one in 64 above 32 KiB, one in 1024 above 2 MiB.</summary>
    public static nuint DrawSize(Random random) => (nuint)(random.Next(1024) switch
    {
        0 => random.Next(2 << 20, 3 << 20),
        < 16 => random.Next(32769, 300_000),
        _ => random.Next(1 << random.Next(4, 16)),
    });

    public HeapBlock Resize(HakHeap heap, Random random, nuint size)
    {
        void* moved = heap.Realloc((void*)Address, size);
        if (!BlockPattern.Holds((byte*)moved, Size, Math.Min(size, Size), _seed)) throw new InvalidOperationException($"lost in realloc from {Size} to {size} bytes");
        return Mark(moved, size, random);
    }

    public void Verify()
    {
        if (!BlockPattern.Holds((byte*)Address, Size, Size, _seed)) throw new InvalidOperationException($"contents changed: 0x{Address:x} of {Size} bytes");
    }

    public void Free(HakHeap heap)
    {
        Verify();
        heap.Free((void*)Address);
    }

    public void Free()
    {
        Verify();
        HakMemory.Free((void*)Address);
    }

    private static HeapBlock Mark(void* start, nuint size, Random random)
    {
        ulong seed = (ulong)random.NextInt64() | 1;
        BlockPattern.Write((byte*)start, size, seed);
        return new HeapBlock(start, size, seed);
    }
}
