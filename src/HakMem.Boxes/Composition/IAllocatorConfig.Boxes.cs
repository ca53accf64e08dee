namespace HakMem.Boxes;

/// <content>The boxes below a box: each member is forwarded to the one that the composition has in the slot.</content>
public unsafe partial interface IAllocatorConfig
{
    // ---- operating system -------------------------------------------------------------------------------------------

    /// <inheritdoc cref="LinuxMemory.Prepare"/>
    [Bound("Os", "Prepare")] static abstract void OsPrepare();

    /// <inheritdoc cref="LinuxMemory.Reserve"/>
    [Bound("Os", "Reserve")] static abstract byte* OsReserve(nuint bytes);

    /// <inheritdoc cref="LinuxMemory.Commit"/>
    [Bound("Os", "Commit")] static abstract bool OsCommit(byte* at, nuint bytes);

    /// <inheritdoc cref="LinuxMemory.Expose"/>
    [Bound("Os", "Expose")] static abstract bool OsExpose(byte* at, nuint bytes);

    /// <inheritdoc cref="LinuxMemory.Purge"/>
    [Bound("Os", "Purge")] static abstract bool OsPurge(byte* at, nuint bytes);

    /// <inheritdoc cref="LinuxMemory.Decommit"/>
    [Bound("Os", "Decommit")] static abstract bool OsDecommit(byte* at, nuint bytes);

    /// <inheritdoc cref="LinuxMemory.Recommit"/>
    [Bound("Os", "Recommit")] static abstract bool OsRecommit(byte* at, nuint bytes);

    /// <inheritdoc cref="LinuxMemory.TryRead"/>
    [Bound("Os", "TryRead")] static abstract bool OsTryRead(void* at, out nint word);

    /// <inheritdoc cref="LinuxMemory.Map"/>
    [Bound("Os", "Map")] static abstract byte* OsMap(nuint bytes);

    /// <inheritdoc cref="LinuxMemory.Unmap"/>
    [Bound("Os", "Unmap")] static abstract bool OsUnmap(byte* at, nuint bytes);

    /// <inheritdoc cref="LinuxMemory.Remap"/>
    [Bound("Os", "Remap")] static abstract byte* OsRemap(byte* at, nuint oldBytes, nuint newBytes, bool mayMove);

    /// <inheritdoc cref="LinuxMemory.AdviseHugePages"/>
    [Bound("Os", "AdviseHugePages")] static abstract bool OsAdviseHugePages(byte* at, nuint bytes, bool wanted);

    /// <inheritdoc cref="LinuxMemory.Populate"/>
    [Bound("Os", "Populate")] static abstract bool OsPopulate(byte* at, nuint bytes);

    /// <inheritdoc cref="LinuxMemory.AddressSpaceLimit"/>
    [Bound("Os", "AddressSpaceLimit")] static abstract nuint OsAddressSpaceLimit();

    /// <inheritdoc cref="LinuxMemory.Milliseconds"/>
    [Bound("Os", "Milliseconds")] static abstract ulong OsMilliseconds();

    /// <inheritdoc cref="LinuxMemory.ThreadId"/>
    [Bound("Os", "ThreadId")] static abstract uint OsThreadId();

    /// <inheritdoc cref="LinuxMemory.ThreadIsGone"/>
    [Bound("Os", "ThreadIsGone")] static abstract bool OsThreadIsGone(uint thread, void* word);

    /// <inheritdoc cref="LinuxMemory.WatchThreadEnd"/>
    [Bound("Os", "WatchThreadEnd")] static abstract void OsWatchThreadEnd(uint* key, void* word);

    /// <inheritdoc cref="LinuxMemory.UnwatchThreadEnds"/>
    [Bound("Os", "UnwatchThreadEnds")] static abstract void OsUnwatchThreadEnds(uint* key);

    /// <inheritdoc cref="LinuxMemory.Stack"/>
    [Bound("Os", "Stack")] static abstract bool OsStack(out byte* low, out nuint bytes);

    /// <inheritdoc cref="LinuxMemory.WatchStack"/>
    [Bound("Os", "WatchStack")] static abstract bool OsWatchStack(uint* key, void* word);

    /// <inheritdoc cref="LinuxMemory.Wait"/>
    [Bound("Os", "Wait")] static abstract void OsWait(uint attempt);

    /// <inheritdoc cref="LinuxMemory.WriteError"/>
    [Bound("Os", "WriteError")] static abstract void OsWriteError(byte* text, nuint bytes);

    /// <inheritdoc cref="LinuxMemory.Abort"/>
    [Bound("Os", "Abort")] static abstract void OsAbort();

    /// <inheritdoc cref="NoHost.Configure"/>
    [Bound("Host", "Configure")] static abstract void HostConfigure(Composition* composition);

    /// <inheritdoc cref="NoHost.Wake{TConfig}"/>
    [Bound("Host", "Wake")] static abstract bool HostWake(uint milliseconds);

    /// <inheritdoc cref="NoHost.Pressure{TConfig}"/>
    [Bound("Host", "Pressure")] static abstract void HostPressure(ulong committedBytes);

    // ---- pages --------------------------------------------------------------------------------------------------------

    /// <inheritdoc cref="MemoryLimit.TryCharge{TConfig}"/>
    [Bound("MemoryLimit", "TryCharge")] static abstract bool TryCharge(nuint bytes, out nuint charged);

    /// <inheritdoc cref="MemoryLimit.Settle{TConfig}"/>
    [Bound("MemoryLimit", "Settle")] static abstract void SettleCharge(nuint charged);

    /// <inheritdoc cref="AddressSpace.TrySuperSlab{TConfig}"/>
    [Bound("AddressSpace", "TrySuperSlab")] static abstract bool TrySuperSlab(out SuperSlab* superSlab);

    /// <inheritdoc cref="AddressSpace.ReturnSuperSlab{TConfig}"/>
    [Bound("AddressSpace", "ReturnSuperSlab")] static abstract void ReturnSuperSlab(SuperSlab* superSlab);

    /// <inheritdoc cref="AddressSpace.TakeMeta{TConfig}"/>
    [Bound("AddressSpace", "TakeMeta")] static abstract byte* TakeMeta(SpaceState* space, nuint bytes);

    /// <inheritdoc cref="AddressSpace.NewOwner{TConfig}"/>
    [Bound("AddressSpace", "NewOwner")] static abstract uint NewOwner(SpaceState* space, uint composition);

    /// <inheritdoc cref="AddressSpace.ReturnOwner{TConfig}"/>
    [Bound("AddressSpace", "ReturnOwner")] static abstract void ReturnOwner(SpaceState* space, uint owner);

    /// <inheritdoc cref="PageArena.TryTake{TConfig}"/>
    [Bound("PageArena", "TryTake")] static abstract uint TryTakeSpans(uint chunks, bool aligned, uint want, ChunkSpan* spans);

    /// <inheritdoc cref="PageArena.TryExtend{TConfig}"/>
    [Bound("PageArena", "TryExtend")] static abstract bool TryExtendSpan(uint firstChunk, uint chunks, uint newChunks);

    /// <inheritdoc cref="PageArena.Return{TConfig}"/>
    [Bound("PageArena", "Return")] static abstract void ReturnSpan(uint firstChunk, uint chunks, bool dirty);

    /// <inheritdoc cref="PageArena.Forget{TConfig}"/>
    [Bound("PageArena", "Forget")] static abstract void ForgetSpan(uint firstChunk, uint chunks);

    /// <inheritdoc cref="PageArena.Hide{TConfig}"/>
    [Bound("PageArena", "Hide")] static abstract void HideChunks(SuperSlab* superSlab, uint mask);

    /// <inheritdoc cref="PageArena.Show{TConfig}"/>
    [Bound("PageArena", "Show")] static abstract void ShowChunks(SuperSlab* superSlab, uint mask, uint stillDirty, uint zeroed);

    /// <inheritdoc cref="PageArena.QueueUnused{TConfig}"/>
    [Bound("PageArena", "QueueUnused")] static abstract void QueueUnusedChunks();

    /// <inheritdoc cref="PageArena.ReleaseUnused{TConfig}"/>
    [Bound("PageArena", "ReleaseUnused")] static abstract void ReleaseUnusedSuperSlabs();

    /// <inheritdoc cref="PurgeQueue.Add{TConfig}"/>
    [Bound("PurgeQueue", "Add")] static abstract void QueuePurge(SuperSlab* superSlab);

    /// <inheritdoc cref="PurgeQueue.GiveBack{TConfig}"/>
    [Bound("PurgeQueue", "GiveBack")] static abstract void GiveBackChunks(uint chunks);

    /// <inheritdoc cref="PurgeQueue.Poll{TConfig}"/>
    [Bound("PurgeQueue", "Poll")] static abstract void PollPurge(bool now);

    // ---- shared -------------------------------------------------------------------------------------------------------

    /// <inheritdoc cref="SharedPool.Acquire{TConfig}"/>
    [Bound("SharedPool", "Acquire")] static abstract uint AcquireSlabs(ThreadHeap* heap, uint sizeClass, uint want, ChunkSpan* spans, out Slab* partial);

    /// <inheritdoc cref="SharedPool.Release{TConfig}"/>
    [Bound("SharedPool", "Release")] static abstract void ReleaseSlab(uint chunk, bool dirty);

    /// <inheritdoc cref="SharedPool.Drain{TConfig}"/>
    [Bound("SharedPool", "Drain")] static abstract void DrainSharedPool();

    /// <inheritdoc cref="RemoteFree.Add{TConfig}"/>
    [Bound("RemoteFree", "Add")] static abstract void AddRemote(ThreadHeap* heap, void* block, uint entry);

    /// <inheritdoc cref="RemoteFree.Send{TConfig}"/>
    [Bound("RemoteFree", "Send")] static abstract void SendRemote(Slab* slab, uint word, ulong bits);

    /// <inheritdoc cref="RemoteFree.SendAll{TConfig}"/>
    [Bound("RemoteFree", "SendAll")] static abstract void SendAllRemote(ThreadHeap* heap);

    /// <inheritdoc cref="RemoteFree.Collect{TConfig}"/>
    [Bound("RemoteFree", "Collect")] static abstract void CollectRemote(ThreadHeap* heap);

    /// <inheritdoc cref="RemoteFree.CountPending{TConfig}"/>
    [Bound("RemoteFree", "CountPending")] static abstract void CountPendingRemote(ThreadHeap* heap, ulong* blocks);

    /// <inheritdoc cref="Scavenger.Want{TConfig}"/>
    [Bound("Scavenger", "Want")] static abstract void WantScavenge();

    /// <inheritdoc cref="Scavenger.Poll{TConfig}"/>
    [Bound("Scavenger", "Poll")] static abstract void PollScavenge();

    /// <inheritdoc cref="Scavenger.Pass{TConfig}"/>
    [Bound("Scavenger", "Pass")] static abstract bool ScavengePass(bool now);

    /// <inheritdoc cref="HeapRegistry.ReleaseEnded{TConfig}"/>
    [Bound("HeapRegistry", "ReleaseEnded")] static abstract void ReleaseEndedHeaps();

    /// <inheritdoc cref="HeapRegistry.TakeSpare{TConfig}"/>
    [Bound("HeapRegistry", "TakeSpare")] static abstract ThreadHeap* TakeSpareHeap();

    /// <inheritdoc cref="HeapRegistry.PutSpare{TConfig}"/>
    [Bound("HeapRegistry", "PutSpare")] static abstract void PutSpareHeap(ThreadHeap* heap);

    /// <inheritdoc cref="HeapRegistry.Abandon{TConfig}"/>
    [Bound("HeapRegistry", "Abandon")] static abstract void AbandonHeap(ThreadHeap* heap, bool reusable);

    /// <inheritdoc cref="HeapRegistry.First{TConfig}"/>
    [Bound("HeapRegistry", "First")] static abstract ThreadHeap* FirstHeap();

    /// <inheritdoc cref="HeapRegistry.TryAdoptSlab{TConfig}"/>
    [Bound("HeapRegistry", "TryAdoptSlab")] static abstract bool TryAdoptSlab(ThreadHeap* heap, uint sizeClass, out Slab* slab);

    // ---- local --------------------------------------------------------------------------------------------------------

    /// <inheritdoc cref="FrontHot.Attach{TConfig}"/>
    [Bound("Front", "Attach")] static abstract void AttachFront(ThreadHeap* heap);

    /// <inheritdoc cref="FrontHot.TryPop{TConfig}"/>
    [Bound("Front", "TryPop")] static abstract bool TryPopFront(ThreadHeap* heap, uint sizeClass, out void* block);

    /// <inheritdoc cref="FrontHot.TryPush{TConfig}"/>
    [Bound("Front", "TryPush")] static abstract bool TryPushFront(ThreadHeap* heap, uint sizeClass, void* block);

    /// <inheritdoc cref="FrontHot.TryGrow{TConfig}"/>
    [Bound("Front", "TryGrow")] static abstract bool TryGrowFront(ThreadHeap* heap, uint sizeClass);

    /// <inheritdoc cref="FrontHot.IsShort{TConfig}"/>
    [Bound("Front", "IsShort")] static abstract bool IsFrontShort(ThreadHeap* heap);

    /// <inheritdoc cref="FrontHot.NextGrown{TConfig}"/>
    [Bound("Front", "NextGrown")] static abstract uint NextGrownFront(ThreadHeap* heap);

    /// <inheritdoc cref="FrontHot.Shrink{TConfig}"/>
    [Bound("Front", "Shrink")] static abstract void ShrinkFront(ThreadHeap* heap, uint sizeClass);

    /// <inheritdoc cref="FrontHot.Count{TConfig}"/>
    [Bound("Front", "Count")] static abstract uint CountFront(ThreadHeap* heap, uint sizeClass);

    /// <inheritdoc cref="FrontHot.Offer{TConfig}"/>
    [Bound("Front", "Offer")] static abstract void** OfferFront(ThreadHeap* heap, uint sizeClass, out uint want);

    /// <inheritdoc cref="FrontHot.Accept{TConfig}"/>
    [Bound("Front", "Accept")] static abstract void* AcceptFront(ThreadHeap* heap, uint sizeClass, uint count);

    /// <inheritdoc cref="FrontHot.Oldest{TConfig}"/>
    [Bound("Front", "Oldest")] static abstract void** OldestOfFront(ThreadHeap* heap, uint sizeClass, uint count);

    /// <inheritdoc cref="FrontHot.DropOldest{TConfig}"/>
    [Bound("Front", "DropOldest")] static abstract void DropOldestOfFront(ThreadHeap* heap, uint sizeClass, uint count);

    /// <inheritdoc cref="FrontHot.Clear{TConfig}"/>
    [Bound("Front", "Clear")] static abstract void ClearFront(ThreadHeap* heap, uint sizeClass);

    /// <inheritdoc cref="FrontHot.LinkBytes"/>
    [Bound("Front", "LinkBytes")] static abstract uint FrontLinkBytes();

    /// <inheritdoc cref="FrontHot.CopyTo{TConfig}"/>
    [Bound("Front", "CopyTo")] static abstract uint CopyFront(ThreadHeap* heap, uint sizeClass, void** blocks, uint room);

    /// <inheritdoc cref="UnifiedCacheRefill.Refill{TConfig}"/>
    [Bound("Refill", "Refill")] static abstract void* RefillFront(ThreadHeap* heap, uint sizeClass, uint lentFor);

    /// <inheritdoc cref="UnifiedCacheRefill.Exchange{TConfig}"/>
    [Bound("Refill", "Exchange")] static abstract void ExchangeFresh(ThreadHeap* heap);

    /// <inheritdoc cref="UnifiedCacheRefill.GiveBackEnd{TConfig}"/>
    [Bound("Refill", "GiveBackEnd")] static abstract uint GiveBackEnd(ThreadHeap* heap, byte* end, nuint bytes);

    /// <inheritdoc cref="UnifiedCacheRefill.TryCarveZeroed{TConfig}"/>
    [Bound("Refill", "TryCarveZeroed")] static abstract bool TryCarveZeroed(ThreadHeap* heap, uint sizeClass, out void* block);

    /// <inheritdoc cref="UnifiedCacheRefill.TryUnlink{TConfig}"/>
    [Bound("Refill", "TryUnlink")] static abstract bool TryUnlinkSlab(ThreadHeap* heap, uint sizeClass, out Slab* slab);

    /// <inheritdoc cref="UnifiedCacheRefill.Flush{TConfig}"/>
    [Bound("Refill", "Flush")] static abstract void FlushFront(ThreadHeap* heap, uint sizeClass, void* block);

    /// <inheritdoc cref="UnifiedCacheRefill.FlushAll{TConfig}"/>
    [Bound("Refill", "FlushAll")] static abstract void FlushAllFronts(ThreadHeap* heap);

    /// <inheritdoc cref="UnifiedCacheRefill.Merge{TConfig}"/>
    [Bound("Refill", "Merge")] static abstract void MergeFree(ThreadHeap* heap, Slab* slab, uint word, ulong bits);

    /// <inheritdoc cref="UnifiedCacheRefill.RetireEmpty{TConfig}"/>
    [Bound("Refill", "RetireEmpty")] static abstract void RetireEmptySlabs(ThreadHeap* heap);

    /// <inheritdoc cref="UnifiedCacheRefill.RetireAll{TConfig}"/>
    [Bound("Refill", "RetireAll")] static abstract void RetireAllSlabs(ThreadHeap* heap);

    /// <inheritdoc cref="UnifiedCacheRefill.PurgePages{TConfig}"/>
    [Bound("Refill", "PurgePages")] static abstract bool PurgePages(ThreadHeap* heap, uint sizeClass, PurgeWalk* walk, bool now);

    /// <inheritdoc cref="WarmPool.TryTake{TConfig}"/>
    [Bound("WarmPool", "TryTake")] static abstract bool TryTakeWarm(ThreadHeap* heap, out ChunkSpan span);

    /// <inheritdoc cref="WarmPool.TryPut{TConfig}"/>
    [Bound("WarmPool", "TryPut")] static abstract bool TryPutWarm(ThreadHeap* heap, ChunkSpan span);

    /// <inheritdoc cref="WarmPool.Drain{TConfig}"/>
    [Bound("WarmPool", "Drain")] static abstract void DrainWarm(ThreadHeap* heap);

    /// <inheritdoc cref="WarmPool.Count{TConfig}"/>
    [Bound("WarmPool", "Count")] static abstract uint CountWarm(ThreadHeap* heap);

    /// <inheritdoc cref="WarmPool.CountDemand{TConfig}"/>
    [Bound("WarmPool", "CountDemand")] static abstract uint CountDemand(ThreadHeap* heap);

    /// <inheritdoc cref="Prefill.TryTake{TConfig}"/>
    [Bound("Prefill", "TryTake")] static abstract bool TryPrefill(ThreadHeap* heap, uint sizeClass, out ChunkSpan span, out Slab* partial);

    /// <inheritdoc cref="MidPool.Alloc{TConfig}"/>
    [Bound("MidPool", "Alloc")] static abstract void* AllocMid(ThreadHeap* heap, nuint size);

    /// <inheritdoc cref="LargePool.Alloc{TConfig}"/>
    [Bound("LargePool", "Alloc")] static abstract void* AllocLarge(ThreadHeap* heap, nuint size, nuint alignment, bool zeroed);

    /// <inheritdoc cref="LargePool.Free{TConfig}"/>
    [Bound("LargePool", "Free")] static abstract void FreeLarge(ThreadHeap* heap, void* block, uint chunk);

    /// <inheritdoc cref="LargePool.FreeOutgrown{TConfig}"/>
    [Bound("LargePool", "FreeOutgrown")] static abstract void FreeOutgrown(ThreadHeap* heap, void* block, uint chunk);

    /// <inheritdoc cref="LargePool.FreeAll{TConfig}"/>
    [Bound("LargePool", "FreeAll")] static abstract void FreeAllLarge(ThreadHeap* heap);

    /// <inheritdoc cref="LargePool.TryResize{TConfig}"/>
    [Bound("LargePool", "TryResize")] static abstract bool TryResizeLarge(void* block, uint chunk, nuint size);

    /// <inheritdoc cref="LargePool.UsableSize{TConfig}"/>
    [Bound("LargePool", "UsableSize")] static abstract nuint UsableLarge(uint chunk);

    /// <inheritdoc cref="LargePool.Drain{TConfig}"/>
    [Bound("LargePool", "Drain")] static abstract void DrainLarge(ThreadHeap* heap);

    /// <inheritdoc cref="BigCache.Alloc{TConfig}"/>
    [Bound("BigCache", "Alloc")] static abstract void* AllocBig(nuint size, nuint alignment, bool zeroed);

    /// <inheritdoc cref="BigCache.Free{TConfig}"/>
    [Bound("BigCache", "Free")] static abstract void FreeBig(void* block);

    /// <inheritdoc cref="BigCache.Assign{TConfig}"/>
    [Bound("BigCache", "Assign")] static abstract void AssignBig(void* block, ThreadHeap* heap);

    /// <inheritdoc cref="BigCache.FreeAll{TConfig}"/>
    [Bound("BigCache", "FreeAll")] static abstract void FreeAllBig(ThreadHeap* heap);

    /// <inheritdoc cref="BigCache.TryResize{TConfig}"/>
    [Bound("BigCache", "TryResize")] static abstract void* TryResizeBig(void* block, nuint size);

    /// <inheritdoc cref="BigCache.UsableSize{TConfig}"/>
    [Bound("BigCache", "UsableSize")] static abstract nuint UsableBig(void* block);

    /// <inheritdoc cref="BigCache.Drain{TConfig}"/>
    [Bound("BigCache", "Drain")] static abstract void DrainBig(bool all);

    // ---- gates, for each other ------------------------------------------------------------------------------------------

    /// <inheritdoc cref="AllocGate.TryClassify{TConfig}"/>
    [Bound("AllocGate", "TryClassify")] static abstract bool TryClassify(ThreadHeap* heap, nuint size, out uint sizeClass);

    /// <inheritdoc cref="AllocGate.TellHost{TConfig}"/>
    [Bound("AllocGate", "TellHost")] static abstract bool TellHost(ThreadHeap* heap, bool failed);

    /// <inheritdoc cref="AllocGate.AllocAligned{TConfig}"/>
    [Bound("AllocGate", "AllocAligned")] static abstract void* AllocAligned(ThreadHeap* heap, nuint size, nuint alignment);

    /// <inheritdoc cref="FreeGate.TryOwn{TConfig}"/>
    [Bound("FreeGate", "TryOwn")] static abstract bool TryOwn(ThreadHeap* heap, void* block, out uint sizeClass);

    /// <inheritdoc cref="FreeGate.UsableSize{TConfig}"/>
    [Bound("FreeGate", "UsableSize")] static abstract nuint UsableSize(void* block);

    /// <inheritdoc cref="ReallocGate.TryResize{TConfig}"/>
    [Bound("ReallocGate", "TryResize")] static abstract void* TryResize(void* block, nuint usable, nuint size, nuint alignment, bool anyhow);

    /// <inheritdoc cref="ReallocGate.ResizeWithoutCopy{TConfig}"/>
    [Bound("ReallocGate", "ResizeWithoutCopy")] static abstract void* ResizeWithoutCopy(void* block, nuint usable, nuint size, nuint alignment);

    /// <inheritdoc cref="AllocGate.AllocZeroed{TConfig}"/>
    [Bound("AllocGate", "AllocZeroed")] static abstract void* AllocZeroed(ThreadHeap* heap, nuint size);

    /// <inheritdoc cref="AllocGate.AllocSlow{TConfig}"/>
    [Bound("AllocGate", "AllocSlow")] static abstract void* AllocSlow(ThreadHeap* heap, nuint size);

    /// <inheritdoc cref="FreeGate.FreeSlow{TConfig}"/>
    [Bound("FreeGate", "FreeSlow")] static abstract void FreeSlow(ThreadHeap* heap, void* block);
}
