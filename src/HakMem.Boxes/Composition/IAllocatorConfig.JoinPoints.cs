namespace HakMem.Boxes;

/// <content>The join points: where diagnostics and guards are woven in. Without any, their bodies are empty.</content>
public unsafe partial interface IAllocatorConfig
{
    /// <summary>The front had a block for an allocation.</summary>
    [JoinPoint] static abstract void OnFrontHit(ThreadHeap* heap, uint sizeClass, void* block);

    /// <summary>The front was empty; a refill follows.</summary>
    [JoinPoint] static abstract void OnFrontMiss(ThreadHeap* heap, uint sizeClass);

    /// <summary>A miss of the front is served with this block. The class is the block's: the one that was asked for, its home class, or a larger one that lends.</summary>
    [JoinPoint] static abstract void OnMissServed(ThreadHeap* heap, uint sizeClass, void* block);

    /// <summary>The front took a freed block.</summary>
    [JoinPoint] static abstract void OnFrontPush(ThreadHeap* heap, uint sizeClass, void* block);

    /// <summary>A front that links its blocks is about to hand one out, and holds on to the next that this one names; null is the end.</summary>
    [JoinPoint] static abstract void OnFrontLink(ThreadHeap* heap, uint sizeClass, void* block, void* next);

    /// <summary>The front was full and has taken a freed block after a flush or by growing.</summary>
    [JoinPoint] static abstract void OnFlushPush(ThreadHeap* heap, uint sizeClass, void* block);

    /// <summary>A block of another heap is being freed; nothing of it is recorded yet.</summary>
    [JoinPoint] static abstract void OnRemoteBlock(uint sizeClass, void* block);

    /// <summary>A block is about to be freed by a caller who knows its size.</summary>
    [JoinPoint] static abstract void OnSizedFree(void* block, nuint size);

    /// <summary>A realloc to a smaller size leaves a block as it is: there is no memory for a smaller one.</summary>
    [JoinPoint] static abstract void OnShrinkRefused(void* block);

    /// <summary>The size of a block that should have a user was asked for.</summary>
    [JoinPoint] static abstract void OnUse(uint sizeClass, void* block);

    /// <summary>A request that the hot path did not serve.</summary>
    [JoinPoint] static abstract void OnSlowAlloc(ThreadHeap* heap, nuint size);

    /// <summary>A slow path ends before its usual end.</summary>
    [JoinPoint] static abstract void OnSlowExit(ThreadHeap* heap, SlowExit exit);

    /// <summary>A refill or flush of a bin begins. Under the heap's lock.</summary>
    [JoinPoint] static abstract void OnSlowEntry(ThreadHeap* heap, uint sizeClass);

    /// <summary>A refill begins with the bin's current slab, if there is one. Under the heap's lock.</summary>
    [JoinPoint] static abstract void OnFill(ThreadHeap* heap, Bin* bin);

    /// <summary>A refill takes a slab out of one of its bin's lists, perhaps after it collected the inbox. Under the heap's lock.</summary>
    [JoinPoint] static abstract void OnFillFrom(ThreadHeap* heap, Slab* slab, bool collected);

    /// <summary>A bin without slabs is served by one of the stages from the warm pool on; the last of them, the arena, is about to be asked.</summary>
    [JoinPoint] static abstract void OnRefillStage(ThreadHeap* heap, RefillStage stage);

    /// <summary>A refill is about to put a block of a slab into the front; fresh is a block that was just cut. Under the heap's lock.</summary>
    [JoinPoint] static abstract void OnRefillBlock(ThreadHeap* heap, Slab* slab, void* block, bool fresh);

    /// <summary>A block was cut for a user who wants zeros, past the front. Under the heap's lock.</summary>
    [JoinPoint] static abstract void OnCarveZeroed(ThreadHeap* heap, Slab* slab, void* block);

    /// <summary>Pages of a slab that were given back, a bit each, are about to be used again. Under the heap's lock.</summary>
    [JoinPoint] static abstract void OnUnpurge(ThreadHeap* heap, Slab* slab, ulong pages);

    /// <summary>A refill has put so many blocks into the front. Under the heap's lock.</summary>
    [JoinPoint] static abstract void OnRefill(ThreadHeap* heap, uint sizeClass, uint blocks);

    /// <summary>A flush is about to put blocks back into a slab, all of one word of its bitmap. Under the heap's lock.</summary>
    [JoinPoint] static abstract void OnFlushBlocks(ThreadHeap* heap, Slab* slab, void** blocks, uint count);

    /// <summary>A flush has put so many blocks back. Under the heap's lock.</summary>
    [JoinPoint] static abstract void OnFlush(ThreadHeap* heap, uint sizeClass, uint blocks);

    /// <summary>A free of a block of another heap was added to the remote table.</summary>
    [JoinPoint] static abstract void OnRemoteFree(ThreadHeap* heap, uint sizeClass);

    /// <summary>What a front holds is about to be given up with its first-class heap. Under the heap's lock.</summary>
    [JoinPoint] static abstract void OnDiscard(ThreadHeap* heap, uint sizeClass);

    /// <summary>The inbox of a heap was collected and gave so many blocks. Under the heap's lock.</summary>
    [JoinPoint] static abstract void OnCollect(ThreadHeap* heap, uint blocks);

    /// <summary>The warm pool had an empty slab.</summary>
    [JoinPoint] static abstract void OnWarmHit(ThreadHeap* heap);

    /// <summary>The warm pool had no empty slab.</summary>
    [JoinPoint] static abstract void OnWarmMiss(ThreadHeap* heap);

    /// <summary>The warm pool was offered an empty slab, and kept it or had no room.</summary>
    [JoinPoint] static abstract void OnWarmPut(ThreadHeap* heap, bool kept);

    /// <summary>A batch of slabs was taken from the shared pool.</summary>
    [JoinPoint] static abstract void OnPrefill(ThreadHeap* heap, uint slabs);

    /// <summary>A slab was cut for a size class. Under the heap's lock.</summary>
    [JoinPoint] static abstract void OnNewSlab(ThreadHeap* heap, Slab* slab);

    /// <summary>An empty slab was given up. Under the heap's lock.</summary>
    [JoinPoint] static abstract void OnRetireSlab(ThreadHeap* heap, Slab* slab);

    /// <summary>A block of whole chunks was allocated.</summary>
    [JoinPoint] static abstract void OnAllocLarge(ThreadHeap* heap, nuint size);

    /// <summary>A block of whole chunks was freed.</summary>
    [JoinPoint] static abstract void OnFreeLarge(ThreadHeap* heap);

    /// <summary>A freed block of whole chunks or with a mapping of its own, or the tail of one, is about to be kept for reuse.</summary>
    [JoinPoint] static abstract void OnKeepSpan(byte* start, nuint bytes);

    /// <summary>The arena got a SuperSlab from the address space.</summary>
    [JoinPoint] static abstract void OnNewSuperSlab(SuperSlab* superSlab);

    /// <summary>The arena is about to change a SuperSlab. Under the arena's lock.</summary>
    [JoinPoint] static abstract void OnSuperSlab(SuperSlab* superSlab);

    /// <summary>The address space of the composition alone is about to be given back. No thread uses it any more.</summary>
    [JoinPoint] static abstract void OnDestroy();

    /// <summary>A lock was taken, after so many waits. Under that lock.</summary>
    [JoinPoint] static abstract void OnLock(int* word, uint waits);

    /// <summary>A shared lock of the composition was taken by this call.</summary>
    [JoinPoint] static abstract void OnSharedLock();

    /// <summary>A step of a lock-free protocol or a boundary of a lock comes next. Locks may be held; nothing may be allocated, freed or locked.</summary>
    [JoinPoint] static abstract void OnSharedStep();
}
