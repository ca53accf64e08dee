using System.Numerics;
using System.Runtime;
using System.Runtime.CompilerServices;
using HakMem.Boxes;
using static HakMem.Preload.PreloadAllocator;

namespace HakMem.Preload;

/// <summary>Heaps of the program's own: <c>hakmem_heap_…</c> of hakmem.h. Not for signal handlers that interrupt the allocator: there they fail.</summary>
internal static unsafe class HeapExports
{
    [RuntimeExport("hm_heap_new")]
    private static void* New()
    {
        SlowPath path = default;
        if (!path.TryEnter(Trampolines.GetSlot())) return MallocExports.FailNoMemory();
        return path.Leave(FirstClassHeap.Create<Config>());
    }

    [RuntimeExport("hm_heap_destroy")]
    private static void Destroy(ThreadHeap* heap)
    {
        SlowPath path = default;
        if (!IsThere(heap) || !path.TryEnter(Trampolines.GetSlot())) return;
        if (heap->Kind != HeapKind.FirstClass) Stop(heap);
        SignalHeap.FinishDeferred(path.Heap);
        FirstClassHeap.Destroy<Config>(heap);
        path.Leave();
    }

    [RuntimeExport("hm_heap_release")]
    private static void Release(ThreadHeap* heap)
    {
        SlowPath path = default;
        if (!IsThere(heap) || !path.TryEnter(Trampolines.GetSlot())) return;
        FirstClassHeap.Release<Config>(heap);
        path.Leave();
    }

    [RuntimeExport("hm_heap_trim")]
    private static void Trim(ThreadHeap* heap)
    {
        SlowPath path = default;
        if (!IsThere(heap) || !path.TryEnter(Trampolines.GetSlot())) return;
        FirstClassHeap.Trim<Config>(heap);
        path.Leave();
    }

    [RuntimeExport("hm_heap_malloc")]
    private static void* Malloc(ThreadHeap* heap, nuint size) => Alloc(heap, size, 1, false);

    [RuntimeExport("hm_heap_calloc")]
    private static void* Calloc(ThreadHeap* heap, nuint count, nuint size)
        => MallocExports.TryMultiply(count, size, out nuint bytes) ? Alloc(heap, bytes, 1, true) : MallocExports.FailNoMemory();

    [RuntimeExport("hm_heap_memalign")]
    private static void* Memalign(ThreadHeap* heap, nuint alignment, nuint size)
        => BitOperations.IsPow2(alignment) ? Alloc(heap, size, alignment, false) : AlignedExports.FailInvalid();

    [RuntimeExport("hm_heap_realloc")]
    private static void* Realloc(ThreadHeap* heap, void* block, nuint size)
    {
        if (block == null || heap == null) return Alloc(heap, size, 1, false);
        if (size == 0)
        {
            Free(heap, block);
            return null;
        }

        _ = IsThere(heap);
        SlowPath path = default;
        if (SignalHeap.Contains(block) || !path.TryEnter(Trampolines.GetSlot())) return MallocExports.FailNoMemory();
        return path.Leave(FirstClassHeap.Realloc<Config>(heap, block, size, 1));
    }

    [RuntimeExport("hm_heap_free")]
    private static void Free(ThreadHeap* heap, void* block)
    {
        if (block == null) return;
        SlowPath path = default;
        if (!IsThere(heap) || SignalHeap.Contains(block) || !path.TryEnter(Trampolines.GetSlot()))
        {
            MallocExports.FreeSlow(block, Trampolines.GetSlot());
            return;
        }

        FirstClassHeap.Free<Config>(heap, block);
        path.Leave();
    }

    private static void* Alloc(ThreadHeap* heap, nuint size, nuint alignment, bool zeroed)
    {
        if (!IsThere(heap)) return AlignedExports.FailInvalid();
        SlowPath path = default;
        if (!path.TryEnter(Trampolines.GetSlot())) return MallocExports.FailNoMemory();
        return path.Leave(FirstClassHeap.Alloc<Config>(heap, size, alignment, zeroed));
    }

    // False when it is null. A destroyed one is known until it is made again; of a released one nothing is wrong but to destroy it.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static bool IsThere(ThreadHeap* heap)
    {
        if (heap == null) return false;
        if (heap->Life == HeapLife.Spare) Stop(heap);
        return true;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Stop(ThreadHeap* heap)
    {
        TextBuffer line = default;
        line.Append("hakmem: use of the destroyed or released heap at 0x"u8);
        line.AppendHexadecimal((nuint)heap);
        line.Append("\n"u8);
        line.WriteError();
        LibC.abort();
    }
}
