using System;
using System.Linq;
using HakMem.Bench.Allocators;
using HakMem.Bench.Measuring;
using HakMem.Bench.Memory;

namespace HakMem.Bench.Scenarios;

/// <summary>Many blocks of one size, then all are freed, in an order that is kind, common or hostile to caches.</summary>
internal sealed unsafe class GrowScenario : Workload
{
    public static readonly ScenarioDefinition Definition = new(
        "grow",
        "n blocks of one size, freed in order, in reverse or shuffled",
        ["--count", "--size"],
        _ => [.. from order in new[] { InOrder, Reverse, Shuffled } from call in new[] { CallVariant.Inlined, CallVariant.NoInline } select $"{order} {call}"],
        (variant, parameters) => new GrowScenario(variant, parameters));

    private const string InOrder = "in-order";
    private const string Reverse = "reverse";
    private const string Shuffled = "shuffled";
    private const int Slices = 64;

    private readonly ScenarioParameters _parameters;
    private readonly MappedArray<nint> _blocks;
    private readonly MappedArray<uint> _order;

    public GrowScenario(string variant, ScenarioParameters parameters)
    {
        Variant = variant;
        _parameters = parameters;
        _blocks = new MappedArray<nint>(parameters.Count, populate: true);
        _order = new MappedArray<uint>(parameters.Count);
        Array.ConvertAll(FreeOrder(variant.Split(' ')[0], parameters.Count), i => (uint)i).CopyTo(new Span<uint>(_order.Pointer, parameters.Count));
    }

    public override string Scenario => Definition.Name;

    public override string Variant { get; }

    public override long OperationsPerPass => 2L * _parameters.Count;

    public override ulong PeakLiveBytes => (ulong)_parameters.Count * (ulong)_parameters.SizeBytes;

    public override WorkloadRecipe Recipe => WorkloadRecipe.OfScenario(Scenario, Variant, _parameters);

    public override PassCost TimedPass<T>()
    {
        bool inlined = CallVariant.IsInlined(Variant);
        var blocks = (void**)_blocks.Pointer;
        nuint size = (nuint)_parameters.SizeBytes;
        int count = _parameters.Count, step = Math.Max(1, (count + Slices - 1) / Slices);
        PassMeter meter = PassMeter.Start();
        for (int first = 0; first < count; first += step)
        {
            int end = Math.Min(count, first + step);
            if (inlined)
                AllocInlined<T>(blocks, first, end, size);
            else
                AllocThroughPointer(&T.Alloc, blocks, first, end, size);
        }

        for (int first = 0; first < count; first += step)
        {
            int end = Math.Min(count, first + step);
            if (inlined)
                FreeInlined<T>(blocks, _order.Pointer, first, end);
            else
                FreeThroughPointer(&T.Free, blocks, _order.Pointer, first, end);
        }

        return meter.Stop();
    }

    public override CheckTally Check<T>()
    {
        using var shorter = new GrowScenario(Variant, _parameters with { Count = Math.Min(_parameters.Count, CheckedRun.Operations / 2) });
        return CheckedRun.Of<T>(shorter);
    }

    public override void Dispose()
    {
        _blocks.Dispose();
        _order.Dispose();
    }

    private static void AllocInlined<T>(void** blocks, int first, int end, nuint size)
        where T : struct, IBenchAllocator
    {
        for (int i = first; i < end; i++)
        {
            byte* block = (byte*)T.Alloc(size);
            *block = 1;
            blocks[i] = block;
        }
    }

    private static void FreeInlined<T>(void** blocks, uint* order, int first, int end)
        where T : struct, IBenchAllocator
    {
        for (int i = first; i < end; i++)
            T.Free(blocks[order[i]]);
    }

    private static void AllocThroughPointer(delegate*<nuint, void*> alloc, void** blocks, int first, int end, nuint size)
    {
        for (int i = first; i < end; i++)
        {
            byte* block = (byte*)alloc(size);
            *block = 1;
            blocks[i] = block;
        }
    }

    private static void FreeThroughPointer(delegate*<void*, void> free, void** blocks, uint* order, int first, int end)
    {
        for (int i = first; i < end; i++)
            free(blocks[order[i]]);
    }

    private static int[] FreeOrder(string order, int count)
    {
        int[] indexes = [.. Enumerable.Range(0, count)];
        if (order == Reverse)
            Array.Reverse(indexes);
        else if (order == Shuffled)
            new Random(1).Shuffle(indexes);
        return indexes;
    }
}
