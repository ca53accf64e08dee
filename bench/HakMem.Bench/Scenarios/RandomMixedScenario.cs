using System;
using HakMem.Bench.Allocators;
using HakMem.Bench.Measuring;
using HakMem.Bench.Memory;

namespace HakMem.Bench.Scenarios;

/// <summary>A random slot again and again: an empty one gets a block of random size, a full one is freed.</summary>
internal sealed unsafe class RandomMixedScenario : Workload
{
    public static readonly ScenarioDefinition Definition = new(
        "random-mixed",
        "a random slot gets a block of random size, or is freed",
        ["--slots", "--min", "--max"],
        _ => [CallVariant.Inlined, CallVariant.NoInline],
        (variant, parameters) => new RandomMixedScenario(variant, parameters));

    public const int DefaultMinBytes = 16;
    public const int DefaultMaxBytes = 1024;

    public const int OperationsPerSlice = 10_000;
    private const int TimedSlices = 100;
    private const ulong Seed = 88172645463325252;

    private readonly ScenarioParameters _parameters;
    private readonly int _slices;
    private readonly MappedArray<nint> _slots;
    private readonly uint _minBytes;
    private readonly uint _sizes;

    public RandomMixedScenario(string variant, ScenarioParameters parameters)
        : this(variant, parameters, TimedSlices)
    {
    }

    private RandomMixedScenario(string variant, ScenarioParameters parameters, int slices)
    {
        Variant = variant;
        _slices = slices;
        _parameters = parameters;
        (_minBytes, _sizes) = parameters.SizeRange(DefaultMinBytes, DefaultMaxBytes);
        _slots = new MappedArray<nint>(parameters.Slots, populate: true);
        PeakLiveBytes = SimulatePeak();
    }

    public override string Scenario => Definition.Name;

    public override string Variant { get; }

    public override long OperationsPerPass => (long)OperationsPerSlice * _slices;

    public override ulong PeakLiveBytes { get; }

    public override WorkloadRecipe Recipe => WorkloadRecipe.OfScenario(Scenario, Variant, _parameters);

    public override PassCost TimedPass<T>()
    {
        bool inlined = CallVariant.IsInlined(Variant);
        var slots = (void**)_slots.Pointer;
        var random = new RandomSequence(Seed);
        uint count = (uint)_parameters.Slots, minBytes = _minBytes;
        new Span<nint>(slots, (int)count).Clear(); // a pass that failed leaves its blocks behind
        PassMeter meter = PassMeter.Start();
        for (int slice = 0; slice < _slices; slice++)
        {
            random = inlined
                ? Inlined<T>(slots, count, minBytes, _sizes, random)
                : ThroughPointers(&T.Alloc, &T.Free, slots, count, minBytes, _sizes, random);
        }

        PassCost cost = meter.Stop();
        for (uint i = 0; i < count; i++)
        {
            if (slots[i] != null)
                T.Free(slots[i]);
            slots[i] = null;
        }

        return cost;
    }

    public override CheckTally Check<T>()
    {
        using var shorter = new RandomMixedScenario(Variant, _parameters, CheckedRun.Operations / OperationsPerSlice);
        return CheckedRun.Of<T>(shorter);
    }

    public override void Dispose() => _slots.Dispose();

    internal static RandomSequence Inlined<T>(void** slots, uint count, uint minBytes, uint sizes, RandomSequence random)
        where T : struct, IBenchAllocator
    {
        for (int i = 0; i < OperationsPerSlice; i++)
        {
            void** slot = slots + random.Next(count, sizes, out uint size);
            if (*slot != null)
            {
                T.Free(*slot);
                *slot = null;
            }
            else
            {
                byte* block = (byte*)T.Alloc(minBytes + size);
                *block = 1;
                *slot = block;
            }
        }

        return random;
    }

    private static RandomSequence ThroughPointers(
        delegate*<nuint, void*> alloc, delegate*<void*, void> free, void** slots, uint count, uint minBytes, uint sizes, RandomSequence random)
    {
        for (int i = 0; i < OperationsPerSlice; i++)
        {
            void** slot = slots + random.Next(count, sizes, out uint size);
            if (*slot != null)
            {
                free(*slot);
                *slot = null;
            }
            else
            {
                byte* block = (byte*)alloc(minBytes + size);
                *block = 1;
                *slot = block;
            }
        }

        return random;
    }

    private ulong SimulatePeak()
    {
        var random = new RandomSequence(Seed);
        var live = new uint[_parameters.Slots];
        ulong bytes = 0, peak = 0;
        for (long i = 0; i < OperationsPerPass; i++)
        {
            ref uint slot = ref live[random.Next((uint)live.Length, _sizes, out uint size)];
            uint next = slot == 0 ? _minBytes + size : 0;
            bytes = bytes + next - slot;
            slot = next;
            peak = Math.Max(peak, bytes);
        }

        return peak;
    }
}
