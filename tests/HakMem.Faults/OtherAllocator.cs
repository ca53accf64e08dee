using HakMem.Boxes;

namespace HakMem.Faults;

/// <summary>A second composition of the process: its blocks are not HakMemory's.</summary>
[HakMemAllocator]
public static unsafe partial class OtherAllocator
{
    /// <summary>The process's address space, shared with every other composition.</summary>
    internal static SpaceState* Space => State.Space;
}
