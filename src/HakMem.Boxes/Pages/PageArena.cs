using System.Numerics;
using System.Runtime.CompilerServices;
using System.Threading;

namespace HakMem.Boxes;

/// <summary>
/// Box of layer Pages: cuts a composition's SuperSlabs into spans of chunks, for slabs and large blocks. SuperSlabs are listed by their longest
/// free run, and the tightest that fits serves first, so emptying ones are left to empty. Spans that were used before, in any of them, are
/// preferred to fresh ones: they are warm. State: <see cref="SharedState"/> and the SuperSlabs of the composition, under the arena's lock.
/// </summary>
[Box(BoxLayer.Pages, Traits = BoxTraits.ConcurrencySafe)]
public static unsafe class PageArena
{
    private const uint ListProbes = 8, DirtyProbes = 16;

    /// <summary>What the arena keeps in each composition.</summary>
    public struct SharedState
    {
        /// <summary>Guards this state, the SuperSlabs' fields and the purge queue.</summary>
        public int Lock;

        /// <summary>The number of SuperSlabs.</summary>
        public uint SuperSlabs;

        /// <summary>Chunks handed out.</summary>
        public ulong UsedChunks;

        /// <summary>Free chunks that may hold anything but zeros, and those that are being purged or cleared.</summary>
        public ulong DirtyChunks;

        /// <summary>Free chunks that hold zeros and have memory behind them: cleared, or prefaulted and never used.</summary>
        public ulong ZeroedChunks;

        /// <summary>Bytes that <see cref="MemoryLimit"/> has granted and that are in no count yet.</summary>
        public ulong Charged;

        /// <summary>How many ends of large blocks may go back before more than ever is touched again. A guess: written without the lock.</summary>
        public uint EndsLeft;

        /// <summary>Of the chunks in use, the bytes that nobody wrote to since they were last given back: what was not cut of slabs, pages that went back among free blocks, clean slabs in warm pools, and what lies behind large blocks (<see cref="Slab.Untouched"/>). Less is known of these themselves: all that was asked for counts as written to. By atomics; what a heap cut is subtracted when it comes by (<see cref="ThreadHeap.FreshBytes"/>).</summary>
        public long UntouchedBytes;

        /// <summary>The most bytes that were touched when somebody looked (<see cref="UnifiedCacheRefill.Exchange{TConfig}"/>). A guess: written without the lock.</summary>
        public long MostTouchedBytes;

        /// <summary>What was touched when a heap's idle fronts were last emptied (<see cref="UnifiedCacheRefill.Exchange{TConfig}"/>). Likewise.</summary>
        public long LookedAtBytes;

        /// <summary>Up to when what went back for fresh memory is paid for, in microseconds of the clock. Likewise.</summary>
        public ulong ExchangePaid;

        /// <summary>One bit for each list that is not empty.</summary>
        public ulong Listed;

        /// <summary>The SuperSlabs by their longest free run; list 0 is unused.</summary>
        private fixed ulong _lists[(int)Chunk.PerSuperSlab + 1];

        /// <summary>The head of a list.</summary>
        internal static SuperSlab** List(SharedState* state, uint run) => (SuperSlab**)state->_lists + run;
    }

    /// <summary>The bytes in chunks in use and dirty that may have memory behind them. A guess: without the lock.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long TouchedBytes(SharedState* state) => (long)((Volatile.Read(ref state->UsedChunks) + Volatile.Read(ref state->DirtyChunks)) << Chunk.Log2) - Volatile.Read(ref state->UntouchedBytes);

    /// <summary>Adds to the count of bytes in use that nobody wrote to (<see cref="SharedState.UntouchedBytes"/>). By any thread.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void CountUntouched<TConfig>(long bytes)
        where TConfig : struct, IAllocatorConfig
        => Interlocked.Add(ref TConfig.PageArenaState->UntouchedBytes, bytes);

    /// <summary>
    /// Takes up to <paramref name="want"/> spans of <paramref name="chunks"/> chunks each (1 to 32) under one lock; when <paramref name="aligned"/>, at
    /// multiples of their length, a power of two. Returns how many it got; 0 when the OS refuses. The page map is the caller's.
    /// </summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static uint TryTake<TConfig>(uint chunks, bool aligned, uint want, ChunkSpan* spans)
        where TConfig : struct, IAllocatorConfig
    {
        SharedState* arena = TConfig.PageArenaState;
        if (!TConfig.TryCharge((nuint)(chunks * want) << Chunk.Log2, out nuint charged))
        {
            want = 1;
            if (!TConfig.TryCharge((nuint)chunks << Chunk.Log2, out charged)) return TryTakeCommitted<TConfig>(arena, chunks, aligned, spans);
        }

        uint got = TakeCharged<TConfig>(arena, chunks, aligned, want, spans, &charged);
        TConfig.SettleCharge(charged);
        return got;
    }

    // In one piece with its only caller, which no other method takes in: every process calls that, and of the library without a runtime each page of code counts.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint TakeCharged<TConfig>(SharedState* arena, uint chunks, bool aligned, uint want, ChunkSpan* spans, nuint* charged)
        where TConfig : struct, IAllocatorConfig
    {
        uint got = 0;
        Enter<TConfig>(arena);
        while (got < want && TryCut<TConfig>(arena, chunks, aligned, ListProbes, spans + got)) got++;
        SpinLock.Exit<TConfig>(&arena->Lock);
        if (got != 0) return got;
        if (!TConfig.TrySuperSlab(out SuperSlab* fresh))
        {
            // A long run may lie across the places where an aligned span could: there is no other memory, so all of them are looked at.
            if (!aligned) return 0;
            Enter<TConfig>(arena);
            got = TryCut<TConfig>(arena, chunks, true, uint.MaxValue, spans) ? 1u : 0;
            SpinLock.Exit<TConfig>(&arena->Lock);
            return got;
        }

        TConfig.OnNewSuperSlab(fresh);
        bool populated = fresh->Prepared ? fresh->Backed != 0 : Prepare<TConfig>(fresh, charged);
        Enter<TConfig>(arena);
        arena->SuperSlabs++;
        if (populated)
        {
            fresh->Backed = uint.MaxValue;
            arena->ZeroedChunks += Chunk.PerSuperSlab;
        }

        Insert(arena, fresh);
        while (got < want && TryCut<TConfig>(arena, chunks, aligned, ListProbes, spans + got)) got++;
        SpinLock.Exit<TConfig>(&arena->Lock);
        return got;
    }

    // At the hard limit there is still what is free and was not given back: the OS refused it, or a huge page is in use elsewhere.
    private static uint TryTakeCommitted<TConfig>(SharedState* arena, uint chunks, bool aligned, ChunkSpan* span)
        where TConfig : struct, IAllocatorConfig
    {
        Enter<TConfig>(arena);
        bool found = TryFindUsed(arena, arena->Listed >> (int)chunks << (int)chunks, chunks, aligned, uint.MaxValue, true, out SuperSlab* superSlab, out uint first);
        if (found) Hand<TConfig>(arena, superSlab, first, chunks, span);
        SpinLock.Exit<TConfig>(&arena->Lock);
        return found ? 1u : 0;
    }

    /// <summary>Takes the chunks behind a span so that it becomes longer in place. False when they are not free.</summary>
    public static bool TryExtend<TConfig>(uint firstChunk, uint chunks, uint newChunks)
        where TConfig : struct, IAllocatorConfig
    {
        uint offset = firstChunk % Chunk.PerSuperSlab;
        if (offset + newChunks > Chunk.PerSuperSlab) return false;
        SharedState* arena = TConfig.PageArenaState;
        bool granted = TConfig.TryCharge((nuint)(newChunks - chunks) << Chunk.Log2, out nuint charged);
        SuperSlab* superSlab = SuperSlab.Of<TConfig>(firstChunk);
        uint more = Bits.Run(offset + chunks, newChunks - chunks);
        Enter<TConfig>(arena);
        TConfig.OnSuperSlab(superSlab);
        bool free = ((granted ? superSlab->Free : Committed(superSlab)) & more) == more;
        if (free) Cut(arena, superSlab, more);
        SpinLock.Exit<TConfig>(&arena->Lock);
        TConfig.SettleCharge(charged);
        return free;
    }

    /// <summary>Takes a span back. The page map no longer names it, and no thread can reach it.</summary>
    public static void Return<TConfig>(uint firstChunk, uint chunks, bool dirty)
        where TConfig : struct, IAllocatorConfig
    {
        SharedState* arena = TConfig.PageArenaState;
        SuperSlab* superSlab = SuperSlab.Of<TConfig>(firstChunk);
        uint mask = Bits.Run(firstChunk % Chunk.PerSuperSlab, chunks);
        Enter<TConfig>(arena);
        TConfig.OnSuperSlab(superSlab);
        Remove(arena, superSlab);
        superSlab->Free |= mask;
        arena->UsedChunks -= chunks;
        if (dirty)
        {
            superSlab->Dirty |= mask;
            arena->DirtyChunks += chunks;
        }
        else
        {
            uint zeroed = superSlab->Backed & mask;
            superSlab->Zeroed |= zeroed;
            arena->ZeroedChunks += (uint)BitOperations.PopCount(zeroed);
        }

        superSlab->Backed &= ~mask;
        uint waits = (superSlab->Dirty | superSlab->Zeroed) & mask;
        if (waits != 0) SuperSlab.Stamp(superSlab, waits, TConfig.OsMilliseconds());
        if ((superSlab->Dirty | superSlab->Zeroed) != 0) TConfig.QueuePurge(superSlab);   // clean ones, too, may be what others waited for: huge pages go back whole
        Insert(arena, superSlab);
        SpinLock.Exit<TConfig>(&arena->Lock);
    }

    /// <summary>Notes that a span which somebody has was given back to the OS, whatever was behind it before.</summary>
    public static void Forget<TConfig>(uint firstChunk, uint chunks)
        where TConfig : struct, IAllocatorConfig
    {
        SharedState* arena = TConfig.PageArenaState;
        SuperSlab* superSlab = SuperSlab.Of<TConfig>(firstChunk);
        Enter<TConfig>(arena);
        superSlab->Backed &= ~Bits.Run(firstChunk % Chunk.PerSuperSlab, chunks);
        SpinLock.Exit<TConfig>(&arena->Lock);
    }

    /// <summary>Puts every SuperSlab with free chunks that were prefaulted and never used into the purge queue. No lock may be held.</summary>
    public static void QueueUnused<TConfig>()
        where TConfig : struct, IAllocatorConfig
    {
        SharedState* arena = TConfig.PageArenaState;
        if (arena->ZeroedChunks == 0) return;   // a guess without the lock
        Enter<TConfig>(arena);
        for (ulong lists = arena->Listed; lists != 0; lists &= lists - 1)
        {
            for (SuperSlab* one = *SharedState.List(arena, (uint)BitOperations.TrailingZeroCount(lists)); one != null; one = one->Next)
            {
                uint unused = one->Backed & one->Free;
                if (unused == 0) continue;
                one->Backed &= ~unused;
                one->Zeroed |= unused;
                TConfig.QueuePurge(one);
            }
        }

        SpinLock.Exit<TConfig>(&arena->Lock);
    }

    /// <summary>Gives SuperSlabs that are wholly free and clean back to the address space.</summary>
    public static void ReleaseUnused<TConfig>()
        where TConfig : struct, IAllocatorConfig
    {
        SharedState* arena = TConfig.PageArenaState;
        if (TConfig.Composition->HugePages != HugePagePolicy.System) return;   // its advice would go to others with it
        Enter<TConfig>(arena);
        SuperSlab* candidate = *SharedState.List(arena, Chunk.PerSuperSlab);
        while (candidate != null)
        {
            SuperSlab* next = candidate->Next;
            if ((candidate->Dirty | candidate->Zeroed | candidate->Backed) == 0 && !candidate->Queued)
            {
                Remove(arena, candidate);
                arena->SuperSlabs--;
                TConfig.ReturnSuperSlab(candidate);
            }

            candidate = next;
        }

        SpinLock.Exit<TConfig>(&arena->Lock);
    }

    /// <summary>Hides free chunks of a SuperSlab from every taker. Under the arena's lock, before they are purged or cleared without it.</summary>
    public static void Hide<TConfig>(SuperSlab* superSlab, uint mask)
        where TConfig : struct, IAllocatorConfig
    {
        SharedState* arena = TConfig.PageArenaState;
        TConfig.OnSuperSlab(superSlab);
        arena->ZeroedChunks -= (uint)BitOperations.PopCount((superSlab->Zeroed | superSlab->Backed) & mask);
        arena->DirtyChunks += (uint)BitOperations.PopCount(mask & ~superSlab->Dirty);
        Remove(arena, superSlab);
        superSlab->Free &= ~mask;
        superSlab->Hidden |= mask;
        superSlab->Dirty &= ~mask;
        superSlab->Zeroed &= ~mask;
        superSlab->Backed &= ~mask;
        Insert(arena, superSlab);
    }

    /// <summary>Shows hidden chunks again; those of <paramref name="stillDirty"/> could not be purged, those of <paramref name="zeroed"/> were cleared instead. Under the arena's lock.</summary>
    public static void Show<TConfig>(SuperSlab* superSlab, uint mask, uint stillDirty, uint zeroed)
        where TConfig : struct, IAllocatorConfig
    {
        SharedState* arena = TConfig.PageArenaState;
        Remove(arena, superSlab);
        superSlab->Free |= mask;
        superSlab->Hidden &= ~mask;
        superSlab->Dirty |= stillDirty;
        superSlab->Zeroed |= zeroed;
        arena->DirtyChunks -= (uint)BitOperations.PopCount(mask & ~stillDirty);
        arena->ZeroedChunks += (uint)BitOperations.PopCount(zeroed);
        Insert(arena, superSlab);
    }

    // What the composition wants of a SuperSlab's pages; that the OS refuses does no harm, nor that a limit leaves no room for all of it. Whether there is memory behind it now.
    private static bool Prepare<TConfig>(SuperSlab* superSlab, nuint* charged)
        where TConfig : struct, IAllocatorConfig
    {
        Composition* composition = TConfig.Composition;
        byte* start = PageMap.Address<TConfig>(superSlab->FirstChunk);
        if (composition->HugePages != HugePagePolicy.System)
        {
            _ = TConfig.OsAdviseHugePages(start, Chunk.SuperSlabBytes, composition->HugePages == HugePagePolicy.Always);
        }

        return composition->Prefault && TryPopulate<TConfig>(start, charged);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static bool TryPopulate<TConfig>(byte* start, nuint* charged)
        where TConfig : struct, IAllocatorConfig
    {
        if (!TConfig.TryCharge(Chunk.SuperSlabBytes, out nuint whole)) return false;
        *charged += whole;
        return TConfig.OsPopulate(start, Chunk.SuperSlabBytes);
    }

    private static void Enter<TConfig>(SharedState* arena)
        where TConfig : struct, IAllocatorConfig
    {
        SpinLock.Enter<TConfig>(&arena->Lock);
        TConfig.OnSharedLock();
    }

    private static bool TryCut<TConfig>(SharedState* arena, uint chunks, bool aligned, uint probesOfList, ChunkSpan* span)
        where TConfig : struct, IAllocatorConfig
    {
        ulong lists = arena->Listed >> (int)chunks << (int)chunks;
        if (arena->DirtyChunks >= chunks && TryFindUsed(arena, lists, chunks, aligned, DirtyProbes, false, out SuperSlab* found, out uint first))
        {
            Hand<TConfig>(arena, found, first, chunks, span);
            return true;
        }

        for (; lists != 0; lists &= lists - 1)
        {
            uint run = (uint)BitOperations.TrailingZeroCount(lists);
            uint probes = probesOfList;
            for (SuperSlab* candidate = *SharedState.List(arena, run); candidate != null && probes != 0; candidate = candidate->Next, probes--)
            {
                if (!Bits.TryFindRun(candidate->Dirty | candidate->Zeroed, chunks, aligned, out first)
                    && !Bits.TryFindRun(candidate->Free, chunks, aligned, out first)) continue;
                Hand<TConfig>(arena, candidate, first, chunks, span);
                return true;
            }
        }

        return false;
    }

    // A free run that was used before, in any SuperSlab, comes before a fresh one in a tighter: its pages are there. Zeroed ones, too, where only memory counts.
    private static bool TryFindUsed(SharedState* arena, ulong lists, uint chunks, bool aligned, uint probes, bool orZeroed, out SuperSlab* found, out uint first)
    {
        for (; lists != 0; lists &= lists - 1)
        {
            for (found = *SharedState.List(arena, (uint)BitOperations.TrailingZeroCount(lists)); found != null; found = found->Next)
            {
                if (Bits.TryFindRun(orZeroed ? Committed(found) : found->Dirty, chunks, aligned, out first)) return true;
                if (--probes == 0) return false;
            }
        }

        found = null;
        first = 0;
        return false;
    }

    // The free chunks that have memory behind them.
    private static uint Committed(SuperSlab* superSlab) => superSlab->Dirty | superSlab->Zeroed | (superSlab->Backed & superSlab->Free);

    private static void Hand<TConfig>(SharedState* arena, SuperSlab* superSlab, uint first, uint chunks, ChunkSpan* span)
        where TConfig : struct, IAllocatorConfig
    {
        uint mask = Bits.Run(first, chunks);
        span->FirstChunk = superSlab->FirstChunk + first;
        span->Chunks = chunks;
        span->Dirty = (superSlab->Dirty & mask) != 0;
        TConfig.OnSuperSlab(superSlab);
        Cut(arena, superSlab, mask);
    }

    private static void Cut(SharedState* arena, SuperSlab* superSlab, uint mask)
    {
        Remove(arena, superSlab);
        arena->UsedChunks += (uint)BitOperations.PopCount(mask);
        arena->DirtyChunks -= (uint)BitOperations.PopCount(superSlab->Dirty & mask);
        arena->ZeroedChunks -= (uint)BitOperations.PopCount((superSlab->Zeroed | superSlab->Backed) & mask);
        superSlab->Free &= ~mask;
        superSlab->Dirty &= ~mask;
        superSlab->Backed |= superSlab->Zeroed & mask;
        superSlab->Zeroed &= ~mask;
        Insert(arena, superSlab);
    }

    private static void Insert(SharedState* arena, SuperSlab* superSlab)
    {
        uint run = Bits.LongestRun(superSlab->Free);
        superSlab->Run = run;
        if (run == 0) return;
        SuperSlab** list = SharedState.List(arena, run);
        superSlab->Previous = null;
        superSlab->Next = *list;
        if (*list != null) (*list)->Previous = superSlab;
        *list = superSlab;
        arena->Listed |= 1UL << (int)run;
    }

    private static void Remove(SharedState* arena, SuperSlab* superSlab)
    {
        if (superSlab->Run == 0) return;
        SuperSlab** list = SharedState.List(arena, superSlab->Run);
        if (superSlab->Previous != null) superSlab->Previous->Next = superSlab->Next;
        else *list = superSlab->Next;
        if (superSlab->Next != null) superSlab->Next->Previous = superSlab->Previous;
        if (*list == null) arena->Listed &= ~(1UL << (int)superSlab->Run);
        superSlab->Run = 0;
    }
}
