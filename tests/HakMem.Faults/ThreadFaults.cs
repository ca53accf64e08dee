using System;
using System.Collections.Generic;
using static HakMem.Faults.DoubleFreeFaults;
using static HakMem.Faults.PointerFaults;

namespace HakMem.Faults;

/// <summary>Blocks freed twice by several threads.</summary>
internal static unsafe class ThreadFaults
{
    public static Dictionary<string, Action> Cases { get; } = new()
    {
        ["twice-in-table"] = () =>
        {
            nint block = Foreign(64, 7);
            OnThreadWithHeap(() =>
            {
                HakMemory.Free((void*)block);
                HakMemory.Free((void*)block);
            });
        },
        ["twice-sent"] = () =>
        {
            // A thread that never allocated has no table: both are sent at once, and nobody collects in between.
            nint block = Foreign(64, 7);
            OnThread(() => HakMemory.Free((void*)block));
            OnThread(() => HakMemory.Free((void*)block));
        },
        ["twice-sent-in-batches"] = () =>
        {
            nint[] blocks = DoubleFreeFaults.Batch(64, 10000);
            Program.Say((void*)blocks[7]);
            OnThreadWithHeap(() =>
            {
                HakMemory.Free((void*)blocks[7]);
                FreeFrom(blocks, 200, 4800);
            });
            OnThreadWithHeap(() =>
            {
                HakMemory.Free((void*)blocks[7]);
                FreeFrom(blocks, 5000, 4800);
            });
        },
        ["twice-collected"] = () =>
        {
            // The owner's free is in the bitmap when the other's is collected.
            nint block = Foreign(64, 7);
            HakMemory.Free((void*)block);
            HakMemory.Trim();
            OnThread(() => HakMemory.Free((void*)block));
            HakMemory.Trim();
        },
        ["twice-flushed-after-collect"] = () =>
        {
            nint block = Foreign(64, 7);
            OnThread(() => HakMemory.Free((void*)block));
            HakMemory.GetStatistics();
            HakMemory.Free((void*)block);
            HakMemory.Trim();
        },
        ["twice-slab-gone"] = () =>
        {
            // The block's slab is retired by another thread while the owner's second free of it waits in the stack.
            nint block = (nint)Said(HakMemory.Alloc(64));
            HakMemory.Trim();
            OnThread(() => HakMemory.Free((void*)block));
            HakMemory.Free((void*)block);
            OnThread(HakMemory.Trim);
            HakMemory.Trim();
        },
        ["twice-slab-recut"] = () =>
        {
            // As before, and the retired slab's chunk is already cut into blocks of another class.
            nint[] blocks = new nint[4];
            HakMemory.AllocBatch(128, blocks);
            nint block = (nint)Said((void*)blocks[3]);
            HakMemory.FreeBatch(blocks.AsSpan(0, 3));
            HakMemory.Trim();
            OnThread(() => HakMemory.Free((void*)block));
            HakMemory.Free((void*)block);
            OnThread(HakMemory.Trim);
            HakMemory.AllocBatch(1024, new nint[30]);
            HakMemory.Trim();
        },
        ["twice-large-threads"] = () =>
        {
            nint block = (nint)Said(HakMemory.Alloc(200_000));
            OnThread(() => HakMemory.Free((void*)block));
            HakMemory.Free((void*)block);
        },
        ["twice-big-threads"] = () =>
        {
            nint block = (nint)Said(HakMemory.Alloc(5 << 20));
            OnThread(() => HakMemory.Free((void*)block));
            HakMemory.Free((void*)block);
        },
        ["twice-after-owner-ended"] = () =>
        {
            nint block = 0;
            OnThread(() => block = Foreign(64, 7));
            HakMemory.Trim();
            HakMemory.Free((void*)block);
            HakMemory.Trim();
            HakMemory.Free((void*)block);
            HakMemory.Trim();
        },
    };

    private static nint Foreign(nuint size, int index)
    {
        nint block = DoubleFreeFaults.Batch(size, 512)[index];
        Program.Say((void*)block);
        return block;
    }

    private static void OnThreadWithHeap(Action action) => OnThread(() =>
    {
        HakMemory.Free(HakMemory.Alloc(8));
        action();
    });

    private static void FreeFrom(nint[] blocks, int first, int count)
    {
        for (int i = first; i < first + count; i++) HakMemory.Free((void*)blocks[i]);
    }
}
