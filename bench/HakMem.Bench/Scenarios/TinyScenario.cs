using HakMem.Bench.Allocators;
using HakMem.Bench.Measuring;
using HakMem.Bench.Memory;

namespace HakMem.Bench.Scenarios;

/// <summary>100 blocks of 16 bytes, then 100 frees: the shortest path through an allocator.</summary>
internal sealed unsafe class TinyScenario(string variant) : Workload
{
    public static readonly ScenarioDefinition Definition = new(
        "tiny",
        "100 blocks of 16 bytes, then 100 frees",
        [],
        _ => [CallVariant.Inlined, CallVariant.NoInline],
        (variant, _) => new TinyScenario(variant));

    private const int Blocks = 100;
    private const nuint BlockBytes = 16;
    private const int IterationsPerSlice = 100;
    private const int OperationsPerSlice = IterationsPerSlice * Blocks * 2;

    private readonly int _slices = 100;

    // Not on the stack: a method that allocates there is compiled once, without tiers and profile.
    private readonly MappedArray<nint> _blocks = new(Blocks, populate: true);

    private TinyScenario(string variant, int slices)
        : this(variant)
    {
        _slices = slices;
    }

    public override string Scenario => Definition.Name;

    public override string Variant => variant;

    public override long OperationsPerPass => (long)_slices * OperationsPerSlice;

    public override ulong PeakLiveBytes => Blocks * BlockBytes;

    public override WorkloadRecipe Recipe => WorkloadRecipe.OfScenario(Scenario, Variant, new ScenarioParameters());

    public override PassCost TimedPass<T>()
    {
        bool inlined = CallVariant.IsInlined(variant);
        var blocks = (void**)_blocks.Pointer;
        PassMeter meter = PassMeter.Start();
        for (int slice = 0; slice < _slices; slice++)
        {
            if (inlined)
                Inlined<T>(blocks, IterationsPerSlice);
            else
                ThroughPointers(&T.Alloc, &T.Free, blocks, IterationsPerSlice);
        }

        return meter.Stop();
    }

    public override CheckTally Check<T>()
    {
        using var shorter = new TinyScenario(variant, CheckedRun.Operations / OperationsPerSlice);
        return CheckedRun.Of<T>(shorter);
    }

    public override void Dispose() => _blocks.Dispose();

    private static void Inlined<T>(void** blocks, int iterations)
        where T : struct, IBenchAllocator
    {
        for (; iterations > 0; iterations--)
        {
            for (int i = 0; i < Blocks; i++)
                blocks[i] = T.Alloc(BlockBytes);
            for (int i = 0; i < Blocks; i++)
                T.Free(blocks[i]);
        }
    }

    private static void ThroughPointers(delegate*<nuint, void*> alloc, delegate*<void*, void> free, void** blocks, int iterations)
    {
        for (; iterations > 0; iterations--)
        {
            for (int i = 0; i < Blocks; i++)
                blocks[i] = alloc(BlockBytes);
            for (int i = 0; i < Blocks; i++)
                free(blocks[i]);
        }
    }
}
