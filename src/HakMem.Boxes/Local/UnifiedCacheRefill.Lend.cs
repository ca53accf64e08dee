namespace HakMem.Boxes;

/// <content>Used blocks of larger classes in place of fresh ones. Under the heap's lock, by the running thread.</content>
public static unsafe partial class UnifiedCacheRefill
{
    private const uint LendersAbove = 4;   // half as large again at most
    private const ulong LendBelowBytes = 2 << 20;   // of blocks above a page, in use in a heap: beyond, blocks of the right class at hand are worth more than a few pages

    // A block of the class that LenderOf found, under the lock since then, which is given back: it has one.
    private static void* TakeLent<TConfig>(ThreadHeap* heap, uint lender)
        where TConfig : struct, IAllocatorConfig
    {
        TConfig.OnSlowEntry(heap, lender);
        if (TConfig.TryPopFront(heap, lender, out void* block))
        {
            SpinLock.Exit<TConfig>(&heap->Lock);
            TConfig.OnSlowExit(heap, SlowExit.LentByLarger);
            TConfig.OnMissServed(heap, lender, block);
            return block;
        }

        Bin* bin = ThreadHeap.BinOf(heap, lender);
        bin->LastMove = FrontMove.Refilled;
        void** slots = TConfig.OfferFront(heap, lender, out uint want);
        return Accept<TConfig>(heap, lender, Fill<TConfig>(heap, bin, lender, slots, want));
    }

    // Under the heap's lock. 0, none, while the bin has used blocks itself: all else is rare but in programs whose sizes keep changing.
    private static uint LenderOf<TConfig>(ThreadHeap* heap, uint sizeClass, uint size)
        where TConfig : struct, IAllocatorConfig
    {
        if (heap->Inbox != 0 || HasUsed(ThreadHeap.BinOf(heap, sizeClass))) return 0;   // blocks of its own may be in the inbox
        ulong inUse = 0;
        for (uint above = SizeClasses.FirstAbovePage; above < SizeClasses.Count; above++) inUse += *ThreadHeap.Out(heap, above) * (ulong)TConfig.Classes[above].SizeBytes;
        if (inUse > LendBelowBytes) return 0;
        uint last = sizeClass + LendersAbove < SizeClasses.Count ? sizeClass + LendersAbove : SizeClasses.Count - 1;
        uint finer = (size & (0 - size)) - 1;   // whatever power of two the size is a multiple of, the block is: powers of two are aligned to themselves
        for (uint lender = sizeClass + 1; lender <= last; lender++)
        {
            if ((TConfig.Classes[lender].SizeBytes & finer) != 0) continue;
            if (TConfig.CountFront(heap, lender) != 0 || HasUsed(ThreadHeap.BinOf(heap, lender))) return lender;
        }

        return 0;
    }

    private static bool HasUsed(Bin* bin)
        => (bin->Current != null && bin->Current->FreeBlocks != 0) || (bin->Partial != null && bin->Partial->FreeBlocks != 0) || (bin->Sparse != null && bin->Sparse->FreeBlocks != 0);
}
