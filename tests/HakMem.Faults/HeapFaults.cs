using System;
using System.Collections.Generic;

namespace HakMem.Faults;

/// <summary>Blocks of heaps that are gone.</summary>
internal static unsafe class HeapFaults
{
    public static Dictionary<string, Action> Cases { get; } = new()
    {
        ["heap-destroyed-tiny"] = () => FreeAfterDestroy(64),
        ["heap-destroyed-mid"] = () => FreeAfterDestroy(20_000),
        ["heap-destroyed-large"] = () => FreeAfterDestroy(200_000),
        ["heap-destroyed-big"] = () => FreeAfterDestroy(5 << 20),
        ["heap-destroyed-thread"] = () =>
        {
            nint block = Orphan(64);
            PointerFaults.OnThread(() => HakMemory.Free((void*)block));
        },
        ["heap-destroyed-other-heap"] = () =>
        {
            nint block = Orphan(64);
            new HakHeap().Free((void*)block);
        },
        ["heap-destroyed-realloc"] = () => HakMemory.Realloc((void*)Orphan(64), 1000),
        ["heap-twice"] = () =>
        {
            using HakHeap heap = new();
            void* block = heap.Alloc(128);
            Program.Say(block);
            heap.Free(block);
            heap.Free(block);
            heap.Trim();
        },
        ["heap-twice-remote"] = () =>
        {
            // Sent at once by a thread that has a table of its own, too: the second finds the bit of the first.
            using HakHeap heap = new();
            void* block = heap.Alloc(128);
            Program.Say(block);
            HakMemory.Free(HakMemory.Alloc(8));
            HakMemory.Free(block);
            HakMemory.Free(block);
        },
        ["heap-interior"] = () =>
        {
            using HakHeap heap = new();
            byte* inside = (byte*)heap.Alloc(128) + 16;
            Program.Say(inside);
            heap.Free(inside);
            heap.Trim();
        },
    };

    private static void FreeAfterDestroy(nuint size) => HakMemory.Free((void*)Orphan(size));

    private static nint Orphan(nuint size)
    {
        HakHeap heap = new();
        void* block = heap.Alloc(size);
        Program.Say(block);
        heap.Destroy();
        return (nint)block;
    }
}
