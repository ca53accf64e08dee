using System;
using HakMem.Bench.Traces;

namespace HakMem.Bench.Replay;

/// <summary>
/// An event of a serial replay in eight bytes, so that the program streams through the caches beside the blocks:
/// bits 0–2 operation, 3–27 slot, 28–63 size (for an aligned allocation: index of its <see cref="AlignedRequest"/>).
/// </summary>
internal static class ReplayWord
{
    public const uint Alloc = 1;
    public const uint Free = 2;
    public const uint Realloc = 3;
    public const uint AllocZeroed = 4;
    public const uint AlignedAlloc = 5;
    public const uint AlignedFree = 6;

    public const int OperationMask = 7;
    public const int SlotShift = 3;
    public const uint MaxSlots = 1u << 25;
    public const uint SlotMask = MaxSlots - 1;
    public const int SizeShift = 28;

    public static ulong Pack(uint operation, uint slot, ulong size)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(slot, MaxSlots);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(size, TraceReader.MaxSizeBytes);
        return operation | ((ulong)slot << SlotShift) | (size << SizeShift);
    }
}

/// <summary>Size and alignment of an aligned allocation.</summary>
internal struct AlignedRequest
{
    public nuint SizeBytes;
    public nuint Alignment;
}
