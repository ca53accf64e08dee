using System;
using System.Threading;

namespace HakMem.Boxes.Tests;

/// <summary>For tests of single boxes: 64 MiB of address space, everything counted.</summary>
[HakMemAllocator(Isolated = true, Os = typeof(FaultyMemory), ReserveLog2 = 26, PurgeDelay = 100, HeapFrontBytes = 4 << 20, Diagnostics = [typeof(DebugCounters), typeof(WarmPoolStats), typeof(SharedLockCount)])]
internal static unsafe partial class TestHeap;

/// <summary>As <see cref="TestHeap"/>, every block on its way checked, everything counted.</summary>
[HakMemAllocator(Isolated = true, Os = typeof(FaultyMemory), ReserveLog2 = 26, PurgeDelay = 100, FrontBytes = 32 << 10, Diagnostics = [typeof(DebugCounters), typeof(FreelistValidation), typeof(LockStats), typeof(PageFaultTelemetry), typeof(SizeHistogram), typeof(WarmPoolStats)])]
internal static unsafe partial class CheckedHeap;

/// <summary>Wrong frees and writes after a free are found.</summary>
[HakMemAllocator(Isolated = true, Os = typeof(FaultyMemory), ReserveLog2 = 26, PurgeDelay = 100, Diagnostics = [typeof(DoubleFreeCheck), typeof(Poison)])]
internal static unsafe partial class GuardedHeap;

/// <summary>As <see cref="GuardedHeap"/> over the front that links its free blocks; what is freed is cleared first.</summary>
[HakMemAllocator(Isolated = true, Os = typeof(FaultyMemory), Front = typeof(FrontList), ReserveLog2 = 26, PurgeDelay = 100, Diagnostics = [typeof(DoubleFreeCheck), typeof(Poison), typeof(ZeroOnFree)])]
internal static unsafe partial class GuardedListHeap;

/// <summary>Freed memory is cleared.</summary>
[HakMemAllocator(Isolated = true, Os = typeof(FaultyMemory), ReserveLog2 = 26, PurgeDelay = 100, Diagnostics = [typeof(ZeroOnFree)])]
internal static unsafe partial class ErasedHeap;

/// <summary>For limits: a host that counts what it is told.</summary>
[HakMemAllocator(Isolated = true, Os = typeof(FaultyMemory), Host = typeof(PressedHost), ReserveLog2 = 26, PurgeDelay = 100)]
internal static unsafe partial class PressedHeap;

/// <summary>For faults: so little address space that own mappings must serve.</summary>
[HakMemAllocator(Isolated = true, Os = typeof(FaultyMemory), ReserveLog2 = 24, PurgeDelay = 0)]
internal static unsafe partial class FaultHeap;

/// <summary>For threads that hand blocks around: all checks, and a schedule that is pushed about at the join points.</summary>
[HakMemAllocator(Isolated = true, Os = typeof(FaultyMemory), ReserveLog2 = 28, PurgeDelay = 1, PreZero = 1, RemoteBatch = 32, HeapFrontBytes = 16384, Diagnostics = [typeof(FreelistValidation), typeof(ScheduleNoise), typeof(DebugCounters)])]
internal static unsafe partial class StressHeap;

/// <summary>For one interleaving at a time: a test comes between two steps.</summary>
[HakMemAllocator(Isolated = true, Os = typeof(FaultyMemory), ReserveLog2 = 26, PurgeDelay = 100, Diagnostics = [typeof(NextStep)])]
internal static unsafe partial class SteppedHeap;

/// <summary>As <see cref="TestHeap"/>, with free lists in front.</summary>
[HakMemAllocator(Isolated = true, Os = typeof(FaultyMemory), Front = typeof(FrontList), ReserveLog2 = 26, PurgeDelay = 100, HeapFrontBytes = 4 << 20, Diagnostics = [typeof(DebugCounters)])]
internal static unsafe partial class ListHeap;

/// <summary>The same, every link checked when it is followed.</summary>
[HakMemAllocator(Isolated = true, Os = typeof(FaultyMemory), Front = typeof(FrontList), ReserveLog2 = 26, PurgeDelay = 100, Diagnostics = [typeof(FreelistValidation)])]
internal static unsafe partial class CheckedListHeap;

/// <summary>As <see cref="FaultHeap"/>, with free lists in front.</summary>
[HakMemAllocator(Isolated = true, Os = typeof(FaultyMemory), Front = typeof(FrontList), ReserveLog2 = 24, PurgeDelay = 0)]
internal static unsafe partial class ListFaultHeap;

/// <summary>A fixed budget of 8 MiB, nothing given back without asking.</summary>
[HakMemAllocator(
    Isolated = true, Os = typeof(FaultyMemory), AddressSpace = typeof(FixedRange), BigCache = typeof(NoBigBlocks), ReserveLog2 = 26, RangeSuperSlabs = 4, Prefault = 1, Purge = 0)]
internal static unsafe partial class RangeHeap;

/// <summary>A budget that the reserved range has no room for.</summary>
[HakMemAllocator(Isolated = true, Os = typeof(FaultyMemory), AddressSpace = typeof(FixedRange), BigCache = typeof(NoBigBlocks), ReserveLog2 = 24, RangeSuperSlabs = 9)]
internal static unsafe partial class TooLongRangeHeap;

/// <summary>As <see cref="FaultHeap"/>, from a fixed budget.</summary>
[HakMemAllocator(Isolated = true, Os = typeof(FaultyMemory), AddressSpace = typeof(FixedRange), BigCache = typeof(NoBigBlocks), ReserveLog2 = 26, RangeSuperSlabs = 20, PurgeDelay = 0, Prefault = 1)]
internal static unsafe partial class RangeFaultHeap;

/// <summary>As <see cref="StressHeap"/>, with free lists in front.</summary>
[HakMemAllocator(Isolated = true, Os = typeof(FaultyMemory), Front = typeof(FrontList), ReserveLog2 = 28, PurgeDelay = 1, PreZero = 1, RemoteBatch = 32, HeapFrontBytes = 16384, Diagnostics = [typeof(FreelistValidation), typeof(ScheduleNoise), typeof(DebugCounters)])]
internal static unsafe partial class ListStressHeap;

/// <summary>Isolated over the real system: threads' ends are marked by the system itself.</summary>
[HakMemAllocator(Isolated = true, ReserveLog2 = 26)]
internal static unsafe partial class SystemHeap;

/// <summary>For the tests of <see cref="ThreadStacks"/> alone, which change its table.</summary>
[HakMemAllocator]
internal static unsafe partial class StackHeap;

/// <summary>What a program gets that declares nothing: the release build's hot path.</summary>
[HakMemAllocator]
internal static unsafe partial class PlainHeap;

/// <summary>The same with free lists in front.</summary>
[HakMemAllocator(Front = typeof(FrontList))]
internal static unsafe partial class PlainListHeap;

/// <summary>The same with diagnostics: its hot path is longer.</summary>
[HakMemAllocator(Diagnostics = [typeof(DebugCounters), typeof(DoubleFreeCheck), typeof(FreelistValidation), typeof(PageFaultTelemetry)])]
internal static unsafe partial class DiagnosedHeap;

/// <summary>Counts the shared locks that were taken.</summary>
[Box(BoxLayer.Diagnostics)]
internal static class SharedLockCount
{
    private static long s_taken;

    public static long Taken => Volatile.Read(ref s_taken);

    public static void OnSharedLock() => Interlocked.Increment(ref s_taken);
}

/// <summary>A host that is told of memory pressure, and may do something then.</summary>
[Box(BoxLayer.Shared, Traits = BoxTraits.ConcurrencySafe | BoxTraits.MayBlock)]
internal static unsafe class PressedHost
{
    public static int Told { get; set; }

    public static ulong Bytes { get; private set; }

    public static Action? Action { get; set; }

    public static void Configure(Composition* composition) => _ = composition;

    public static void Stop()
    {
    }

    public static bool Wake<TConfig>(uint milliseconds)
        where TConfig : struct, IAllocatorConfig
    {
        _ = milliseconds;
        return false;
    }

    public static void Pressure<TConfig>(ulong committedBytes)
        where TConfig : struct, IAllocatorConfig
    {
        Told++;
        Bytes = committedBytes;
        Action? action = Action;
        if (action is null) return;
        Action = null;   // not again inside itself
        action();
        Action = action;
    }
}

/// <summary>Stacks that never grow.</summary>
[HakMemAllocator(Preset = HakMemPreset.Minimal, Isolated = true, Os = typeof(FaultyMemory), ReserveLog2 = 26)]
internal static unsafe partial class SmallFrontHeap;

/// <summary>Little room for all stacks together.</summary>
[HakMemAllocator(Isolated = true, Os = typeof(FaultyMemory), HeapFrontBytes = 4096, ReserveLog2 = 26)]
internal static unsafe partial class TightFrontHeap;

/// <summary>The same with free lists.</summary>
[HakMemAllocator(Isolated = true, Os = typeof(FaultyMemory), Front = typeof(FrontList), HeapFrontBytes = 4096, ReserveLog2 = 26)]
internal static unsafe partial class TightListHeap;

/// <summary>Stacks that grow above a page, too.</summary>
[HakMemAllocator(Isolated = true, Os = typeof(FaultyMemory), FrontBytes = 1048576, ReserveLog2 = 26)]
internal static unsafe partial class LongFrontHeap;

/// <summary>A budget of a dozen SuperSlabs.</summary>
[HakMemAllocator(Isolated = true, Os = typeof(FaultyMemory), AddressSpace = typeof(FixedRange), BigCache = typeof(NoBigBlocks), ReserveLog2 = 26, RangeSuperSlabs = 12)]
internal static unsafe partial class LongRangeHeap;

/// <summary>A front that keeps nothing: each block comes from its slab and goes back there.</summary>
[HakMemAllocator(Isolated = true, Os = typeof(FaultyMemory), Front = typeof(NoFront), ReserveLog2 = 26, PurgeDelay = 100, Diagnostics = [typeof(DoubleFreeCheck), typeof(Poison)])]
internal static unsafe partial class UnkeptHeap;
