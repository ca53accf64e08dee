using System;
using System.Collections.Generic;

namespace HakMem.Faults;

/// <summary>What must work, in a process of its own because failing would spoil the heap of every other test.</summary>
internal static unsafe class Healthy
{
    public static Dictionary<string, Action> Cases { get; } = new()
    {
        ["aligned-zero-size"] = () =>
        {
            for (nuint alignment = 1; alignment <= 4 << 20; alignment *= 2)
            {
                void* block = HakMemory.AlignedAlloc(0, alignment);
                void* other = HakMemory.AlignedAlloc(0, alignment);
                if (block == other) throw new InvalidOperationException($"not unique at {alignment}");
                if (((nuint)block & (alignment - 1)) != 0) throw new InvalidOperationException($"misaligned at {alignment}");
                if (HakMemory.UsableSize(block) == 0) throw new InvalidOperationException($"no bytes at {alignment}");
                *(byte*)block = 1;
                HakMemory.Free(block);
                HakMemory.Free(other);
            }
        },
        ["default-local-heap"] = () =>
        {
            HakMemory.Free(HakMemory.Alloc(8));
            ulong before = HakMemory.GetStatistics().Heaps;
            LocalHeap heap = default;
            for (int i = 0; i < 100; i++) heap.Free(heap.Alloc(8));
            ulong made = HakMemory.GetStatistics().Heaps - before;
            if (made > 1) throw new InvalidOperationException($"a local heap that was not asked for made {made} heaps for one thread");
        },
    };
}
