using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using System.Threading;

namespace HakMem.Faults;

/// <summary>Pointers that are no blocks of this allocator, or lie inside one.</summary>
internal static unsafe class PointerFaults
{
    private const nuint Large = 200_000, Big = 5 << 20;

    public static Dictionary<string, Action> Cases { get; } = new()
    {
        ["foreign-stack"] = () =>
        {
            byte* local = stackalloc byte[64];
            FreeSaid(local);
        },
        ["foreign-stack-after-big"] = () =>
        {
            HakMemory.Alloc(Big);
            byte* local = stackalloc byte[64];
            FreeSaid(local);
        },
        ["foreign-native"] = () => FreeSaid(NativeMemory.Alloc(64)),
        ["foreign-low"] = () => FreeSaid((void*)16),
        ["foreign-high"] = () => FreeSaid((void*)nuint.MaxValue),
        ["foreign-reserved"] = () => FreeSaid((byte*)HakMemory.Alloc(64) + (512 << 20)),
        ["foreign-next-superslab"] = () => FreeSaid((byte*)HakMemory.Alloc(64) + (2 << 20)),
        ["never-handed-out"] = () =>
        {
            // The start of a block that was not cut yet, found when the stack is flushed.
            byte* block = Own(1024);
            FreeSaid(block + (60 * 1024));
            HakMemory.Trim();
        },
        ["other-tiny"] = () => FreeSaid(OtherAllocator.Alloc(64)),
        ["other-mid"] = () => FreeSaid(OtherAllocator.Alloc(20_000)),
        ["other-large"] = () => FreeSaid(OtherAllocator.Alloc(Large)),
        ["other-big"] = () => FreeSaid(OtherAllocator.Alloc(Big)),
        ["interior-tiny"] = () => FreeInterior(Own(64), 16),
        ["interior-mid"] = () => FreeInterior(Own(8192), 4096),
        ["interior-mid-other-chunk"] = () => FreeInterior(Own(32768), 16384),
        ["interior-large"] = () => FreeInterior((byte*)HakMemory.Alloc(Large), 16),
        ["interior-large-chunk"] = () => FreeInterior((byte*)HakMemory.Alloc(Large), 65536),
        ["interior-big"] = () => FreeInterior((byte*)HakMemory.Alloc(Big), 4096),
        ["interior-odd"] = () => FreeInterior(Own(64), 1),
        ["interior-batch"] = () =>
        {
            byte* block = Own(64) + 16;
            Program.Say(block);
            HakMemory.FreeBatch([(nint)block]);
            HakMemory.Trim();
        },
        ["interior-local-heap"] = () =>
        {
            byte* block = Own(64) + 16;
            Program.Say(block);
            HakMemory.GetLocalHeap().Free(block);
            HakMemory.Trim();
        },
        ["interior-full-stack"] = () =>
        {
            // Without a trim: the stack fills up and its older half goes back.
            nint[] blocks = new nint[5000];
            HakMemory.AllocBatch(64, blocks);
            byte* inside = (byte*)blocks[^1] + 16;
            Program.Say(inside);
            HakMemory.Free(inside);
            HakMemory.FreeBatch(blocks.AsSpan(0, blocks.Length - 1));
        },
        ["interior-remote"] = () =>
        {
            nint inside = (nint)(Own(64) + 16);
            Program.Say((void*)inside);
            OnThread(() =>
            {
                HakMemory.Free(HakMemory.Alloc(8));
                HakMemory.Free((void*)inside);
            });
        },
    };

    /// <summary>A block of a slab of its own class: the first few of a class are lent by the next power of two.</summary>
    public static byte* Own(nuint size)
    {
        for (int i = 0; i < 200; i++) HakMemory.Alloc(size);
        return (byte*)HakMemory.Alloc(size);
    }

    public static void OnThread(Action action)
    {
        Thread thread = new(() => action());
        thread.Start();
        thread.Join();
    }

    private static void FreeSaid(void* block)
    {
        Program.Say(block);
        HakMemory.Free(block);
    }

    private static void FreeInterior(byte* block, nuint offset)
    {
        FreeSaid(block + offset);
        HakMemory.Trim();
    }
}
