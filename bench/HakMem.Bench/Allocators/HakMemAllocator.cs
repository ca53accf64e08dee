using System.Runtime.CompilerServices;

namespace HakMem.Bench.Allocators;

/// <summary>HakMem through its public API with default options: what a program gets that uses <see cref="HakMemory"/>.</summary>
internal readonly unsafe struct HakMemAllocator : IBenchAllocator
{
    private const nuint ProofBytes = 64;
    private const int ProofBlocks = 1000;
    private const int ProofAttempts = 100;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void* Alloc(nuint byteCount) => HakMemory.Alloc(byteCount);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void* AllocZeroed(nuint byteCount) => HakMemory.AllocZeroed(byteCount);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void* AlignedAlloc(nuint byteCount, nuint alignment) => HakMemory.AlignedAlloc(byteCount, alignment);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void* Realloc(void* block, nuint byteCount) => HakMemory.Realloc(block, byteCount);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Free(void* block) => HakMemory.Free(block);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AlignedFree(void* block) => HakMemory.AlignedFree(block);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static byte* LastWord(void* block, nuint byteCount) => (byte*)block + byteCount - 8;

    public static bool Trim()
    {
        HakMemory.Trim();
        return true;
    }

    public static (long CommittedBytes, long Heaps)? Counters()
    {
        HakMemStatistics statistics = HakMemory.GetStatistics();
        return ((long)statistics.CommittedBytes, (long)statistics.Heaps);
    }

    public static string ProveIdentity()
    {
        string path = typeof(HakMemory).Assembly.Location;
        long moved = 0;
        // Again if another thread of the process gave blocks back in between.
        for (int attempt = 0; attempt < ProofAttempts && moved < ProofBlocks; attempt++)
            moved = BlocksInUseMovedBy();
        if (moved < ProofBlocks)
            throw new IdentityException($"{path}: the blocks in use moved by {moved} when {ProofBlocks} were allocated");
        void* block = HakMemory.Alloc(ProofBytes);
        nuint usable = HakMemory.UsableSize(block);
        HakMemory.Free(block);
        if (usable < ProofBytes)
            throw new IdentityException($"{path}: a block of {ProofBytes} bytes is said to have {usable}");
        return $"{path}, version {typeof(HakMemory).Assembly.GetName().Version}: blocks in use moved by {moved} for {ProofBlocks}, a block of {ProofBytes} bytes has {usable}";
    }

    private static long BlocksInUseMovedBy()
    {
        void** blocks = stackalloc void*[ProofBlocks];
        long before = (long)HakMemory.GetStatistics().InUseBlocks;
        for (int i = 0; i < ProofBlocks; i++)
            blocks[i] = HakMemory.Alloc(ProofBytes);
        long moved = (long)HakMemory.GetStatistics().InUseBlocks - before;
        for (int i = 0; i < ProofBlocks; i++)
            HakMemory.Free(blocks[i]);
        return moved;
    }
}
