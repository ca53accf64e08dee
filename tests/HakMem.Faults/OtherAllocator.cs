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
