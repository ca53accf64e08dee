using System.Threading;
using HakMem.Boxes;

namespace HakMem.Preload;

/// <summary>
/// Box of layer Shared: <see cref="Scavenger"/>, and rules that need no clock, since there is nobody to wake it in a program at rest; one at light use whose calls all hit is had by <see cref="Heartbeat"/> to look at it. An allocator must not make threads, not even
/// timers, in a program that did not. What was freed in chunks and big mappings and waits for its deadline goes back at once when it is more than 1 MiB and a quarter of what is in use. When that comes again within a second the bound is doubled each time up to 16 MiB, and beyond, up to 1 GiB,
/// each time that the program has taken the memory again by then. What came back to heaps of ended threads is collected by whoever frees, and the end of a thread asks for a pass as a free does. State: the last such purge, by a race at most inexact.
/// </summary>
[Box(BoxLayer.Shared, Traits = BoxTraits.ConcurrencySafe)]
public static unsafe class PreloadScavenger
{
    private const ulong FirstBytes = 1u << 20;
    private const int MostDoublings = 10, QuickDoublings = 4;
    private const uint AgainMilliseconds = 1000, ForgetMilliseconds = 5000;
    private const uint HeapsAtOnce = 16;
    private const ulong BeatChunks = (8u << 20) >> Chunk.Log2;   // what a small program would gain is not worth the looks

    private static ulong s_purgedAt, s_usedThen;
    private static int s_doublings;
    private static nint s_cursor;

    /// <inheritdoc cref="Scavenger.Want{TConfig}"/>
    public static void Want<TConfig>()
        where TConfig : struct, IAllocatorConfig
    {
        Scavenger.Want<TConfig>();
        if (TConfig.RegistryState->FreeHeaps != 0) CollectEnded<TConfig>();
        if (!TConfig.Composition->PurgeEnabled) return;
        PageArena.SharedState* arena = TConfig.PageArenaState;
        BigCache.SharedState* big = TConfig.BigCacheState;
        ulong used = Volatile.Read(ref arena->UsedChunks) + ((ulong)Volatile.Read(ref big->LiveBytes) >> Chunk.Log2);
        ulong dirty = Volatile.Read(ref arena->DirtyChunks) + (uint)Volatile.Read(ref TConfig.SharedPoolState->Stacked) + (Volatile.Read(ref big->Bytes) >> Chunk.Log2);   // at different times, perhaps: a guess
        if (used + dirty > BeatChunks) Heartbeat.Want();
        if (dirty > (FirstBytes << s_doublings >> Chunk.Log2) + (used / 4)) PurgeNow<TConfig>(used);
    }

    /// <inheritdoc cref="Scavenger.Poll{TConfig}"/>
    public static void Poll<TConfig>()
        where TConfig : struct, IAllocatorConfig
        => Scavenger.Poll<TConfig>();

    /// <inheritdoc cref="Scavenger.Pass{TConfig}"/>
    public static bool Pass<TConfig>(bool now)
        where TConfig : struct, IAllocatorConfig
        => Scavenger.Pass<TConfig>(now);

    // Looks at a few heaps, further on each time: those without a thread have nobody else to take what was sent to them.
    private static void CollectEnded<TConfig>()
        where TConfig : struct, IAllocatorConfig
    {
        ThreadHeap* heap = (ThreadHeap*)Volatile.Read(ref s_cursor);
        for (uint i = 0; i < HeapsAtOnce; i++)
        {
            if (heap == null) heap = TConfig.FirstHeap();
            if (heap == null) return;
            if (heap->Life == HeapLife.Free && Volatile.Read(ref heap->Inbox) != 0 && SpinLock.TryEnter<TConfig>(&heap->Lock))
            {
                TConfig.CollectRemote(heap);
                TConfig.RetireEmptySlabs(heap);
                TConfig.DrainWarm(heap);
                SpinLock.Exit<TConfig>(&heap->Lock);
            }

            heap = heap->NextInComposition;
        }

        Volatile.Write(ref s_cursor, (nint)heap);
    }

    private static void PurgeNow<TConfig>(ulong used)
        where TConfig : struct, IAllocatorConfig
    {
        ulong time = TConfig.OsMilliseconds(), since = time - s_purgedAt;
        if (since > ForgetMilliseconds) s_doublings = 0;
        else if (since < AgainMilliseconds && s_doublings < MostDoublings && (used >= s_usedThen || s_doublings < QuickDoublings)) s_doublings++;
        s_purgedAt = time;
        s_usedThen = used;
        TConfig.DrainSharedPool();
        TConfig.PollPurge(true);
        TConfig.DrainBig(true);
    }
}
