namespace HakMem.Boxes;

/// <content>
/// Asks the allocator's own records whether they agree with themselves where slow paths begin: the heap, the bin and its current slab at each refill and flush, a
/// SuperSlab before the arena changes it.
/// </content>
public static unsafe partial class FreelistValidation
{
    /// <inheritdoc cref="IAllocatorConfig.OnSlowEntry"/>
    public static void OnSlowEntry<TConfig>(ThreadHeap* heap, uint sizeClass)
        where TConfig : struct, IAllocatorConfig
    {
        if (!ThreadHeap.IsValid<TConfig>(heap)) Fatal.Stop<TConfig>(FatalReason.CorruptedHeap, heap);
        Bin* bin = ThreadHeap.BinOf(heap, sizeClass);
        if (!Bin.IsValid<TConfig>(heap, sizeClass)) Fatal.Stop<TConfig>(FatalReason.CorruptedBin, bin);
        if (bin->Current != null && !Slab.IsValid<TConfig>(bin->Current)) Fatal.Stop<TConfig>(FatalReason.CorruptedSlab, bin->Current->Start);
    }

    /// <inheritdoc cref="IAllocatorConfig.OnRetireSlab"/>
    public static void OnRetireSlab<TConfig>(Slab* slab)
        where TConfig : struct, IAllocatorConfig
    {
        if (!Slab.IsValid<TConfig>(slab)) Fatal.Stop<TConfig>(FatalReason.CorruptedSlab, slab->Start);
    }

    /// <inheritdoc cref="IAllocatorConfig.OnSuperSlab"/>
    public static void OnSuperSlab<TConfig>(SuperSlab* superSlab)
        where TConfig : struct, IAllocatorConfig
    {
        if (!SuperSlab.IsValid<TConfig>(superSlab)) Fatal.Stop<TConfig>(FatalReason.CorruptedSuperSlab, PageMap.Address<TConfig>(superSlab->FirstChunk));
    }
}
