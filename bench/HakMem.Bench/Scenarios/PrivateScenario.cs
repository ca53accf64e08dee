using System;
using System.Globalization;
using HakMem.Bench.Allocators;
using HakMem.Bench.Measuring;
using HakMem.Bench.Memory;
using HakMem.Bench.Teams;

namespace HakMem.Bench.Scenarios;

/// <summary>random-mixed on every thread, each with data of its own: what threads cost that have nothing to do with each other.</summary>
internal sealed unsafe class PrivateScenario : ThreadedScenario
{
    public static readonly ScenarioDefinition Definition = new(
        "private",
        "random-mixed on each of many threads, nothing shared",
        ["--threads", "--slots", "--min", "--max", "--ops", "--pin"],
        parameters => ForEachThreadCount(
            parameters,
            [1, 2, 4, 8, 16, 32, 64],
            _ => string.Create(CultureInfo.InvariantCulture, $" {parameters.Slots} slots{Bytes(Range(parameters))}")),
        (variant, parameters) => new PrivateScenario(variant, parameters));

    private const int DefaultOperations = 2_000_000;
    private const int FewestSlicesPerThread = 10;
    private const int WarmUpSlices = 2;
    private const int PlacesPerCacheLine = 8;

    private readonly (uint MinBytes, uint Sizes) _range;
    private readonly int _slicesPerThread;
    private readonly long _stride;
    private readonly MappedArray<nint> _slots;

    public PrivateScenario(string variant, ScenarioParameters parameters)
        : base(Definition, variant, parameters)
    {
        _range = Range(parameters);
        int slices = (parameters.Operations ?? DefaultOperations) / RandomMixedScenario.OperationsPerSlice / Threads;
        _slicesPerThread = Math.Max(parameters.Operations is null ? FewestSlicesPerThread : 1, slices);
        _stride = (parameters.Slots + 2 * PlacesPerCacheLine - 1) / PlacesPerCacheLine * PlacesPerCacheLine;
        _slots = new MappedArray<nint>(_stride * Threads, populate: true);
    }

    public override long OperationsPerPass => (long)RandomMixedScenario.OperationsPerSlice * _slicesPerThread * Threads;

    /// <summary>The mean: half of the places have a block.</summary>
    public override ulong PeakLiveBytes => (ulong)Parameters.Slots * (ulong)Threads * MeanBytes(_range) / 2;

    public override PassCost TimedPass<T>()
    {
        new Span<nint>(_slots.Pointer, checked((int)_slots.Length)).Clear();
        PassCost cost = ThreadTeam.Run(Threads, thread => Mix<T>(thread, WarmUpSlices), thread => Mix<T>(thread, _slicesPerThread), T.LeaveThread, Parameters.Pin);
        for (long i = 0; i < _slots.Length; i++)
        {
            if (_slots.Pointer[i] != 0)
                T.Free((void*)_slots.Pointer[i]);
        }

        return cost;
    }

    public override void Dispose() => _slots.Dispose();

    private static (uint MinBytes, uint Sizes) Range(ScenarioParameters parameters) =>
        parameters.SizeRange(RandomMixedScenario.DefaultMinBytes, RandomMixedScenario.DefaultMaxBytes);

    private void Mix<T>(int thread, int slices)
        where T : struct, IBenchAllocator
    {
        var random = new RandomSequence((ulong)thread * 7919 + (ulong)slices);
        for (; slices > 0; slices--)
            random = RandomMixedScenario.Inlined<T>((void**)_slots.Pointer + thread * _stride, (uint)Parameters.Slots, _range.MinBytes, _range.Sizes, random);
    }
}
