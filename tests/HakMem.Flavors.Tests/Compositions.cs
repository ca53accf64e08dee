using HakMem.Boxes;

namespace HakMem.Flavors.Tests;

/// <summary>Nothing is woven in: what the release flavor gives a program that declares nothing.</summary>
[HakMemAllocator]
internal static unsafe partial class ReleaseHeap;

/// <summary>A release with a diagnostic left in the front by hand: what the checks must refuse.</summary>
[HakMemAllocator(Front = typeof(LeakyFront))]
internal static unsafe partial class LeakyHeap;

/// <summary>One switch: <see cref="DebugCounters"/>.</summary>
[HakMemAllocator(Diagnostics = [typeof(DebugCounters)])]
internal static unsafe partial class DebugCountersHeap;

/// <summary>One switch: <see cref="FreelistValidation"/>.</summary>
[HakMemAllocator(Diagnostics = [typeof(FreelistValidation)])]
internal static unsafe partial class FreelistValidationHeap;

/// <summary>One switch: <see cref="PageFaultTelemetry"/>.</summary>
[HakMemAllocator(Diagnostics = [typeof(PageFaultTelemetry)])]
internal static unsafe partial class PageFaultTelemetryHeap;

/// <summary>One switch: <see cref="WarmPoolStats"/>.</summary>
[HakMemAllocator(Diagnostics = [typeof(WarmPoolStats)])]
internal static unsafe partial class WarmPoolStatsHeap;

/// <summary>One switch: <see cref="LockStats"/>.</summary>
[HakMemAllocator(Diagnostics = [typeof(LockStats)])]
internal static unsafe partial class LockStatsHeap;

/// <summary>One switch: <see cref="SizeHistogram"/>.</summary>
[HakMemAllocator(Diagnostics = [typeof(SizeHistogram)])]
internal static unsafe partial class SizeHistogramHeap;

/// <summary>One switch: <see cref="Poison"/>.</summary>
[HakMemAllocator(Diagnostics = [typeof(Poison)])]
internal static unsafe partial class PoisonHeap;

/// <summary>One switch: <see cref="DoubleFreeCheck"/>.</summary>
[HakMemAllocator(Diagnostics = [typeof(DoubleFreeCheck)])]
internal static unsafe partial class DoubleFreeCheckHeap;

/// <summary>One switch: <see cref="ZeroOnFree"/>.</summary>
[HakMemAllocator(Diagnostics = [typeof(ZeroOnFree)])]
internal static unsafe partial class ZeroOnFreeHeap;

/// <summary>One switch: <see cref="SchedulePerturbation"/>.</summary>
[HakMemAllocator(Diagnostics = [typeof(SchedulePerturbation)])]
internal static unsafe partial class SchedulePerturbationHeap;
