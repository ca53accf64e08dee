using System;
using HakMem.Boxes;

namespace HakMem;

/// <summary>The blocks of one size class that are in use.</summary>
/// <param name="BlockSizeBytes">The usable size of each block.</param>
/// <param name="Blocks">How many are with users.</param>
public readonly record struct SizeClassUsage(nuint BlockSizeBytes, ulong Blocks);

/// <summary>
/// A snapshot of an allocator's numbers; all sizes in bytes. Committed is what may be backed by memory: in use, cached, free but not purged yet,
/// and the unused parts of slabs. Tables are not counted, they take at most 1,418 bytes for each 64 KiB that was ever used, 2.2 %.
/// </summary>
public readonly unsafe struct HakMemStatistics
{
    private readonly AllocatorStatistics _numbers;

    internal HakMemStatistics(in AllocatorStatistics numbers) => _numbers = numbers;

    /// <summary>Address space reserved, most of it without memory behind it.</summary>
    public nuint ReservedBytes => (nuint)_numbers.ReservedBytes;

    /// <summary>Memory that may be backed.</summary>
    public nuint CommittedBytes => (nuint)_numbers.CommittedBytes;

    /// <summary>The usable sizes of all blocks with users.</summary>
    public nuint InUseBytes => (nuint)_numbers.InUseBytes;

    /// <summary>Free memory kept near: in front stacks and remote tables, warm slabs, cached spans and mappings.</summary>
    public nuint CachedBytes => (nuint)_numbers.CachedBytes;

    /// <summary>Unused chunks of 64 KiB given back to the operating system so far, in bytes; pages inside slabs and mappings of big blocks are not among them.</summary>
    public nuint PurgedBytes => (nuint)_numbers.PurgedBytes;

    /// <summary>Blocks with users, of all sizes.</summary>
    public ulong InUseBlocks => _numbers.InUseBlocks;

    /// <summary>Blocks of whole chunks, above 32 KiB; above 2 MiB there are none.</summary>
    public ulong LargeBlocks => _numbers.LargeBlocks;

    /// <summary>Blocks with mappings of their own: all above 2 MiB, those that shrank from there to no less than half, and those above 256 KiB that grew by a copy.</summary>
    public ulong BigBlocks => _numbers.BigBlocks;

    /// <summary>Heaps made so far: one for each thread that ever allocated at the same time, and one for each <see cref="HakHeap"/> in use at the same time.</summary>
    public ulong Heaps => _numbers.Heaps;

    /// <summary>Heaps that wait for a thread or a <see cref="HakHeap"/>: their thread ended, or they were released or destroyed.</summary>
    public ulong FreeHeaps => _numbers.FreeHeaps;

    /// <summary>How often the heap of an ended thread, or a <see cref="HakHeap"/> that was released, was taken over.</summary>
    public ulong Adoptions => _numbers.Adoptions;

    /// <summary>How many slabs moved from the heap of an ended thread to another heap.</summary>
    public ulong Migrations => _numbers.Migrations;

    /// <summary>The size classes up to 32 KiB in ascending order, also those without blocks.</summary>
    /// <returns>A new array.</returns>
    public SizeClassUsage[] GetSizeClasses()
    {
        SizeClassUsage[] usage = new SizeClassUsage[SizeClasses.Count - 1];
        for (uint sizeClass = 1; sizeClass < SizeClasses.Count; sizeClass++)
        {
            usage[sizeClass - 1] = new SizeClassUsage(SizeClasses.SizeOf(sizeClass), _numbers.ClassBlocks[sizeClass]);
        }

        return usage;
    }

    /// <inheritdoc/>
    public override string ToString()
        => FormattableString.Invariant($"in use {InUseBytes} B in {InUseBlocks} blocks, cached {CachedBytes} B, committed {CommittedBytes} B, reserved {ReservedBytes} B, heaps {Heaps}");
}
