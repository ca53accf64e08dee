using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace HakMem.Boxes;

/// <summary>Which list of its bin a slab is in.</summary>
public enum SlabPlace : byte
{
    /// <summary>The bin's current slab.</summary>
    Current,

    /// <summary>In the list of slabs worth visiting.</summary>
    Partial,

    /// <summary>In the list of slabs with few free blocks.</summary>
    Sparse,

    /// <summary>In no list: nothing is free.</summary>
    Full,

    /// <summary>In transit from one heap to another.</summary>
    Adrift,
}

/// <summary>
/// Box of layer Pages: the header of a slab, out of line in a table by chunk. The L part, first, belongs to the owning heap and is touched
/// only under its lock (T1); the R part, on other cache lines, is where every thread sends freed blocks to (T2, T3).
/// A set bit of <see cref="Bits"/> is a block that is free in the slab; a block with a user, in a stack, or in a remote table is no set bit.
/// </summary>
[Box(BoxLayer.Pages)]
[StructLayout(LayoutKind.Explicit, Size = 256)]
public unsafe struct Slab
{
    /// <summary>The bytes from one header to the next: not a power of two, which would put every header in the same few cache sets.</summary>
    public const nuint Stride = 320;

    /// <summary>The bytes from one pair of long bitmaps to the next: 64 words each, and a line against equal cache sets.</summary>
    public const nuint LongBitmapStride = (2 * 512) + 64;

    /// <summary>The words that fit into the header itself.</summary>
    public const uint ShortWords = 8;

    /// <summary>What leaves of a product its low 40 bits, at the upper end of the word.</summary>
    public const int FractionShift = 64 - 40;

    private const int ShortBitsOffset = 64, ShortRemoteOffset = 192;

    // ---- L part: 64 bytes, then 8 words of bitmap ------------------------------------------------------------------

    /// <summary>The first byte of the first block.</summary>
    [FieldOffset(0)] public byte* Start;

    /// <summary>The free bitmap.</summary>
    [FieldOffset(8)] public ulong* Bits;

    /// <summary>The next slab in its bin's list.</summary>
    [FieldOffset(16)] public Slab* Next;

    /// <summary>The slab before it in its bin's list.</summary>
    [FieldOffset(24)] public Slab* Previous;

    /// <summary>How many blocks were cut so far; the blocks from here on were never handed out.</summary>
    [FieldOffset(32)] public uint Carved;

    /// <summary>For a large block, the bytes behind the size that was asked for, to the end of its chunks, in whole pages that nobody had written to when it was handed out; 0 once it was resized to more.</summary>
    [FieldOffset(32)] public uint Untouched;

    /// <summary>The number of set bits.</summary>
    [FieldOffset(36)] public uint FreeBlocks;

    /// <summary>The blocks it has room for; for a large block, its chunks.</summary>
    [FieldOffset(40)] public uint Blocks;

    /// <summary>No word below this has a set bit; 0 in a bin's list.</summary>
    [FieldOffset(44)] public ushort Hint;

    /// <summary>Its size class.</summary>
    [FieldOffset(46)] public byte Class;

    /// <summary>Its list.</summary>
    [FieldOffset(47)] public SlabPlace Place;

    /// <summary>The index of its first chunk.</summary>
    [FieldOffset(48)] public uint FirstChunk;

    /// <summary>Whether the blocks from <see cref="Carved"/> on are known to be zero.</summary>
    [FieldOffset(52)] public bool Zeroed;

    /// <summary>What the scavenger knows of it: 0 nothing, 1 seen with <see cref="SeenFree"/> free blocks, 2 purged in that state.</summary>
    [FieldOffset(53)] public byte Stage;

    /// <summary>The low half of <see cref="FreeBlocks"/> when the scavenger came last.</summary>
    [FieldOffset(54)] public ushort SeenFree;

    /// <summary>One bit for each OS page that was given back while nothing of it was in use, and not handed out since.</summary>
    [FieldOffset(56)] public ulong PurgedPages;

    /// <summary>The free bitmap when it is short.</summary>
    [FieldOffset(ShortBitsOffset)] public fixed ulong ShortBits[(int)ShortWords];

    // ---- R part: 64 bytes, then 8 words of bitmap -------------------------------------------------------------------

    /// <summary>The remote bitmap.</summary>
    [FieldOffset(128)] public ulong* Remote;

    /// <summary>One bit for each word of <see cref="Remote"/> that became nonzero.</summary>
    [FieldOffset(136)] public ulong Summary;

    /// <summary>The next slab in the owner's inbox.</summary>
    [FieldOffset(144)] public Slab* InboxNext;

    /// <summary>The id of the owning heap.</summary>
    [FieldOffset(152)] public uint Owner;

    /// <summary>The remote bitmap when it is short.</summary>
    [FieldOffset(ShortRemoteOffset)] public fixed ulong ShortRemote[(int)ShortWords];

    /// <summary>The header of the slab or large block that starts at a chunk.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Slab* At<TConfig>(nuint firstChunk)
        where TConfig : struct, IAllocatorConfig
        => (Slab*)(TConfig.SlabHeaders + (firstChunk * Stride));

    /// <summary>The header of the slab that a chunk of a class lies in.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Slab* Of<TConfig>(nuint chunk, SizeClass* sizeClass)
        where TConfig : struct, IAllocatorConfig
        => At<TConfig>(chunk & ~((nuint)sizeClass->Chunks - 1));

    /// <summary>
    /// The index of the block that starts at an offset from the slab's start. False when the offset is not a block's start: the low 40 bits
    /// of the product are below the reciprocal exactly for multiples of the size, since offsets stay below 2¹⁸ and reciprocals at 2²⁵ and above.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IndexOf(SizeClass* sizeClass, nuint offset, out uint index) => IndexOf(sizeClass->Reciprocal, sizeClass->Reciprocal << FractionShift, offset, out index);

    /// <summary>
    /// The same from any block's start, with the class's reciprocal in hand, and that shifted by <see cref="FractionShift"/>: in a loop a local of its own, since the compiler takes no shift out of one.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IndexOf(ulong reciprocal, ulong shifted, nuint offset, out uint index)
    {
        ulong product = offset * reciprocal;
        index = (uint)(product >> 40);
        return product << FractionShift < shifted;
    }

    /// <summary>The block of the lowest of some bits in a word of a slab's bitmap.</summary>
    public static void* BlockAt<TConfig>(Slab* slab, uint sizeClass, uint word, ulong bits)
        where TConfig : struct, IAllocatorConfig
    {
        nuint index = ((nuint)word << 6) + (nuint)(uint)BitOperations.TrailingZeroCount(bits);
        return slab->Start + (index * TConfig.Classes[sizeClass].SizeBytes);
    }

    /// <summary>Makes the header of fresh memory: all blocks uncut, nothing free, nothing sent. Only when no thread can reach the slab.</summary>
    public static void Init<TConfig>(Slab* slab, uint firstChunk, uint sizeClass, uint owner, bool zeroed)
        where TConfig : struct, IAllocatorConfig
    {
        SizeClass* info = TConfig.Classes + sizeClass;
        byte* longBits = TConfig.Space->LongBitmaps + (firstChunk * LongBitmapStride);
        bool isShort = info->Words <= ShortWords;
        slab->Start = PageMap.Address<TConfig>(firstChunk);
        slab->Bits = isShort ? (ulong*)((byte*)slab + ShortBitsOffset) : (ulong*)longBits;
        slab->Remote = isShort ? (ulong*)((byte*)slab + ShortRemoteOffset) : (ulong*)(longBits + 512);
        slab->Next = null;
        slab->Previous = null;
        slab->Carved = 0;
        slab->FreeBlocks = 0;
        slab->Blocks = info->Blocks;
        slab->Hint = 0;
        slab->Class = (byte)sizeClass;
        slab->Place = SlabPlace.Adrift;
        slab->FirstChunk = firstChunk;
        slab->Zeroed = zeroed;
        slab->Stage = 0;
        slab->PurgedPages = 0;
        slab->Owner = owner;
        slab->Summary = 0;   // as the remote bits are: but not in the child of a fork whose parent's other threads were sending
        for (uint word = 0; word < info->Words; word++) slab->Bits[word] = slab->Remote[word] = 0;
    }

    /// <summary>Whether the header's numbers agree with each other and with the page map. Under the owner's lock.</summary>
    public static bool IsValid<TConfig>(Slab* slab)
        where TConfig : struct, IAllocatorConfig
    {
        SizeClass* info = TConfig.Classes + slab->Class;
        if (slab->Class == 0 || slab->Class >= SizeClasses.Count || slab->Blocks != info->Blocks) return false;
        if (slab->Carved > slab->Blocks || slab->FreeBlocks > slab->Carved) return false;
        if (PageMap.Get<TConfig>(slab->FirstChunk) != ((slab->Owner << 8) | slab->Class)) return false;
        if (slab->Hint != 0 && slab->Place is (SlabPlace.Partial or SlabPlace.Sparse)) return false;
        uint free = 0;
        for (uint word = 0; word < info->Words; word++)
        {
            if (word < slab->Hint && slab->Bits[word] != 0) return false;
            free += (uint)BitOperations.PopCount(slab->Bits[word]);
        }

        return free == slab->FreeBlocks;
    }
}
