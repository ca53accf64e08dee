using System.Numerics;

namespace HakMem.Boxes;

/// <summary>
/// Box of layer Pages: the record of 2 MiB of address space, which a <see cref="PageArena"/> cuts into spans of chunks. All fields
/// belong to the arena and are touched under its lock, but for <see cref="Next"/> while the SuperSlab is in the address space's list.
/// </summary>
[Box(BoxLayer.Pages)]
public unsafe struct SuperSlab
{
    /// <summary>The index of its first chunk.</summary>
    public uint FirstChunk;

    /// <summary>One bit for every chunk that is free.</summary>
    public uint Free;

    /// <summary>One bit for every free chunk that may hold anything but zeros.</summary>
    public uint Dirty;

    /// <summary>One bit for every free chunk that holds zeros and has memory behind it, for the purge queue to give back.</summary>
    public uint Zeroed;

    /// <summary>The length of the longest run in <see cref="Free"/>: the list it is in; 0 is no list.</summary>
    public uint Run;

    /// <summary>Whether it is in the purge queue.</summary>
    public bool Queued;

    /// <summary>Of one that the address space hands out: whether its pages are as the composition wants them already, with memory behind them where <see cref="Backed"/> says so.</summary>
    public bool Prepared;

    /// <summary>One bit for every chunk that is being purged or cleared: neither free nor in use meanwhile.</summary>
    public uint Hidden;

    /// <summary>
    /// One bit for every chunk that had memory behind it before anybody wrote there: those in use that were handed out so, cleared or prefaulted, for when they come back clean, and free ones
    /// that were prefaulted and never handed out.
    /// </summary>
    public uint Backed;

    /// <summary>When the purge queue looks at it, in milliseconds of the clock.</summary>
    public ulong Deadline;

    /// <summary>The next in its list.</summary>
    public SuperSlab* Next;

    /// <summary>The one before it in its list.</summary>
    public SuperSlab* Previous;

    /// <summary>The next in the purge queue.</summary>
    public SuperSlab* QueueNext;

    // When each free chunk that is dirty or zeroed became so: the low half of the clock's milliseconds.
    private fixed uint _since[(int)Chunk.PerSuperSlab];

    /// <summary>Notes that chunks became dirty or zeroed just now. Under the arena's lock.</summary>
    public static void Stamp(SuperSlab* superSlab, uint mask, ulong milliseconds)
    {
        for (; mask != 0; mask &= mask - 1) superSlab->_since[BitOperations.TrailingZeroCount(mask)] = (uint)milliseconds;
    }

    /// <summary>For how many milliseconds a chunk has been dirty or zeroed. Under the arena's lock.</summary>
    public static uint Age(SuperSlab* superSlab, int chunk, ulong milliseconds) => (uint)milliseconds - superSlab->_since[chunk];

    /// <summary>Makes the record of 2 MiB that nobody uses: all chunks free and clean, in no list.</summary>
    public static void MarkFree(SuperSlab* superSlab)
    {
        superSlab->Free = uint.MaxValue;
        superSlab->Dirty = 0;
        superSlab->Hidden = 0;
        superSlab->Zeroed = 0;
        superSlab->Backed = 0;
        superSlab->Prepared = false;
        superSlab->Run = 0;
        superSlab->Next = null;
        superSlab->Previous = null;
    }

    /// <summary>The SuperSlab that a chunk lies in.</summary>
    public static SuperSlab* Of<TConfig>(uint chunk)
        where TConfig : struct, IAllocatorConfig
        => TConfig.Space->SuperSlabs + (chunk / Chunk.PerSuperSlab);

    /// <summary>Whether the record agrees with itself and its place. Under the arena's lock.</summary>
    public static bool IsValid<TConfig>(SuperSlab* superSlab)
        where TConfig : struct, IAllocatorConfig
        => superSlab->FirstChunk % Chunk.PerSuperSlab == 0 && Of<TConfig>(superSlab->FirstChunk) == superSlab
           && (superSlab->Dirty & ~superSlab->Free) == 0 && (superSlab->Hidden & superSlab->Free) == 0
           && (superSlab->Zeroed & ~superSlab->Free) == 0 && (superSlab->Zeroed & superSlab->Dirty) == 0
           && (superSlab->Backed & (superSlab->Dirty | superSlab->Zeroed | superSlab->Hidden)) == 0
           && superSlab->Run == Bits.LongestRun(superSlab->Free);
}
