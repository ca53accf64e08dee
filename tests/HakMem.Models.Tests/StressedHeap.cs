using System.Threading;
using HakMem.Boxes;

namespace HakMem.Models.Tests;

/// <summary>
/// A first-class heap that threads share, with the places in which its blocks change hands. Who uses it enters before and leaves afterwards, so that it is destroyed when nobody is inside; a release
/// waits for nobody.
/// </summary>
/// <typeparam name="TConfig">The composition.</typeparam>
internal sealed unsafe class StressedHeap<TConfig>
    where TConfig : struct, IAllocatorConfig
{
    public const int Slots = 128;

    private const int Closing = 1 << 30;

    private readonly ThreadHeap* _heap;
    private readonly uint _use;
    private readonly nint[] _slots = new nint[Slots];
    private int _gate;

    private StressedHeap(ThreadHeap* heap)
    {
        _heap = heap;
        _use = heap->Use;
    }

    /// <summary>A new heap; null when the allocator gives none.</summary>
    public static StressedHeap<TConfig>? TryMake()
    {
        ThreadHeap* heap = FirstClassHeap.Create<TConfig>();
        return heap == null ? null : new StressedHeap<TConfig>(heap);
    }

    /// <summary>Puts a block, or nothing, into a place; what was there is the caller's.</summary>
    public byte* Exchange(ulong slot, byte* block) => (byte*)Interlocked.Exchange(ref _slots[(int)(slot % Slots)], (nint)block);

    /// <summary>Whether the heap may be released by now.</summary>
    public bool IsClosing => (Volatile.Read(ref _gate) & Closing) != 0;

    public bool TryEnter()
    {
        if ((Interlocked.Increment(ref _gate) & Closing) == 0) return true;
        Leave();
        return false;
    }

    public void Leave() => Interlocked.Decrement(ref _gate);

    /// <summary>From now on nobody enters. False when another thread said so before.</summary>
    public bool TryClose() => (Interlocked.Or(ref _gate, Closing) & Closing) == 0;

    public void WaitUntilAlone()
    {
        while (Volatile.Read(ref _gate) != Closing) Thread.Sleep(0);
    }

    public byte* Alloc(nuint size, nuint alignment, bool zeroed) => (byte*)FirstClassHeap.Alloc<TConfig>(_heap, size, alignment, zeroed, _use);

    public byte* Realloc(byte* block, nuint size) => (byte*)FirstClassHeap.Realloc<TConfig>(_heap, block, size, 1, _use);

    public void Free(byte* block) => FirstClassHeap.Free<TConfig>(_heap, block, _use);

    public void Trim() => FirstClassHeap.Trim<TConfig>(_heap, _use);

    public ulong CountBlocks()
    {
        HeapStatistics statistics;
        FirstClassHeap.ReadStatistics<TConfig>(_heap, &statistics, _use);
        return statistics.Blocks;
    }

    public void Destroy() => FirstClassHeap.Destroy<TConfig>(_heap);

    public void Release() => FirstClassHeap.Release<TConfig>(_heap);
}
