using System.Threading;

namespace HakMem.Boxes;

/// <summary>
/// Box of layer Pages: keeps a composition's committed memory below its limits. Above the soft limit everything unused is given back at once and the host is
/// told by the gates, at most every 100 ms; above the hard limit a request fails. Threads that pass the check at once may overshoot by what they ask for. State: the limits in <see cref="Composition"/>. No lock may be held.
/// </summary>
[Box(BoxLayer.Pages, Traits = BoxTraits.ConcurrencySafe)]
public static unsafe class MemoryLimit
{
    private const ulong ReliefMilliseconds = 100;

    /// <summary>Whether so many bytes more may be committed. A load and a branch when there is no limit.</summary>
    public static bool TryCharge<TConfig>(nuint bytes)
        where TConfig : struct, IAllocatorConfig
    {
        Composition* composition = TConfig.Composition;
        return composition->SoftLimit == ulong.MaxValue || TryChargeSlow<TConfig>(composition, bytes);
    }

    /// <summary>What the composition has committed: chunks in use or not purged, big blocks, cached mappings.</summary>
    public static ulong Committed<TConfig>()
        where TConfig : struct, IAllocatorConfig
    {
        PageArena.SharedState* arena = TConfig.PageArenaState;
        BigCache.SharedState* big = TConfig.BigCacheState;
        return ((arena->UsedChunks + arena->DirtyChunks + arena->ZeroedChunks) << Chunk.Log2) + (ulong)big->LiveBytes + big->Bytes;
    }

    private static bool TryChargeSlow<TConfig>(Composition* composition, nuint bytes)
        where TConfig : struct, IAllocatorConfig
    {
        ulong wanted = Committed<TConfig>() + bytes;
        if (wanted <= composition->SoftLimit) return true;
        ulong time = TConfig.OsMilliseconds();
        bool hard = wanted > composition->HardLimit;
        ulong last = Volatile.Read(ref composition->RelievedAt);
        TConfig.OnSharedStep();
        bool mine = (long)(time - last) >= (long)ReliefMilliseconds && Interlocked.CompareExchange(ref composition->RelievedAt, time, last) == last;   // of all threads one
        if (hard || mine)
        {
            TConfig.PollPurge(true);
            TConfig.DrainBig(true);
        }

        if (mine) Volatile.Write(ref composition->Pressure, wanted);   // the gates tell the host, where it may run anything

        return !hard || Committed<TConfig>() + bytes <= composition->HardLimit;
    }
}
