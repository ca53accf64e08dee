using System.Threading;

namespace HakMem.Boxes;

/// <summary>
/// Box of layer Shared: gives memory back that nobody uses for a while, of idle, running and ended threads. Whoever frees memory in a batch asks for a
/// pass; one pass runs at a time, on a thread of the host's or in a slow path of any thread. A pass looks at every heap under its lock, a few calls to
/// the OS at a time: what did not change since the last pass is given back. It asks for another pass while something still changes. State: <see cref="Composition"/>.
/// </summary>
[Box(BoxLayer.Shared, Traits = BoxTraits.ConcurrencySafe)]
public static unsafe class Scavenger
{
    // A host that wakes late is busy; one that is late by this and the purge delay once more is stuck, as a timer of a thread pool is when all its threads wait.
    private const uint LateMilliseconds = 100;

    /// <summary>Asks for a pass after the purge delay, unless one is due already: a look at the clock then. One that is due, and that the host does not run, is run. No lock may be held.</summary>
    public static void Want<TConfig>()
        where TConfig : struct, IAllocatorConfig
    {
        Composition* composition = TConfig.Composition;
        int stage = Volatile.Read(ref composition->Scavenge);
        if (stage == 2)
        {
            TConfig.OnSharedStep();
            stage = Interlocked.CompareExchange(ref composition->Scavenge, 4, 2);   // the pass may be past what was freed just now
        }

        // 0 also when the pass has ended since: it did not see the question.
        if (stage == 0)
        {
            if (composition->PurgeEnabled) Arm<TConfig>(composition);
        }
        else if (stage == 1 && (!composition->HostWakes || TConfig.OsMilliseconds() >= Volatile.Read(ref composition->ScavengeAt) + composition->PurgeDelay + LateMilliseconds))
        {
            Poll<TConfig>();
        }
    }

    /// <summary>Runs a pass if one is due. No lock may be held.</summary>
    public static void Poll<TConfig>()
        where TConfig : struct, IAllocatorConfig
    {
        Composition* composition = TConfig.Composition;
        if (composition == null || Volatile.Read(ref composition->Scavenge) != 1) return;
        if (TConfig.OsMilliseconds() < Volatile.Read(ref composition->ScavengeAt)) return;
        TConfig.OnSharedStep();
        if (Interlocked.CompareExchange(ref composition->Scavenge, 2, 1) != 1) return;
        bool more = Pass<TConfig>(false);
        TConfig.OnSharedStep();
        more |= Interlocked.Exchange(ref composition->Scavenge, 0) == 4;
        if (more) Arm<TConfig>(composition);
    }

    /// <summary>Looks at everything once; with <paramref name="now"/> gives all back that can be. Returns whether there is more to come. No lock may be held.</summary>
    public static bool Pass<TConfig>(bool now)
        where TConfig : struct, IAllocatorConfig
    {
        bool more = false;
        TConfig.ReleaseEndedHeaps();
        for (ThreadHeap* heap = TConfig.FirstHeap(); heap != null; heap = heap->NextInComposition) more |= Visit<TConfig>(heap, now);
        if (!more || now) TConfig.DrainSharedPool();
        TConfig.PollPurge(now);
        TConfig.DrainBig(now);
        return more || Volatile.Read(ref TConfig.PurgeQueueState->Deadline) != 0 || TConfig.BigCacheState->Count != 0;
    }

    private static bool Visit<TConfig>(ThreadHeap* heap, bool now)
        where TConfig : struct, IAllocatorConfig
    {
        // Whoever has the user lock is the running thread of a first-class heap: what nobody uses now can be emptied, stacks and table too.
        bool user = heap->Kind == HeapKind.FirstClass && SpinLock.TryEnter<TConfig>(&heap->UserLock);
        int* registry = &TConfig.RegistryState->Lock;
        if (user) SpinLock.Enter<TConfig>(registry);   // what is sent must not move while statistics are read
        SpinLock.Enter<TConfig>(&heap->Lock);
        TConfig.CollectRemote(heap);
        bool moved = heap->Moves != heap->SeenMoves;
        if (user && heap->Kind == HeapKind.FirstClass && (!moved || now))
        {
            TConfig.SendAllRemote(heap);
            TConfig.FlushAllFronts(heap);
        }

        if (user) SpinLock.Exit<TConfig>(registry);
        heap->SeenMoves = heap->Moves;
        if (!moved || now)
        {
            TConfig.RetireEmptySlabs(heap);
            TConfig.DrainWarm(heap);
            TConfig.DrainLarge(heap);
        }

        if (user) SpinLock.Exit<TConfig>(&heap->UserLock);
        PurgeWalk walk = default;
        walk.Renew();
        for (uint sizeClass = 1; sizeClass < SizeClasses.Count; sizeClass++)
        {
            walk.Begin();
            while (!TConfig.PurgePages(heap, sizeClass, &walk, now))
            {
                SpinLock.Pass<TConfig>(&heap->Lock);
                walk.Renew();
            }
        }

        SpinLock.Exit<TConfig>(&heap->Lock);
        return moved || walk.Changing;
    }

    private static void Arm<TConfig>(Composition* composition)
        where TConfig : struct, IAllocatorConfig
    {
        ulong at = TConfig.OsMilliseconds() + composition->PurgeDelay;
        TConfig.OnSharedStep();
        if (Interlocked.CompareExchange(ref composition->Scavenge, 3, 0) != 0) return;
        Volatile.Write(ref composition->ScavengeAt, at);
        TConfig.OnSharedStep();
        Volatile.Write(ref composition->Scavenge, 1);
        composition->HostWakes = TConfig.HostWake(composition->PurgeDelay + 8);   // the clock is coarse
    }
}
