using System.Runtime.CompilerServices;

namespace HakMem.Boxes;

/// <content>Memory that nobody uses goes back for as much that is used for the first time.</content>
public static unsafe partial class UnifiedCacheRefill
{
    private const ulong ExchangeBelowChunks = 256;   // in use, 16 MiB: beyond, what waits for the purge delay is little beside it

    /// <summary>
    /// Gives free chunks that were used back to the OS, as many as a heap has taken fresh ones since the last time (<see cref="ThreadHeap.FreshBytes"/>, a chunk at least): where fresh memory is needed while used memory is free, that
    /// is of the wrong size or in the wrong place, and a small program would hold both until the purge delay is over. Not where memory is to stay: with prefaulting, without purging, in huge pages. By the running thread, without the heap's lock.
    /// </summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void Exchange<TConfig>(ThreadHeap* heap)
        where TConfig : struct, IAllocatorConfig
    {
        uint chunks = heap->FreshBytes >> Chunk.Log2;
        heap->FreshBytes &= (uint)Chunk.Bytes - 1;
        PageArena.SharedState* arena = TConfig.PageArenaState;
        if (arena->UsedChunks > ExchangeBelowChunks || IsToStay(TConfig.Composition)) return;
        if (arena->UsedChunks + arena->DirtyChunks <= arena->MostTouchedChunks) return;
        SpinLock.Enter<TConfig>(&heap->Lock);
        TConfig.DrainLarge(heap);
        SpinLock.Exit<TConfig>(&heap->Lock);
        if (arena->DirtyChunks != 0) TConfig.GiveBackChunks(chunks);
        ulong touched = arena->UsedChunks + arena->DirtyChunks;
        if (touched > arena->MostTouchedChunks) arena->MostTouchedChunks = touched;
    }

    // What was used must not go back before its time.
    private static bool IsToStay(Composition* composition) => !composition->PurgeEnabled || composition->Prefault || composition->HugePages == HugePagePolicy.Always;
}
