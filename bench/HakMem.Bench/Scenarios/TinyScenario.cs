using HakMem.Bench.Allocators;
using HakMem.Bench.Measuring;

namespace HakMem.Bench.Scenarios;

/// <summary>100 blocks of 16 bytes, then 100 frees: the shortest path through an allocator.</summary>
internal sealed unsafe class TinyScenario(string variant) : Workload
{
    public static readonly ScenarioDefinition Definition = new(
        "tiny",
        "100 blocks of 16 bytes, then 100 frees",
        [CallVariant.Inlined, CallVariant.NoInline],
        (variant, _) => new TinyScenario(variant));

    private const int Blocks = 100;
    private const nuint BlockBytes = 16;
    private const int IterationsPerSlice = 100;
    private const int Slices = 100;

    public override string Scenario => Definition.Name;

    public override string Variant => variant;

    public override long OperationsPerPass => (long)Slices * IterationsPerSlice * Blocks * 2;

    public override ulong PeakLiveBytes => Blocks * BlockBytes;

    public override WorkloadRecipe Recipe => WorkloadRecipe.OfScenario(Scenario, Variant, new ScenarioParameters());

    public override long TimedPass<T>()
    {
        bool inlined = CallVariant.IsInlined(variant);
        long start = CpuClock.Process;
        for (int slice = 0; slice < Slices; slice++)
        {
            if (inlined)
                Inlined<T>(IterationsPerSlice);
            else
                ThroughPointers(&T.Alloc, &T.Free, IterationsPerSlice);
        }

        return CpuClock.Process - start;
    }

    private static void Inlined<T>(int iterations)
        where T : struct, IBenchAllocator
    {
        void** blocks = stackalloc void*[Blocks];
        for (; iterations > 0; iterations--)
        {
            for (int i = 0; i < Blocks; i++)
                blocks[i] = T.Alloc(BlockBytes);
            for (int i = 0; i < Blocks; i++)
                T.Free(blocks[i]);
        }
    }

    private static void ThroughPointers(delegate*<nuint, void*> alloc, delegate*<void*, void> free, int iterations)
    {
        void** blocks = stackalloc void*[Blocks];
        for (; iterations > 0; iterations--)
        {
            for (int i = 0; i < Blocks; i++)
                blocks[i] = alloc(BlockBytes);
            for (int i = 0; i < Blocks; i++)
                free(blocks[i]);
        }
    }
}
