using Microsoft.CodeAnalysis;

namespace HakMem.Analyzers.Flow;

/// <summary>What a method does with blocks.</summary>
internal enum CallRole
{
    /// <summary>Returns a block.</summary>
    Alloc,

    /// <summary>Returns whether its last argument, <c>out</c>, is a block.</summary>
    TryAlloc,

    /// <summary>Takes a block and returns another, or throws and leaves it.</summary>
    Realloc,

    /// <summary>Takes a block when it returns true; its last argument, <c>out</c>, is another then.</summary>
    TryRealloc,

    /// <summary>Takes a block.</summary>
    Free,

    /// <summary>Reads or writes memory and keeps no address; what it returns may be one inside of it.</summary>
    Borrow,
}

/// <summary>A method of an allocator, and whose blocks it deals with.</summary>
internal sealed class AllocatorCall(CallRole role, AllocatorFamily? family, int blockArgument)
{
    public CallRole Role { get; } = role;

    /// <summary>Null for <see cref="CallRole.Borrow"/>.</summary>
    public AllocatorFamily? Family { get; } = family;

    /// <summary>The ordinal of the parameter that takes a block; -1 for none.</summary>
    public int BlockArgument { get; } = blockArgument;
}

/// <summary>Allocators that free each other's blocks.</summary>
internal sealed class AllocatorFamily(ISymbol identity, string name, bool isOurs, bool mustBeFreed)
{
    /// <summary>What is compared.</summary>
    public ISymbol Identity { get; } = identity;

    /// <summary>The name in messages.</summary>
    public string Name { get; } = name;

    /// <summary>Whether it is of HakMem. Of others it is only known that their blocks are theirs.</summary>
    public bool IsOurs { get; } = isOurs;

    /// <summary>Whether nobody else frees the block in the end, as a heap or an arena does at its own.</summary>
    public bool MustBeFreed { get; } = mustBeFreed;

    public bool IsSame(AllocatorFamily other) => SymbolEqualityComparer.Default.Equals(Identity, other.Identity);
}
