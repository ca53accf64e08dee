using System;
using System.Collections.Generic;

namespace HakMem.Faults;

/// <summary>Blocks of one composition given to another, in both directions, by every way in.</summary>
internal static unsafe class OtherAllocatorFaults
{
    private const nuint Tiny = 64, Mid = 20_000, Large = 200_000, Big = 5 << 20;

    public static Dictionary<string, Action> Cases { get; } = new()
    {
        ["other-reverse"] = () => OtherAllocator.Free(Said(HakMemory.Alloc(Tiny))),
        ["other-reverse-mid"] = () => OtherAllocator.Free(Said(HakMemory.Alloc(Mid))),
        ["other-reverse-large"] = () => OtherAllocator.Free(Said(HakMemory.Alloc(Large))),
        ["other-reverse-big"] = () => OtherAllocator.Free(Said(HakMemory.Alloc(Big))),
        ["other-batch"] = () => HakMemory.FreeBatch([(nint)HakMemory.Alloc(Tiny), (nint)Said(OtherAllocator.Alloc(Tiny))]),
        ["other-local-heap"] = () => HakMemory.GetLocalHeap().Free(Said(OtherAllocator.Alloc(Tiny))),
        ["other-thread"] = () =>
        {
            nint block = (nint)Said(OtherAllocator.Alloc(Tiny));
            PointerFaults.OnThread(() => HakMemory.Free((void*)block));
        },
        ["other-heap-tiny"] = () => OtherAllocator.Free(Said(new HakHeap().Alloc(Tiny))),
        ["other-heap-large"] = () => OtherAllocator.Free(Said(new HakHeap().Alloc(Large))),
        ["other-heap-big"] = () => OtherAllocator.Free(Said(new HakHeap().Alloc(Big))),
        ["other-in-heap-tiny"] = () => new HakHeap().Free(Said(OtherAllocator.Alloc(Tiny))),
        ["other-in-heap-large"] = () => new HakHeap().Free(Said(OtherAllocator.Alloc(Large))),
        ["other-in-heap-big"] = () => new HakHeap().Free(Said(OtherAllocator.Alloc(Big))),
        ["other-budget"] = () => HakMemory.Free(Said(BudgetAllocator.Alloc(Tiny))),
        ["other-budget-large"] = () => HakMemory.Free(Said(BudgetAllocator.Alloc(Large))),
        ["other-in-budget"] = () => BudgetAllocator.Free(Said(HakMemory.Alloc(Tiny))),
        ["other-in-budget-big"] = () => BudgetAllocator.Free(Said(HakMemory.Alloc(Big))),
        ["realloc-other-large"] = () => HakMemory.Realloc(Said(OtherAllocator.Alloc(Large)), Tiny),
        ["realloc-other-aligned"] = () => HakMemory.AlignedRealloc(Said(OtherAllocator.Alloc(Tiny)), Large, 4096),
        ["realloc-other-reverse"] = () => OtherAllocator.Realloc(Said(HakMemory.Alloc(Tiny)), Large),
        ["realloc-other-reverse-big"] = () => OtherAllocator.Realloc(Said(HakMemory.Alloc(Big)), Tiny),
        ["realloc-other-heap"] = () => OtherAllocator.Realloc(Said(new HakHeap().Alloc(Tiny)), Large),
        ["realloc-other-in-heap"] = () => new HakHeap().Realloc(Said(OtherAllocator.Alloc(Large)), Tiny),
        ["usable-other-big"] = () => OtherAllocator.UsableSize(Said(HakMemory.Alloc(Big))),
        ["listed-link"] = () =>
        {
            // A write to a freed block, found when its list is flushed.
            void* first = BudgetAllocator.Alloc(Tiny), second = BudgetAllocator.Alloc(Tiny);
            BudgetAllocator.Free(first);
            BudgetAllocator.Free(second);
            *(ulong*)Said(second) = 0x4141_4141_4141_4141;
            BudgetAllocator.Trim();
        },
        ["listed-twice"] = () =>
        {
            void* block = Said(BudgetAllocator.Alloc(Tiny));
            BudgetAllocator.Free(block);
            BudgetAllocator.Free(block);
            BudgetAllocator.Trim();
        },
        ["listed-foreign"] = () =>
        {
            void* local = stackalloc byte[64];
            BudgetAllocator.Free(Said(local));
        },
    };

    private static void* Said(void* block)
    {
        Program.Say(block);
        return block;
    }
}
