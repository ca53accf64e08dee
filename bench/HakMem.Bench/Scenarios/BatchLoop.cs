using HakMem.Bench.Allocators;

namespace HakMem.Bench.Scenarios;

/// <summary>The two halves of a batch's life, for scenarios in which different threads run them.</summary>
internal static unsafe class BatchLoop
{
    public const int DefaultMinBytes = 8;
    public const int DefaultMaxBytes = 135;

    public static RandomSequence AllocAll<T>(void** blocks, int count, uint minBytes, uint sizes, RandomSequence random)
        where T : struct, IBenchAllocator
    {
        for (int i = 0; i < count; i++)
        {
            _ = random.Next(1, sizes, out uint size);
            byte* block = (byte*)T.Alloc(minBytes + size);
            *block = 1;
            blocks[i] = block;
        }

        return random;
    }

    public static void FreeAll<T>(void** blocks, int count)
        where T : struct, IBenchAllocator
    {
        for (int i = 0; i < count; i++)
            T.Free(blocks[i]);
    }
}
