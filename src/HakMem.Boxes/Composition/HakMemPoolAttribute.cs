using System;

namespace HakMem.Boxes;

/// <summary>
/// Gives a type a pool: put it on a <c>partial struct</c> without references, and the generator writes a nested static class <c>Pool</c> that allocates and frees
/// such values in unmanaged memory. Size class, alignment and zeroing are constants of the machine code; blocks and threads are those of the allocator.
/// </summary>
[AttributeUsage(AttributeTargets.Struct | AttributeTargets.Class)]
public sealed class HakMemPoolAttribute : Attribute
{
    /// <summary>The allocator that the values come from: a class marked <see cref="HakMemAllocatorAttribute"/>. Without it, the one behind <c>HakMemory</c>.</summary>
    public Type? Allocator { get; set; }

    /// <summary>How many values <c>Pool.Reserve()</c> makes room for, at least 1. It is no limit: a count of what is alive would cost an atomic in each operation.</summary>
    public int Capacity { get; set; }

    /// <summary>Whether a value's bytes are zero when it is allocated; otherwise they are undefined.</summary>
    public bool Zeroed { get; set; }

    /// <summary>What a value's address is a multiple of: a power of two from 16, which it is without, to 4096.</summary>
    public int Alignment { get; set; }
}
