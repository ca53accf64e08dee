using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace HakMem.Boxes;

/// <summary>
/// Box of layer Guards: clears memory when it is freed, so that what a program held is not read from a block handed out later, by accident or by intent. Blocks up to 32 KiB at
/// the free itself, before any other thread can get them; larger ones before they are kept for reuse; blocks that die with their first-class heap with their slab. What goes back to the OS is cleared by the OS. No state.
/// </summary>
[Box(BoxLayer.Guards, Switch = "HakMemZeroOnFree", Flavors = "hardened")]
public static unsafe class ZeroOnFree
{
    /// <inheritdoc cref="IAllocatorConfig.OnFrontPush"/>
    public static void OnFrontPush<TConfig>(uint sizeClass, void* block)
        where TConfig : struct, IAllocatorConfig
        => Clear<TConfig>(sizeClass, block, TConfig.FrontLinkBytes());   // the front's link is there already

    /// <inheritdoc cref="IAllocatorConfig.OnFlushPush"/>
    public static void OnFlushPush<TConfig>(uint sizeClass, void* block)
        where TConfig : struct, IAllocatorConfig
        => Clear<TConfig>(sizeClass, block, TConfig.FrontLinkBytes());

    /// <inheritdoc cref="IAllocatorConfig.OnRemoteBlock"/>
    public static void OnRemoteBlock<TConfig>(uint sizeClass, void* block)
        where TConfig : struct, IAllocatorConfig
        => Clear<TConfig>(sizeClass, block, 0);

    /// <inheritdoc cref="IAllocatorConfig.OnKeepSpan"/>
    public static void OnKeepSpan(byte* start, nuint bytes) => NativeMemory.Clear(start, bytes);

    /// <inheritdoc cref="IAllocatorConfig.OnRetireSlab"/>
    public static void OnRetireSlab<TConfig>(Slab* slab)
        where TConfig : struct, IAllocatorConfig
    {
        // Blocks with users are left only in a heap that is destroyed.
        if (slab->FreeBlocks != slab->Carved) NativeMemory.Clear(slab->Start, slab->Carved * (nuint)TConfig.Classes[slab->Class].SizeBytes);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Clear<TConfig>(uint sizeClass, void* block, uint from)
        where TConfig : struct, IAllocatorConfig
    {
        SizeClass* info = TConfig.Classes + sizeClass;
        nuint offset = ((nuint)block - (nuint)TConfig.Base) & info->SlabMask;
        if (Slab.IndexOf(info, offset, out _)) NativeMemory.Clear((byte*)block + from, info->SizeBytes - from);   // else no block: found at the flush
    }
}
