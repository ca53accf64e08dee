using System.Runtime.CompilerServices;

namespace HakMem.Boxes;

/// <content>Memory that nobody uses goes back for as much that is used for the first time.</content>
public static unsafe partial class UnifiedCacheRefill
{
    private const long ExchangeBelowBytes = 16 << 20;   // touched, in use or free: a larger program has had its most, and what waits for the purge delay is little beside that
    private const long BlocksBelowBytes = 8 << 20;   // in larger programs blocks above a page come again too soon
    private const nuint LeastEndBytes = 16 << 10;   // a call to the OS for less frees too little
    private const long LookBytes = 512 << 10;   // of fresh memory, from one look at idle fronts to the next
    private const uint MostEnds = 16;   // until the program grows: else who uses the same memory again and again would pay for it each time
    private const ulong MicrosecondsPerPage = 10, BurstMicroseconds = 60_000;   // to give a page back and to touch it again takes up to 2; 24 MiB at once

    /// <summary>
    /// After a heap has taken fresh memory (<see cref="ThreadHeap.FreshBytes"/>, a chunk at least), gives free memory that was used back to the OS, as much as the program, of up to 16 MiB, has touched beyond the most that it ever had: free chunks, and up to 8 MiB with one heap free blocks above a page. Above 8 MiB it first empties fronts that are idle, for each 512 KiB of growth. Where fresh memory is needed while used memory is free, that is of the wrong size or in the wrong place, and a small program would hold both until the purge delay is over. Up to what was touched at once before nothing goes back, nor before the time that went by has paid for what earlier calls gave back, 400 KiB a millisecond, up to 24 MiB saved up: so the page faults of parts of a program
    /// that push each other out take a fifth of its time at most. Not where memory is to stay: with prefaulting, without purging, in huge pages. By the running thread, without the heap's lock.
    /// </summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void Exchange<TConfig>(ThreadHeap* heap)
        where TConfig : struct, IAllocatorConfig
    {
        SpinLock.Enter<TConfig>(&heap->Lock);
        CountFresh<TConfig>(heap);
        SpinLock.Exit<TConfig>(&heap->Lock);
        PageArena.SharedState* arena = TConfig.PageArenaState;
        long touched = PageArena.TouchedBytes(arena), most = arena->MostTouchedBytes;
        if (touched <= most) return;
        arena->EndsLeft = MostEnds;
        touched = touched > BlocksBelowBytes ? LookAtIdle<TConfig>(heap, touched, most) : GiveBackFor<TConfig>(heap, touched, most);
        if (touched > most) arena->MostTouchedBytes = touched;
    }

    /// <summary>
    /// For a large block that is about to be handed out in used memory: gives the pages behind it, up to the end of its chunks, back to the OS, where free blocks above a page would go back, too
    /// (<see cref="Exchange{TConfig}"/>), and on the same account. Returns how many bytes went back, 16 KiB at least or none. By the running thread, without the heap's lock.
    /// </summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static uint GiveBackEnd<TConfig>(ThreadHeap* heap, byte* end, nuint bytes)
        where TConfig : struct, IAllocatorConfig
    {
        PageArena.SharedState* arena = TConfig.PageArenaState;
        if (bytes < LeastEndBytes || arena->EndsLeft == 0 || PageArena.TouchedBytes(arena) > BlocksBelowBytes || !IsOnlyHeap<TConfig>(heap) || IsToStay(TConfig.Composition)) return 0;
        ulong now = TConfig.OsMilliseconds() * 1000;
        if (arena->ExchangePaid > now) return 0;
        arena->EndsLeft--;   // where the OS refuses, too
        if (!TConfig.OsPurge(end, bytes)) return 0;
        Charge(arena, now, (long)bytes);
        return (uint)bytes;
    }

    // In a program that is not small: empties the idle fronts, if it grew enough since that was done last, and then does as in one that is. Returns what is touched then.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static long LookAtIdle<TConfig>(ThreadHeap* heap, long touched, long most)
        where TConfig : struct, IAllocatorConfig
    {
        PageArena.SharedState* arena = TConfig.PageArenaState;
        if (touched - arena->LookedAtBytes >= LookBytes)
        {
            EmptyIdle<TConfig>(heap);
            arena->LookedAtBytes = touched = PageArena.TouchedBytes(arena);
        }

        return touched > most && touched <= ExchangeBelowBytes ? GiveBackFor<TConfig>(heap, touched, most) : touched;
    }

    // Gives the blocks back that are in front of classes of which the program uses no more than that: a few of them keep whole slabs from being empty, which other sizes could use. Then the empty slabs. By the running thread.
    private static void EmptyIdle<TConfig>(ThreadHeap* heap)
        where TConfig : struct, IAllocatorConfig
    {
        SpinLock.Enter<TConfig>(&heap->Lock);
        TConfig.CollectRemote(heap);
        for (uint sizeClass = 1; sizeClass < SizeClasses.Count; sizeClass++)
        {
            uint count = TConfig.CountFront(heap, sizeClass);
            if (count != 0 && *ThreadHeap.Out(heap, sizeClass) <= 2 * (ulong)count) Empty<TConfig>(heap, sizeClass, count);
        }

        RetireEmpty<TConfig>(heap);
        TConfig.DrainWarm(heap);
        SpinLock.Exit<TConfig>(&heap->Lock);
        TConfig.DrainSharedPool();
    }

    // While time has paid for what went back before. Returns what is touched then.
    private static long GiveBackFor<TConfig>(ThreadHeap* heap, long touched, long most)
        where TConfig : struct, IAllocatorConfig
    {
        PageArena.SharedState* arena = TConfig.PageArenaState;
        ulong now = TConfig.OsMilliseconds() * 1000;
        if (arena->ExchangePaid > now || IsToStay(TConfig.Composition)) return touched;
        SpinLock.Enter<TConfig>(&heap->Lock);
        TConfig.DrainLarge(heap);
        SpinLock.Exit<TConfig>(&heap->Lock);
        GiveBackDirty<TConfig>(most);
        if (touched <= BlocksBelowBytes && PageArena.TouchedBytes(arena) > most && IsOnlyHeap<TConfig>(heap))
        {
            GiveBackBlocks<TConfig>(heap, most);
            GiveBackDirty<TConfig>(most);   // slabs that had blocks in front alone
        }

        long left = PageArena.TouchedBytes(arena);
        if (left >= touched) return touched;
        Charge(arena, now, touched - left);
        return left;
    }

    private static void Charge(PageArena.SharedState* arena, ulong now, long bytes)
    {
        ulong paid = arena->ExchangePaid;
        if (paid + BurstMicroseconds < now) paid = now - BurstMicroseconds;
        arena->ExchangePaid = paid + ((ulong)bytes / Chunk.OsPageBytes * MicrosecondsPerPage);
    }

    private static void GiveBackDirty<TConfig>(long most)
        where TConfig : struct, IAllocatorConfig
    {
        long over = PageArena.TouchedBytes(TConfig.PageArenaState) - most;
        if (over > 0 && TConfig.PageArenaState->DirtyChunks != 0) TConfig.GiveBackChunks((uint)((ulong)(over + (long)Chunk.Bytes - 1) >> Chunk.Log2));
    }

    // What the heap cut is in the arena's count from here on. Under the heap's lock, as a fork must not come between.
    private static void CountFresh<TConfig>(ThreadHeap* heap)
        where TConfig : struct, IAllocatorConfig
    {
        PageArena.CountUntouched<TConfig>(-(long)heap->FreshBytes);
        heap->FreshBytes = 0;
    }

    // Those of the largest classes first, which are the fewest calls, until no more is touched than that: up to eight calls for each class under one hold of the lock, which nobody waits for but a scavenger, as there is one heap.
    private static void GiveBackBlocks<TConfig>(ThreadHeap* heap, long most)
        where TConfig : struct, IAllocatorConfig
    {
        SpinLock.Enter<TConfig>(&heap->Lock);
        for (uint sizeClass = SizeClasses.Count - 1; sizeClass >= SizeClasses.FirstAbovePage && PageArena.TouchedBytes(TConfig.PageArenaState) > most; sizeClass--)
        {
            uint count = TConfig.CountFront(heap, sizeClass);
            if (count == 0 && !HasUsed(ThreadHeap.BinOf(heap, sizeClass))) continue;
            Empty<TConfig>(heap, sizeClass, count);
            PurgeWalk walk = default;
            walk.Begin();
            walk.Renew();
            _ = PurgePages<TConfig>(heap, sizeClass, &walk, true);
        }

        SpinLock.Exit<TConfig>(&heap->Lock);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsOnlyHeap<TConfig>(ThreadHeap* heap)
        where TConfig : struct, IAllocatorConfig
        => TConfig.FirstHeap() == heap && heap->NextInComposition == null;

    // What was used must not go back before its time.
    private static bool IsToStay(Composition* composition) => !composition->PurgeEnabled || composition->Prefault || composition->HugePages == HugePagePolicy.Always;
}
