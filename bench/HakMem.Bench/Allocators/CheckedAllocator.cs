using System.Collections.Generic;
using System.Numerics;
using System.Threading;
using HakMem.Bench.Measuring;
using HakMem.Bench.Replay;

namespace HakMem.Bench.Allocators;

/// <summary>
/// An allocator under watch: every block is filled with a pattern of its own that is verified at its free, whichever
/// thread frees it. The first byte belongs to the workload. One check pass at a time (<see cref="CheckedRun"/>).
/// </summary>
internal readonly unsafe struct CheckedAllocator<T> : IBenchAllocator
    where T : struct, IBenchAllocator
{
    private static readonly Lock s_gate = new();
    private static readonly Dictionary<nint, (nuint ByteCount, uint Number)> s_live = [];
    private static uint s_blocks;
    private static long s_verifiedBytes;

    public static void* Alloc(nuint byteCount)
    {
        byte* block = (byte*)T.Alloc(byteCount);
        uint number;
        lock (s_gate)
        {
            number = s_blocks++;
            if (block == null)
                throw new CheckFailureException(number, $"no block of {byteCount} bytes");
            if (!s_live.TryAdd((nint)block, (byteCount, number)))
                throw new CheckFailureException(number, $"the block at 0x{(nuint)block:x} was handed out before and not freed since");
        }

        nuint alignment = byteCount < 16 ? (nuint)1 << BitOperations.Log2(byteCount) : 16;
        if ((nuint)block % alignment != 0)
            throw new CheckFailureException(number, $"the block at 0x{(nuint)block:x} ({byteCount} bytes) is not aligned to {alignment} bytes");
        BlockPattern.Fill(block, byteCount, number);
        return block;
    }

    public static void* AllocZeroed(nuint byteCount) => throw new System.NotSupportedException();

    public static void* AlignedAlloc(nuint byteCount, nuint alignment) => throw new System.NotSupportedException();

    public static void* Realloc(void* block, nuint byteCount) => throw new System.NotSupportedException();

    public static void Free(void* block)
    {
        (nuint ByteCount, uint Number) known;
        lock (s_gate)
        {
            if (!s_live.Remove((nint)block, out known))
                throw new CheckFailureException(s_blocks, $"the harness frees 0x{(nuint)block:x}, which is no live block");
        }

        BlockPattern.Fill((byte*)block, 1, known.Number);
        long difference = BlockPattern.FirstDifference((byte*)block, known.ByteCount, known.ByteCount, known.Number);
        if (difference >= 0)
            throw new CheckFailureException(known.Number, $"byte {difference} of the block at 0x{(nuint)block:x} ({known.ByteCount} bytes) changed while it was live");
        Interlocked.Add(ref s_verifiedBytes, (long)BlockPattern.CarryingBytes(known.ByteCount));
        T.Free(block);
    }

    public static void AlignedFree(void* block) => Free(block);

    public static byte* LastWord(void* block, nuint byteCount) => T.LastWord(block, byteCount);

    public static bool IsFloor => T.IsFloor;

    public static bool Trim() => T.Trim();

    public static (long CommittedBytes, long Heaps)? Counters() => T.Counters();

    public static void LeaveThread() => T.LeaveThread();

    public static string ProveIdentity() => T.ProveIdentity();

    /// <summary>Forgets what a pass that failed left behind.</summary>
    public static void Begin()
    {
        lock (s_gate)
        {
            s_live.Clear();
            s_blocks = 0;
            s_verifiedBytes = 0;
        }
    }

    /// <exception cref="CheckFailureException">Blocks were not freed.</exception>
    public static CheckTally End()
    {
        lock (s_gate)
        {
            return s_live.Count == 0 ? new CheckTally(s_blocks, s_verifiedBytes) : throw new CheckFailureException(s_blocks, $"{s_live.Count} blocks were not freed");
        }
    }
}
