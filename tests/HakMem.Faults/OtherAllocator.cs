using System;
using System.Threading;
using HakMem.Boxes;

namespace HakMem.Faults;

/// <summary>A composition with free lists in front and a budget: its faults are found as those of any other.</summary>
[HakMemAllocator(Front = typeof(FrontList), AddressSpace = typeof(FixedRange), BigCache = typeof(NoBigBlocks), RangeSuperSlabs = 2)]
public static unsafe partial class BudgetAllocator;

/// <summary>A second composition of the process: its blocks are not HakMemory's.</summary>
[HakMemAllocator]
public static unsafe partial class OtherAllocator
{
    /// <summary>The process's address space, shared with every other composition.</summary>
    internal static SpaceState* Space => State.Space;
}

/// <summary>A composition with a range of its own, hosted by the runtime, which may be reset.</summary>
[HakMemAllocator(Isolated = true, Host = typeof(RuntimeHost))]
internal static unsafe partial class HostedAllocator
{
    /// <summary>Opens it, keeps its scavenger busy, and gives it back, some times: neither timer nor trim may outlive it.</summary>
    internal static void ResetRepeatedly()
    {
        nint[] blocks = new nint[2000];
        for (int round = 0; round < 30; round++)
        {
            for (int i = 0; i < blocks.Length; i++) *(byte*)(blocks[i] = (nint)Alloc(5000)) = 1;
            foreach (nint block in blocks) Free((void*)block);
            if (round % 3 == 0) GC.Collect();
            if (round % 5 == 0) Thread.Sleep(20);
            Reset();
        }

        for (int round = 0; round < 10; round++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            Thread.Sleep(100);
        }
    }
}
