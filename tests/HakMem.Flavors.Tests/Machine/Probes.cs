using System.Runtime.CompilerServices;

namespace HakMem.Flavors.Tests;

/// <summary>An allocator whose machine code is listed.</summary>
internal unsafe interface IProbe
{
    static abstract void* Alloc(nuint size);

    static abstract void Free(void* block);
}

internal readonly unsafe struct ReleaseProbe : IProbe
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void* Alloc(nuint size) => ReleaseHeap.Alloc(size);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Free(void* block) => ReleaseHeap.Free(block);
}

internal readonly unsafe struct DebugCountersProbe : IProbe
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void* Alloc(nuint size) => DebugCountersHeap.Alloc(size);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Free(void* block) => DebugCountersHeap.Free(block);
}

internal readonly unsafe struct FreelistValidationProbe : IProbe
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void* Alloc(nuint size) => FreelistValidationHeap.Alloc(size);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Free(void* block) => FreelistValidationHeap.Free(block);
}

internal readonly unsafe struct PageFaultTelemetryProbe : IProbe
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void* Alloc(nuint size) => PageFaultTelemetryHeap.Alloc(size);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Free(void* block) => PageFaultTelemetryHeap.Free(block);
}

internal readonly unsafe struct WarmPoolStatsProbe : IProbe
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void* Alloc(nuint size) => WarmPoolStatsHeap.Alloc(size);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Free(void* block) => WarmPoolStatsHeap.Free(block);
}

internal readonly unsafe struct LockStatsProbe : IProbe
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void* Alloc(nuint size) => LockStatsHeap.Alloc(size);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Free(void* block) => LockStatsHeap.Free(block);
}

internal readonly unsafe struct SizeHistogramProbe : IProbe
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void* Alloc(nuint size) => SizeHistogramHeap.Alloc(size);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Free(void* block) => SizeHistogramHeap.Free(block);
}

internal readonly unsafe struct PoisonProbe : IProbe
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void* Alloc(nuint size) => PoisonHeap.Alloc(size);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Free(void* block) => PoisonHeap.Free(block);
}

internal readonly unsafe struct DoubleFreeCheckProbe : IProbe
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void* Alloc(nuint size) => DoubleFreeCheckHeap.Alloc(size);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Free(void* block) => DoubleFreeCheckHeap.Free(block);
}

internal readonly unsafe struct ZeroOnFreeProbe : IProbe
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void* Alloc(nuint size) => ZeroOnFreeHeap.Alloc(size);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Free(void* block) => ZeroOnFreeHeap.Free(block);
}

internal readonly unsafe struct SchedulePerturbationProbe : IProbe
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void* Alloc(nuint size) => SchedulePerturbationHeap.Alloc(size);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Free(void* block) => SchedulePerturbationHeap.Free(block);
}

internal readonly unsafe struct LeakyProbe : IProbe
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void* Alloc(nuint size) => LeakyHeap.Alloc(size);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Free(void* block) => LeakyHeap.Free(block);
}

internal readonly unsafe struct HandStrippedProbe : IProbe
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void* Alloc(nuint size) => HandStripped.Alloc(size);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Free(void* block) => HandStripped.Free(block);
}
