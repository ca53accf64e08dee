using System.Runtime.CompilerServices;
using HakMem.Boxes;

namespace HakMem.Bench.Flavors;

[HakMemAllocator(Host = typeof(RuntimeHost))]
internal static unsafe partial class ReleaseHeap;

internal readonly unsafe struct ReleaseFlavor : IFlavor
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void* Alloc(nuint byteCount) => ReleaseHeap.Alloc(byteCount);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Free(void* block) => ReleaseHeap.Free(block);
}

[HakMemAllocator(Host = typeof(RuntimeHost), Diagnostics = [typeof(DebugCounters), typeof(LockStats), typeof(PageFaultTelemetry), typeof(SizeHistogram), typeof(WarmPoolStats)])]
internal static unsafe partial class ProfileHeap;

internal readonly unsafe struct ProfileFlavor : IFlavor
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void* Alloc(nuint byteCount) => ProfileHeap.Alloc(byteCount);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Free(void* block) => ProfileHeap.Free(block);
}

[HakMemAllocator(Host = typeof(RuntimeHost), Diagnostics = [typeof(DebugCounters), typeof(DoubleFreeCheck), typeof(FreelistValidation), typeof(LockStats), typeof(PageFaultTelemetry), typeof(Poison), typeof(SchedulePerturbation), typeof(SizeHistogram), typeof(WarmPoolStats)])]
internal static unsafe partial class DebugHeap;

internal readonly unsafe struct DebugFlavor : IFlavor
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void* Alloc(nuint byteCount) => DebugHeap.Alloc(byteCount);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Free(void* block) => DebugHeap.Free(block);
}

[HakMemAllocator(Host = typeof(RuntimeHost), Diagnostics = [typeof(DoubleFreeCheck), typeof(ZeroOnFree)])]
internal static unsafe partial class HardenedHeap;

internal readonly unsafe struct HardenedFlavor : IFlavor
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void* Alloc(nuint byteCount) => HardenedHeap.Alloc(byteCount);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Free(void* block) => HardenedHeap.Free(block);
}

[HakMemAllocator(Host = typeof(RuntimeHost), Diagnostics = [typeof(DebugCounters)])]
internal static unsafe partial class WithDebugCountersHeap;

internal readonly unsafe struct WithDebugCountersFlavor : IFlavor
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void* Alloc(nuint byteCount) => WithDebugCountersHeap.Alloc(byteCount);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Free(void* block) => WithDebugCountersHeap.Free(block);
}

[HakMemAllocator(Host = typeof(RuntimeHost), Diagnostics = [typeof(SizeHistogram)])]
internal static unsafe partial class WithSizeHistogramHeap;

internal readonly unsafe struct WithSizeHistogramFlavor : IFlavor
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void* Alloc(nuint byteCount) => WithSizeHistogramHeap.Alloc(byteCount);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Free(void* block) => WithSizeHistogramHeap.Free(block);
}

[HakMemAllocator(Host = typeof(RuntimeHost), Diagnostics = [typeof(WarmPoolStats)])]
internal static unsafe partial class WithWarmPoolStatsHeap;

internal readonly unsafe struct WithWarmPoolStatsFlavor : IFlavor
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void* Alloc(nuint byteCount) => WithWarmPoolStatsHeap.Alloc(byteCount);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Free(void* block) => WithWarmPoolStatsHeap.Free(block);
}

[HakMemAllocator(Host = typeof(RuntimeHost), Diagnostics = [typeof(LockStats)])]
internal static unsafe partial class WithLockStatsHeap;

internal readonly unsafe struct WithLockStatsFlavor : IFlavor
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void* Alloc(nuint byteCount) => WithLockStatsHeap.Alloc(byteCount);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Free(void* block) => WithLockStatsHeap.Free(block);
}

[HakMemAllocator(Host = typeof(RuntimeHost), Diagnostics = [typeof(PageFaultTelemetry)])]
internal static unsafe partial class WithPageFaultTelemetryHeap;

internal readonly unsafe struct WithPageFaultTelemetryFlavor : IFlavor
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void* Alloc(nuint byteCount) => WithPageFaultTelemetryHeap.Alloc(byteCount);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Free(void* block) => WithPageFaultTelemetryHeap.Free(block);
}

[HakMemAllocator(Host = typeof(RuntimeHost), Diagnostics = [typeof(FreelistValidation)])]
internal static unsafe partial class WithFreelistValidationHeap;

internal readonly unsafe struct WithFreelistValidationFlavor : IFlavor
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void* Alloc(nuint byteCount) => WithFreelistValidationHeap.Alloc(byteCount);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Free(void* block) => WithFreelistValidationHeap.Free(block);
}

[HakMemAllocator(Host = typeof(RuntimeHost), Diagnostics = [typeof(Poison)])]
internal static unsafe partial class WithPoisonHeap;

internal readonly unsafe struct WithPoisonFlavor : IFlavor
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void* Alloc(nuint byteCount) => WithPoisonHeap.Alloc(byteCount);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Free(void* block) => WithPoisonHeap.Free(block);
}

[HakMemAllocator(Host = typeof(RuntimeHost), Diagnostics = [typeof(DoubleFreeCheck)])]
internal static unsafe partial class WithDoubleFreeCheckHeap;

internal readonly unsafe struct WithDoubleFreeCheckFlavor : IFlavor
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void* Alloc(nuint byteCount) => WithDoubleFreeCheckHeap.Alloc(byteCount);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Free(void* block) => WithDoubleFreeCheckHeap.Free(block);
}

[HakMemAllocator(Host = typeof(RuntimeHost), Diagnostics = [typeof(ZeroOnFree)])]
internal static unsafe partial class WithZeroOnFreeHeap;

internal readonly unsafe struct WithZeroOnFreeFlavor : IFlavor
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void* Alloc(nuint byteCount) => WithZeroOnFreeHeap.Alloc(byteCount);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Free(void* block) => WithZeroOnFreeHeap.Free(block);
}

[HakMemAllocator(Host = typeof(RuntimeHost), Diagnostics = [typeof(SchedulePerturbation)])]
internal static unsafe partial class WithSchedulePerturbationHeap;

internal readonly unsafe struct WithSchedulePerturbationFlavor : IFlavor
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void* Alloc(nuint byteCount) => WithSchedulePerturbationHeap.Alloc(byteCount);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Free(void* block) => WithSchedulePerturbationHeap.Free(block);
}
