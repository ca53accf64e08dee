using HakMem.Boxes;

namespace InvertedIndexSample.Indexes;

/// <summary>
/// The index's own allocator, composed for what an index does: one thread builds it, it only grows, and it goes as a whole. So slabs come in
/// batches of eight, few free blocks wait in front stacks, and what a dropped index leaves stays a while for the next one.
/// </summary>
[HakMemAllocator(PrefillBudget = 8, FrontCapacity = 64, WarmCapacity = 8, PurgeDelay = 2000)]
internal static unsafe partial class IndexHeap;
