using System.Threading;
using HakMem.Boxes;

namespace HakMem.Preload;

/// <summary>
/// Fork of a process with many threads. Before it, every lock is taken, so that the child, which has no other thread, finds no lock held by one; after it they are given back on both
/// sides. In the child, what the other threads had to themselves cannot be trusted, since they may have been in the middle of it: the blocks in their front stacks and remote tables are given
/// up (at most 1 MiB each), and their heaps are marked as those of ended threads, for new threads to take over, with all blocks that the parent made in them.
/// </summary>
internal static unsafe class ForkGuard
{
    private static ThreadHeap* s_before;

    /// <summary>Has the C library call the handlers. They run last before a fork and first after it if nobody registered earlier.</summary>
    internal static void Register() => Trampolines.AtFork(&Prepare, &Parent, &Child);

    private static void Prepare()
    {
        ThreadHeap* slot = Trampolines.GetSlot();
        if (ThreadSlot.IsInside(slot) || PreloadAllocator.Config.Composition == null) return;   // a fork in a handler that interrupted the allocator: locks may be held below

        // The C library takes its list of streams after these handlers. Whoever holds it may wait for a stream, and whoever holds that may allocate: it comes before our locks.
        Trampolines.LockStreams();
        Trampolines.SetSlot(ThreadSlot.Forking);
        HeapRegistry.SharedState* registry = PreloadAllocator.Config.RegistryState;

        // A user lock comes before the registry's. New heaps come in at the front of the list, and only under the registry's lock.
        ThreadHeap* done = null;
        while (true)
        {
            ThreadHeap* first = PreloadAllocator.Config.FirstHeap();
            for (ThreadHeap* heap = first; heap != done; heap = heap->NextInComposition) Enter(&heap->UserLock);
            done = first;
            Enter(&registry->Lock);
            if (PreloadAllocator.Config.FirstHeap() == done) break;
            Exit(&registry->Lock);
        }

        for (ThreadHeap* heap = done; heap != null; heap = heap->NextInComposition) Enter(&heap->Lock);
        Enter(&PreloadAllocator.Config.PageArenaState->Lock);
        Enter(&PreloadAllocator.Config.BigCacheState->Lock);
        Enter(&PreloadAllocator.Config.Space->BigLock);
        Enter(&PreloadAllocator.Config.Space->Lock);
        s_before = slot;
    }

    private static void Parent()
    {
        if (Trampolines.GetSlot() != ThreadSlot.Forking) return;
        Release();
        Trampolines.UnlockStreams();
    }

    private static void Child()
    {
        if (Trampolines.GetSlot() != ThreadSlot.Forking) return;
        ThreadHeap* last = PreloadAllocator.Config.FirstHeap();   // null when there was no memory for any
        if (last != null && last->NextInComposition != null) RemoteFree.Recover<PreloadAllocator.Config>();
        ThreadHeap* mine = s_before;
        for (ThreadHeap* heap = PreloadAllocator.Config.FirstHeap(); heap != null; heap = heap->NextInComposition)
        {
            if (heap == mine) heap->Thread = PreloadMemory.ThreadId();
            else if (heap->Kind == HeapKind.Thread && heap->Life == HeapLife.Active) GiveUpCaches(heap);
        }

        ShowHidden();
        SignalHeap.ForgetOthers();
        PreloadAllocator.Config.Composition->Scavenge = 0;   // the thread that ran a pass is not here
        PreloadAllocator.Config.PageArenaState->Charged = 0;   // nor are those that were about to take memory
        Release();
        Trampolines.ResetStreams();
#if HAKMEM_TRACE
        TraceLog.StartInChild();
#endif
    }

    private static void Release()
    {
        ThreadHeap* before = s_before;
        Exit(&PreloadAllocator.Config.Space->Lock);
        Exit(&PreloadAllocator.Config.Space->BigLock);
        Exit(&PreloadAllocator.Config.BigCacheState->Lock);
        Exit(&PreloadAllocator.Config.PageArenaState->Lock);
        for (ThreadHeap* heap = PreloadAllocator.Config.FirstHeap(); heap != null; heap = heap->NextInComposition)
        {
            Exit(&heap->Lock);
            Exit(&heap->UserLock);
        }

        Exit(&PreloadAllocator.Config.RegistryState->Lock);
        Trampolines.SetSlot(before);
    }

    // What other threads were giving back to the system is free and dirty: how far they came is not known.
    private static void ShowHidden()
    {
        SpaceState* space = PreloadAllocator.Config.Space;
        for (uint chunk = 0; chunk < space->NextChunk; chunk += Chunk.PerSuperSlab)
        {
            SuperSlab* superSlab = SuperSlab.Of<PreloadAllocator.Config>(chunk);
            if (superSlab->Hidden == 0) continue;
            PreloadAllocator.Config.ShowChunks(superSlab, superSlab->Hidden, superSlab->Hidden, 0);
            PreloadAllocator.Config.QueuePurge(superSlab);
        }
    }

    // What its thread changes without a lock, set as for a new heap.
    private static void GiveUpCaches(ThreadHeap* heap)
    {
        PreloadAllocator.Config.AttachFront(heap);
        for (uint sizeClass = 1; sizeClass < SizeClasses.Count; sizeClass++)
        {
            Bin* bin = ThreadHeap.BinOf(heap, sizeClass);
            bin->LastMove = FrontMove.None;
            bin->Borrowed = 0;
        }

        RemoteFree.HeapState* table = PreloadAllocator.Config.RemoteTableOf(heap);
        if (table->Frees != 0) *table = default;
        heap->Thread = 0;   // its thread's id may come again here
        Volatile.Write(ref heap->EndMark, 1);
    }

    private static void Enter(int* word) => SpinLock.Enter<PreloadAllocator.Config>(word);

    private static void Exit(int* word) => SpinLock.Exit<PreloadAllocator.Config>(word);
}
