using Microsoft.CodeAnalysis;

namespace HakMem.Analyzers.Flow;

/// <summary>What is wrong with a block.</summary>
internal enum BlockFault
{
    /// <summary>Nobody knows its address any more, and it was not freed.</summary>
    Lost,

    /// <summary>It is freed a second time.</summary>
    FreedTwice,

    /// <summary>It is used after it was freed.</summary>
    UsedAfterFree,

    /// <summary>It is freed by an allocator that it is not of.</summary>
    WrongAllocator,

    /// <summary>What is freed is no start of a block.</summary>
    NoBlock,
}

/// <summary>A fault, where it is, and what its message says.</summary>
internal sealed class BlockFinding(BlockFault fault, SyntaxNode at, SyntaxNode? other, params object[] words)
{
    public BlockFault Fault { get; } = fault;

    public SyntaxNode At { get; } = at;

    /// <summary>Where the other half of it is: the free before, the way out; null when there is none.</summary>
    public SyntaxNode? Other { get; } = other;

    public object[] Words { get; } = words;
}
