using System;
using System.Collections.Generic;

namespace HakMem.Faults;

/// <summary>Wrong uses that only guards see at once, and what they leave behind. Nothing here flushes, trims or collects.</summary>
internal static unsafe class GuardFaults
{
    public static Dictionary<string, Action> Cases { get; } = new()
    {
        ["guard-twice"] = () =>
        {
            void* block = DoubleFreeFaults.Said(PointerFaults.Own(64));
            HakMemory.Free(block);
            HakMemory.Free(block);
        },
        ["guard-twice-batch"] = () =>
        {
            nint block = (nint)DoubleFreeFaults.Said(PointerFaults.Own(256));
            HakMemory.FreeBatch([block, block]);
        },
        ["guard-twice-heap"] = () =>
        {
            HakHeap heap = new();
            void* block = DoubleFreeFaults.Said(heap.Alloc(64));
            heap.Free(block);
            heap.Free(block);
            GC.KeepAlive(heap);
        },
        ["guard-twice-then-thread"] = () =>
        {
            nint block = (nint)DoubleFreeFaults.Said(PointerFaults.Own(64));
            HakMemory.Free((void*)block);
            PointerFaults.OnThread(() => HakMemory.Free((void*)block));
        },
        ["guard-thread-then-owner"] = () =>
        {
            nint block = (nint)DoubleFreeFaults.Said(PointerFaults.Own(64));
            PointerFaults.OnThread(() => HakMemory.Free((void*)block));
            HakMemory.Free((void*)block);
        },
        ["guard-interior"] = () => HakMemory.Free(DoubleFreeFaults.Said(PointerFaults.Own(64) + 16)),
        ["guard-never-handed-out"] = () => HakMemory.Free(DoubleFreeFaults.Said(PointerFaults.Own(1024) + (40 * 1024))),
        ["guard-usable-freed"] = () =>
        {
            void* block = DoubleFreeFaults.Said(PointerFaults.Own(64));
            HakMemory.Free(block);
            _ = HakMemory.UsableSize(block);
        },
        ["guard-write-after-free"] = () => WriteAfterFree(64, 12),
        ["guard-write-after-free-mid"] = () => WriteAfterFree(16384, 16383),
        ["guard-write-after-free-thread"] = () =>
        {
            nint[] blocks = DoubleFreeFaults.Batch(1024, 64);
            PointerFaults.OnThread(() => HakMemory.FreeBatch(blocks));
            *(byte*)DoubleFreeFaults.Said((void*)blocks[9]) = 1;
            for (int i = 0; i < 1000; i++) HakMemory.Alloc(1024);
        },
        ["guard-write-after-free-heap"] = () =>
        {
            HakHeap heap = new();
            byte* block = (byte*)DoubleFreeFaults.Said(heap.Alloc(1024));
            heap.Free(block);
            block[5] = 1;
            _ = heap.Alloc(1024);
            GC.KeepAlive(heap);
        },
        ["guard-size-above"] = () => HakMemory.Free(DoubleFreeFaults.Said(PointerFaults.Own(64)), 5000),
        ["guard-size-below"] = () => HakMemory.Free(DoubleFreeFaults.Said(PointerFaults.Own(896)), 100),
        ["erase-tiny"] = () => Erase(64),
        ["erase-mid"] = () => Erase(20_000),
        ["erase-large"] = () => Erase(200_000),
        ["erase-big"] = () =>
        {
            HakMemory.Free(HakMemory.Alloc(5 << 20));   // the first time it goes back
            Erase(5 << 20);
        },
        ["erase-thread"] = () =>
        {
            byte* block = (byte*)HakMemory.Alloc(1024);
            new Span<byte>(block, 1024).Fill(1);
            nint address = (nint)block;
            PointerFaults.OnThread(() => HakMemory.Free((void*)address));
            Tell(block, 1024);
        },
    };

    private static void WriteAfterFree(nuint size, int offset)
    {
        byte* block = (byte*)DoubleFreeFaults.Said(PointerFaults.Own(size));
        HakMemory.Free(block);
        block[offset] = 1;
        if (HakMemory.Alloc(size) != block) throw new InvalidOperationException("the block was not reused");
    }

    private static void Erase(nuint size)
    {
        byte* block = (byte*)HakMemory.Alloc(size);
        new Span<byte>(block, (int)size).Fill(1);
        HakMemory.Free(block);
        Tell(block, (int)size);
    }

    private static void Tell(byte* block, int size) => Console.WriteLine(new Span<byte>(block, size).IndexOfAnyExcept((byte)0) < 0 ? "cleared" : "kept");
}
