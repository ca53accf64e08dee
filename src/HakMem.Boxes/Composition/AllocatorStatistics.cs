namespace HakMem.Boxes;

/// <summary>The numbers of one composition at one time; all sizes in bytes.</summary>
public unsafe struct AllocatorStatistics
{
    /// <summary>Address space reserved: the shared range with its tables, and mappings of big blocks.</summary>
    public ulong ReservedBytes;

    /// <summary>Memory that may be backed: chunks in use or not purged yet, big blocks, cached mappings. Tables not counted.</summary>
    public ulong CommittedBytes;

    /// <summary>The usable sizes of all blocks with users.</summary>
    public ulong InUseBytes;

    /// <summary>Free memory kept near: blocks in stacks and tables, warm slabs, cached spans and mappings.</summary>
    public ulong CachedBytes;

    /// <summary>Given back by purging so far.</summary>
    public ulong PurgedBytes;

    /// <summary>Blocks with users.</summary>
    public ulong InUseBlocks;

    /// <summary>Blocks of whole chunks with users.</summary>
    public ulong LargeBlocks;

    /// <summary>The bytes of these.</summary>
    public ulong LargeBytes;

    /// <summary>Blocks with mappings of their own.</summary>
    public ulong BigBlocks;

    /// <summary>The bytes of these.</summary>
    public ulong BigBytes;

    /// <summary>Heaps made so far.</summary>
    public ulong Heaps;

    /// <summary>Heaps without a thread or a user.</summary>
    public ulong FreeHeaps;

    /// <summary>How often a heap of an ended thread was taken over.</summary>
    public ulong Adoptions;

    /// <summary>How many slabs moved from a heap without a thread to another heap.</summary>
    public ulong Migrations;

    /// <summary>Blocks with users by size class; index 0 is unused.</summary>
    public fixed ulong ClassBlocks[(int)SizeClasses.Count];
}
