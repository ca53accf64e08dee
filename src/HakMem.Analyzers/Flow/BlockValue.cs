using System;

namespace HakMem.Analyzers.Flow;

/// <summary>Where in a block an address points.</summary>
internal enum BlockOffset
{
    /// <summary>At its start.</summary>
    Start,

    /// <summary>Behind its start, surely.</summary>
    Moved,

    /// <summary>Anywhere in it.</summary>
    Inside,
}

/// <summary>What a value may be: an address in some of the blocks, by their numbers, null, an address on the stack, or anything.</summary>
internal readonly struct BlockValue(ulong bits, BlockOffset offset = BlockOffset.Start) : IEquatable<BlockValue>
{
    /// <summary>The blocks that can be told apart in a method.</summary>
    public const int MaxBlocks = 56;

    private const ulong NullBit = 1UL << 61, StackBit = 1UL << 62, UnknownBit = 1UL << 63, BlockBits = (1UL << MaxBlocks) - 1;

    private readonly ulong _bits = bits;

    public static BlockValue Unknown => new(UnknownBit);

    public static BlockValue Null => new(NullBit);

    public static BlockValue OnStack => new(StackBit);

    public BlockOffset Offset { get; } = offset;

    public ulong Blocks => _bits & BlockBits;

    public bool MayBeNull => (_bits & NullBit) != 0;

    public bool IsNull => _bits == NullBit;

    public bool IsOnStack => _bits == StackBit;

    /// <summary>Whether it is an address in one of the blocks, or null, and nothing else.</summary>
    public bool IsOfBlocks => Blocks != 0 && (_bits & (StackBit | UnknownBit)) == 0;

    /// <summary>The number of the block when it can be of one only, else -1.</summary>
    public int OnlyBlock => IsOfBlocks && (Blocks & (Blocks - 1)) == 0 ? NumberOf(Blocks) : -1;

    public static BlockValue Of(int block) => new(1UL << block);

    public static int NumberOf(ulong bit)
    {
        int number = 0;
        while ((bit >>= 1) != 0) { number++; }

        return number;
    }

    public BlockValue Join(BlockValue other) => new(_bits | other._bits, Offset == other.Offset ? Offset : BlockOffset.Inside);

    public BlockValue WithoutNull() => new(_bits & ~NullBit, Offset);

    public BlockValue WithoutBlock(int block) => Blocks == 0 || (_bits & (1UL << block)) == 0 ? this : new((_bits & ~(1UL << block)) | UnknownBit, Offset);

    public BlockValue At(BlockOffset offset) => new(_bits, offset);

    public bool Equals(BlockValue other) => _bits == other._bits && Offset == other.Offset;

    public override bool Equals(object? obj) => obj is BlockValue other && Equals(other);

    public override int GetHashCode() => _bits.GetHashCode();
}
