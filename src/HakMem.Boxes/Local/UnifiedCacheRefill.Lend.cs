namespace HakMem.Boxes;

/// <content>Used blocks of larger classes in place of fresh ones. Under the heap's lock, by the running thread.</content>
public static unsafe partial class UnifiedCacheRefill
{
    private const uint LendersAbove = 4;   // half as large again at most
    private const ulong LendBelowBytes = 512 << 10;   // of the class and those that may lend, in use in a heap: beyond, blocks of the right class at hand are worth more than a few pages

    // Under the heap's lock. 0, none, while the bin has used blocks itself: all else is rare but in programs whose sizes keep changing. Its home, if nobody has used blocks and the bin may still borrow there.
    private static uint LenderOf<TConfig>(ThreadHeap* heap, uint sizeClass, uint size, bool borrows)
        where TConfig : struct, IAllocatorConfig
    {
        if (heap->Inbox != 0 || HasUsed(ThreadHeap.BinOf(heap, sizeClass))) return 0;   // blocks of its own may be in the inbox
        uint last = sizeClass + LendersAbove < SizeClasses.Count ? sizeClass + LendersAbove : SizeClasses.Count - 1;
        ulong inUse = 0;
        for (uint one = sizeClass; one <= last; one++) inUse += *ThreadHeap.Out(heap, one) * (ulong)TConfig.Classes[one].SizeBytes;
        if (inUse > LendBelowBytes) return 0;
        uint finer = (size & (0 - size)) - 1;   // whatever power of two the size is a multiple of, the block is: powers of two are aligned to themselves
        for (uint lender = sizeClass + 1; lender <= last; lender++)
        {
            if ((TConfig.Classes[lender].SizeBytes & finer) != 0) continue;
            if (TConfig.CountFront(heap, lender) != 0 || HasUsed(ThreadHeap.BinOf(heap, lender))) return lender;
        }

        if (!borrows) return 0;
        ThreadHeap.BinOf(heap, sizeClass)->Borrowed++;
        return TConfig.Classes[sizeClass].Home;
    }

    private static bool HasUsed(Bin* bin)
        => (bin->Current != null && bin->Current->FreeBlocks != 0) || (bin->Partial != null && bin->Partial->FreeBlocks != 0) || (bin->Sparse != null && bin->Sparse->FreeBlocks != 0);
}
