using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace HakMem.Boxes;

/// <summary>
/// Box of layer Guards: fills every block up to 32 KiB with <see cref="Filling"/> when it is freed or cut, and looks whether it still holds that when it is handed out: a
/// write after the free is found then, at the latest. Pages of free blocks that were given back to the OS and are used again are filled anew, after a look
/// whether they are still zero. What a front keeps at the start of its free blocks is left alone. Comes after the other guards, which may want what is in the block. No state.
/// </summary>
[Box(BoxLayer.Guards, Switch = "HakMemPoison", Flavors = "debug", Order = 1)]
public static unsafe class Poison
{
    /// <summary>The byte that free blocks consist of.</summary>
    public const byte Filling = 0xDB;

    private const ulong FillingWord = 0x0101_0101_0101_0101UL * Filling;

    /// <inheritdoc cref="IAllocatorConfig.OnRefillBlock"/>
    public static void OnRefillBlock<TConfig>(Slab* slab, void* block, bool fresh)
        where TConfig : struct, IAllocatorConfig
    {
        if (fresh) NativeMemory.Fill(block, TConfig.Classes[slab->Class].SizeBytes, Filling);
    }

    /// <inheritdoc cref="IAllocatorConfig.OnUnpurge"/>
    public static void OnUnpurge<TConfig>(Slab* slab, ulong pages)
        where TConfig : struct, IAllocatorConfig
    {
        byte* end = slab->Start + ((nuint)slab->Carved * TConfig.Classes[slab->Class].SizeBytes);   // what lies behind is no block yet, and may be promised to be zero
        for (int page = 0; page < 64; page++)
        {
            byte* start = slab->Start + ((nuint)page * Chunk.OsPageBytes);
            if ((pages & (1UL << page)) == 0 || start >= end) continue;
            nuint bytes = (nuint)(end - start) < Chunk.OsPageBytes ? (nuint)(end - start) : Chunk.OsPageBytes;
            Check<TConfig>(slab->Class, slab->Start, start, bytes, 0);
            NativeMemory.Fill(start, bytes, Filling);
        }
    }

    /// <inheritdoc cref="IAllocatorConfig.OnFrontHit"/>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void OnFrontHit<TConfig>(uint sizeClass, void* block)
        where TConfig : struct, IAllocatorConfig
    {
        uint links = TConfig.FrontLinkBytes();
        Check<TConfig>(sizeClass, (byte*)block, (byte*)block + links, TConfig.Classes[sizeClass].SizeBytes - links, FillingWord);
    }

    /// <inheritdoc cref="IAllocatorConfig.OnMissServed"/>
    public static void OnMissServed<TConfig>(uint sizeClass, void* block)
        where TConfig : struct, IAllocatorConfig
        => OnFrontHit<TConfig>(sizeClass, block);

    /// <inheritdoc cref="IAllocatorConfig.OnFrontPush"/>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void OnFrontPush<TConfig>(uint sizeClass, void* block)
        where TConfig : struct, IAllocatorConfig
    {
        SizeClass* info = TConfig.Classes + sizeClass;
        nuint offset = ((nuint)block - (nuint)TConfig.Base) & info->SlabMask;
        uint links = TConfig.FrontLinkBytes();
        if (Slab.IndexOf(info, offset, out _)) NativeMemory.Fill((byte*)block + links, info->SizeBytes - links, Filling);   // else no block: found at the flush
    }

    /// <inheritdoc cref="IAllocatorConfig.OnFlushPush"/>
    public static void OnFlushPush<TConfig>(uint sizeClass, void* block)
        where TConfig : struct, IAllocatorConfig
        => OnFrontPush<TConfig>(sizeClass, block);

    /// <inheritdoc cref="IAllocatorConfig.OnRemoteBlock"/>
    public static void OnRemoteBlock<TConfig>(uint sizeClass, void* block)
        where TConfig : struct, IAllocatorConfig
        => OnFrontPush<TConfig>(sizeClass, block);

    // Sizes are multiples of 16 and links are words, so words cover what is left. The blocks that a page lies in begin at multiples of the size from `origin` on.
    private static void Check<TConfig>(uint sizeClass, byte* origin, byte* start, nuint bytes, ulong expected)
        where TConfig : struct, IAllocatorConfig
    {
        for (ulong* word = (ulong*)start, end = (ulong*)(start + bytes); word != end; word++)
        {
            if (*word == expected) continue;
            byte* at = (byte*)word;
            while (*at == (byte)expected) at++;
            nuint size = TConfig.Classes[sizeClass].SizeBytes;
            nuint offset = (nuint)(at - origin) % size;
            Fatal.StopWrite<TConfig>(at - offset, sizeClass, (uint)offset, *at, (byte)expected);
        }
    }
}
