using System;
using System.Collections.Generic;

namespace HakMem.Faults;

/// <summary>Blocks freed twice by one thread.</summary>
internal static unsafe class DoubleFreeFaults
{
    public static Dictionary<string, Action> Cases { get; } = new()
    {
        ["twice-in-stack"] = () =>
        {
            void* block = Said(PointerFaults.Own(64));
            HakMemory.Free(block);
            HakMemory.Free(block);
            HakMemory.Trim();
        },
        ["twice-in-stack-apart"] = () =>
        {
            // Blocks of another bitmap word lie between the two, so the batch holds the same bit in two words.
            nint[] blocks = Batch(64, 512);
            HakMemory.Free(Said((void*)blocks[0]));
            HakMemory.Free((void*)blocks[200]);
            HakMemory.Free((void*)blocks[0]);
            HakMemory.Trim();
        },
        ["twice-in-stack-mid"] = () =>
        {
            void* block = Said(PointerFaults.Own(20_000));
            HakMemory.Free(block);
            HakMemory.Free(block);
            HakMemory.Trim();
        },
        ["twice-in-batch"] = () =>
        {
            nint block = (nint)Said(PointerFaults.Own(256));
            HakMemory.FreeBatch([block, block]);
            HakMemory.Trim();
        },
        ["twice-in-full-stack"] = () =>
        {
            nint[] blocks = Batch(64, 5000);
            HakMemory.Free(Said((void*)blocks[0]));
            HakMemory.Free((void*)blocks[0]);
            HakMemory.FreeBatch(blocks.AsSpan(1));
        },
        ["twice-across-flush"] = () =>
        {
            nint[] blocks = Batch(64, 512);
            HakMemory.Free(Said((void*)blocks[7]));
            HakMemory.Trim();
            HakMemory.Free((void*)blocks[7]);
            HakMemory.Trim();
        },
        ["twice-slab-retired"] = () =>
        {
            void* block = Said(HakMemory.Alloc(64));
            HakMemory.Free(block);
            HakMemory.Trim();
            HakMemory.Free(block);
        },
        ["twice-large"] = () => FreeTwice(HakMemory.Alloc(200_000)),
        ["twice-large-after-trim"] = () =>
        {
            void* block = Said(HakMemory.Alloc(200_000));
            HakMemory.Free(block);
            HakMemory.Trim();
            HakMemory.Free(block);
        },
        ["twice-big"] = () => FreeTwice(HakMemory.Alloc(5 << 20)),
        ["twice-big-uncached"] = () => FreeTwice(HakMemory.Alloc(64 << 20)),
        ["twice-aligned"] = () => FreeTwice(HakMemory.AlignedAlloc(100_000, 1 << 20)),
        ["twice-zero-size"] = () =>
        {
            void* block = Said(HakMemory.Alloc(0));
            HakMemory.Free(block);
            HakMemory.Free(block);
            HakMemory.Trim();
        },
        ["twice-with-size"] = () =>
        {
            void* block = Said(PointerFaults.Own(64));
            HakMemory.Free(block, 64);
            HakMemory.Free(block, 64);
            HakMemory.Trim();
        },

        // What release cannot see: the second free takes the block from its new user.
        ["reused-tiny"] = () =>
        {
            void* block = HakMemory.Alloc(64);
            HakMemory.Free(block);
            void* next = HakMemory.Alloc(64);
            if (next != block) throw new InvalidOperationException("the block was not reused");
            HakMemory.Free(block);
            HakMemory.Trim();
        },
        ["reused-large"] = () =>
        {
            void* block = HakMemory.Alloc(200_000);
            HakMemory.Free(block);
            void* next = HakMemory.Alloc(200_000);
            if (next != block) throw new InvalidOperationException("the block was not reused");
            HakMemory.Free(block);
            HakMemory.Trim();
        },
        ["interior-reused"] = () =>
        {
            byte* inside = (byte*)Said(PointerFaults.Own(64) + 16);
            HakMemory.Free(inside);
            if (HakMemory.Alloc(64) != inside) throw new InvalidOperationException("the address was not reused");
            HakMemory.Trim();
        },
        ["write-after-free"] = () =>
        {
            byte* block = (byte*)HakMemory.Alloc(64);
            HakMemory.Free(block);
            *block = 1;
            HakMemory.Trim();
        },
    };

    public static nint[] Batch(nuint size, int count)
    {
        nint[] blocks = new nint[count];
        PointerFaults.Own(size);
        HakMemory.AllocBatch(size, blocks);
        return blocks;
    }

    public static void* Said(void* block)
    {
        Program.Say(block);
        return block;
    }

    private static void FreeTwice(void* block)
    {
        Program.Say(block);
        HakMemory.Free(block);
        HakMemory.Free(block);
    }
}
