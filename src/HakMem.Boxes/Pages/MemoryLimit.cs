using System.Runtime.CompilerServices;
using System.Threading;

namespace HakMem.Boxes;

/// <summary>
/// Box of layer Pages: keeps a composition's committed memory below its limits. Above the soft limit everything unused is given back at once and the host is
/// told by the gates, at most every 100 ms; above the hard limit a request fails. State: the limits in <see cref="Composition"/>, and <see cref="PageArena.SharedState.Charged"/>. No lock may be held.
/// </summary>
[Box(BoxLayer.Pages, Traits = BoxTraits.ConcurrencySafe)]
public static unsafe class MemoryLimit
{
    private const ulong ReliefMilliseconds = 100;
    private const uint MostWaits = SpinLock.SleepAttempt + 100;

    /// <summary>
    /// Whether so many bytes more may be committed. Below a hard limit they are charged until <see cref="Settle{TConfig}"/> is called with <paramref name="charged"/>, so that no other thread is granted the same. A load and a branch when there is no limit.
    /// </summary>
    public static bool TryCharge<TConfig>(nuint bytes, out nuint charged)
        where TConfig : struct, IAllocatorConfig
    {
        Composition* composition = TConfig.Composition;
        charged = 0;
        return composition->SoftLimit == ulong.MaxValue || TryChargeSlow<TConfig>(composition, bytes, out charged);
    }

    /// <summary>What was charged is among the committed bytes by now, or was not taken after all.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Settle<TConfig>(nuint charged)
        where TConfig : struct, IAllocatorConfig
    {
        if (charged != 0) SettleSlow<TConfig>(charged);
    }

    private static void SettleSlow<TConfig>(nuint charged)
        where TConfig : struct, IAllocatorConfig
    {
        PageArena.SharedState* arena = TConfig.PageArenaState;
        SpinLock.Enter<TConfig>(&arena->Lock);
        arena->Charged -= charged;
        SpinLock.Exit<TConfig>(&arena->Lock);
    }

    /// <summary>What the composition has committed: chunks in use or not purged, big blocks, cached mappings.</summary>
    public static ulong Committed<TConfig>()
        where TConfig : struct, IAllocatorConfig
    {
        PageArena.SharedState* arena = TConfig.PageArenaState;
        BigCache.SharedState* big = TConfig.BigCacheState;
        return ((arena->UsedChunks + arena->DirtyChunks + arena->ZeroedChunks) << Chunk.Log2) + (ulong)big->LiveBytes + big->Bytes;
    }

    private static bool TryChargeSlow<TConfig>(Composition* composition, nuint bytes, out nuint charged)
        where TConfig : struct, IAllocatorConfig
    {
        ulong wanted = Committed<TConfig>() + bytes;
        if (wanted > composition->SoftLimit) Relieve<TConfig>(composition, wanted);
        charged = 0;
        return composition->HardLimit == ulong.MaxValue || TryReserve<TConfig>(composition, bytes, out charged);
    }

    private static void Relieve<TConfig>(Composition* composition, ulong wanted)
        where TConfig : struct, IAllocatorConfig
    {
        ulong time = TConfig.OsMilliseconds(), last = Volatile.Read(ref composition->RelievedAt);
        TConfig.OnSharedStep();
        bool mine = (long)(time - last) >= (long)ReliefMilliseconds && Interlocked.CompareExchange(ref composition->RelievedAt, time, last) == last;   // of all threads one
        if (mine || wanted > composition->HardLimit)
        {
            TConfig.PollPurge(true);
            TConfig.DrainBig(true);
        }

        if (mine) Volatile.Write(ref composition->Pressure, wanted);   // the gates tell the host, where it may run anything
    }

    // Who settles does so after the memory is counted: under the lock it may be seen twice, never not at all. Where that alone is too much, others are waited for, some milliseconds at most.
    private static bool TryReserve<TConfig>(Composition* composition, nuint bytes, out nuint charged)
        where TConfig : struct, IAllocatorConfig
    {
        PageArena.SharedState* arena = TConfig.PageArenaState;
        int* cacheLock = &TConfig.BigCacheState->Lock;   // what passes from kept to live and back is added there before it is subtracted here: read between, it would be in neither
        for (uint attempt = 0; ; attempt++)
        {
            SpinLock.Enter<TConfig>(&arena->Lock);
            SpinLock.Enter<TConfig>(cacheLock);
            ulong alone = Committed<TConfig>() + bytes;
            SpinLock.Exit<TConfig>(cacheLock);
            bool fits = alone + arena->Charged <= composition->HardLimit;
            if (fits) arena->Charged += bytes;
            SpinLock.Exit<TConfig>(&arena->Lock);
            charged = fits ? bytes : 0;
            if (fits || alone > composition->HardLimit || attempt == MostWaits) return fits;
            TConfig.OsWait(attempt);
        }
    }
}
