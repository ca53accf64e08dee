using System.Runtime.CompilerServices;
using System.Threading;

namespace HakMem.Boxes;

/// <summary>
/// Box of layer Core. A lock in one word: 0 free, 1 held, 2 held and waited for. Waits with the processor's pause, then the scheduler, then short sleeps
/// (<see cref="IAllocatorConfig.OsWait"/>), never with anything of the runtime that can throw or run user code.
/// Locks are taken in the order user lock of a first-class heap, registry, heap, arena, cache of big blocks, their table, address space; none is held across a call into user code.
/// </summary>
[Box(BoxLayer.Core)]
public static unsafe class SpinLock
{
    /// <summary>From this attempt on, <see cref="IAllocatorConfig.OsWait"/> gives the processor away; before, it pauses.</summary>
    public const uint YieldAttempt = 64;

    /// <summary>From this attempt on, it sleeps.</summary>
    public const uint SleepAttempt = 128;

    private const int Wanted = 2;
    private const uint PassAttempts = 8;

    /// <summary>Takes the lock. Acquire; pairs with <see cref="Exit{TConfig}"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Enter<TConfig>(int* word)
        where TConfig : struct, IAllocatorConfig
    {
        TConfig.OnSharedStep();
        if (Interlocked.CompareExchange(ref *word, 1, 0) != 0) EnterSlow<TConfig>(word);
        else TConfig.OnLock(word, 0);
    }

    /// <summary>Takes the lock if it is free. Acquire; pairs with <see cref="Exit{TConfig}"/>.</summary>
    public static bool TryEnter<TConfig>(int* word)
        where TConfig : struct, IAllocatorConfig
    {
        TConfig.OnSharedStep();
        bool entered = Interlocked.CompareExchange(ref *word, 1, 0) == 0;
        if (entered) TConfig.OnLock(word, 0);
        return entered;
    }

    /// <summary>Gives the lock back. Release.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Exit<TConfig>(int* word)
        where TConfig : struct, IAllocatorConfig
    {
        TConfig.OnSharedStep();
        Volatile.Write(ref *word, 0);
    }

    /// <summary>
    /// Gives the lock back and takes it again. When another thread has waited for some time it comes first: it sleeps by then, and whoever gives the lock back only to take it again would be faster each time.
    /// </summary>
    public static void Pass<TConfig>(int* word)
        where TConfig : struct, IAllocatorConfig
    {
        bool wanted = Volatile.Read(ref *word) == Wanted;
        Exit<TConfig>(word);
        for (uint i = 0; wanted && i < PassAttempts && Volatile.Read(ref *word) == 0; i++) TConfig.OsWait(SleepAttempt);
        Enter<TConfig>(word);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void EnterSlow<TConfig>(int* word)
        where TConfig : struct, IAllocatorConfig
    {
        uint attempt = 0;
        do
        {
            while (Volatile.Read(ref *word) != 0)
            {
                if (attempt >= YieldAttempt) _ = Interlocked.CompareExchange(ref *word, Wanted, 1);
                TConfig.OsWait(attempt++);
            }
        }
        while (Interlocked.CompareExchange(ref *word, 1, 0) != 0);
        TConfig.OnLock(word, attempt);
    }
}
