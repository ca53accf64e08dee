using System;
using System.Threading;

namespace HakMem.Models.Tests;

/// <content>
/// First-class heaps: made by whoever finds an empty place, used by several threads at a time, whose frees come through the heap and from outside. A heap is destroyed with its blocks when nobody is inside, or
/// released in the midst of others' calls; then its blocks go to the board, and whoever gets them frees them.
/// </content>
internal sealed unsafe partial class StressRound<TStressed, TConfig>
{
    private const int HeapPlaces = 6;

    private readonly StressedHeap<TConfig>?[] _heaps = new StressedHeap<TConfig>?[HeapPlaces];
    private long _destroyed, _destroyedBlocks, _released, _releasedBlocks;

    public long Destroyed => _destroyed;

    public long DestroyedBlocks => _destroyedBlocks;

    public long Released => _released;

    public long ReleasedBlocks => _releasedBlocks;

    private void StepInHeap(ref ulong random)
    {
        ref StressedHeap<TConfig>? place = ref _heaps[(int)(Next(ref random) % HeapPlaces)];
        StressedHeap<TConfig>? heap = Volatile.Read(ref place);
        if (heap is null)
        {
            heap = StressedHeap<TConfig>.TryMake();
            if (heap is null)
            {
                if (TConfig.Composition != null) Fail("no heap was to be had");
                return;   // the allocator is not open yet
            }

            if (Interlocked.CompareExchange(ref place, heap, null) is not null) heap.Destroy();
            return;
        }

        if (!heap.TryEnter()) return;
        ulong draw = Next(ref random) % 4096;
        bool ends = draw >= 4076 && heap.TryClose();
        if (!ends) Use(heap, draw, ref random);
        heap.Leave();
        if (!ends) return;
        Volatile.Write(ref place, null);
        End(heap, draw % 2 == 0, ref random);
    }

    private void Use(StressedHeap<TConfig> heap, ulong draw, ref ulong random)
    {
        nuint size = Size(ref random);
        ulong slot = Next(ref random);
        if (draw < 2000)
        {
            nuint alignment = draw % 8 == 0 ? (nuint)16 << (int)(draw / 8 % 9) : 1;
            bool zeroed = draw % 8 == 1;
            byte* block = heap.Alloc(size, alignment, zeroed);
            if (block == null)
            {
                if (!heap.IsClosing) Fail("a heap that was not released has no memory");
                return;
            }

            if ((nuint)block % alignment != 0) Fail($"a block of {size} bytes of a heap is not aligned to {alignment}");
            if (zeroed && new Span<byte>(block, (int)size).ContainsAnyExcept((byte)0)) Fail($"a zeroed block of {size} bytes of a heap is not zero");
            FreeAnyhow(heap, heap.Exchange(slot, Fill(block, size, random)), draw);
        }
        else if (draw < 3200)
        {
            FreeAnyhow(heap, heap.Exchange(slot, null), draw);
        }
        else if (draw < 3600)
        {
            byte* block = heap.Exchange(slot, null);
            if (block == null) return;
            Check(block);
            nuint before = *(nuint*)block;
            ulong tag = ((ulong*)block)[1];
            byte pattern = Pattern(block, tag);
            byte* moved = heap.Realloc(block, size);
            if (moved != null) Resized(moved, before, tag, pattern, size, random);
            FreeAnyhow(heap, heap.Exchange(slot, moved != null ? moved : block), draw);
        }
        else if (draw < 4040)
        {
            byte* block = HandOver(null, ref random);   // a thread's, or of a heap that was released
            Check(block);
            heap.Free(block);
        }
        else if (draw < 4060)
        {
            _ = heap.CountBlocks();
        }
        else
        {
            heap.Trim();
        }
    }

    private void FreeAnyhow(StressedHeap<TConfig> heap, byte* block, ulong draw)
    {
        Check(block);
        if (draw % 2 == 0) heap.Free(block);
        else TStressed.Free(block);
    }

    private void End(StressedHeap<TConfig> heap, bool release, ref ulong random)
    {
        if (release) heap.Release();
        heap.WaitUntilAlone();
        bool counts = !release && Next(ref random) % 2 == 0;   // counting collects what others freed, which destroying must do itself
        ulong counted = counts ? heap.CountBlocks() : 0, blocks = 0;
        for (ulong slot = 0; slot < StressedHeap<TConfig>.Slots; slot++)
        {
            byte* block = heap.Exchange(slot, null);
            if (block == null) continue;
            blocks++;
            Check(block);
            if (!release) continue;
            block = HandOver(block, ref random);
            Check(block);
            TStressed.Free(block);
        }

        Interlocked.Increment(ref release ? ref _released : ref _destroyed);
        Interlocked.Add(ref release ? ref _releasedBlocks : ref _destroyedBlocks, (long)blocks);
        if (release) return;
        if (counts && counted != blocks) Fail($"a heap counts {counted} blocks and has {blocks}");
        heap.Destroy();
    }

    private void EndHeaps()
    {
        ulong random = seed;
        for (int i = 0; i < HeapPlaces; i++)
        {
            if (_heaps[i] is not { } heap) continue;
            _ = heap.TryClose();
            End(heap, i % 2 == 0, ref random);
        }
    }
}
