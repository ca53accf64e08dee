using System;
using System.Globalization;
using HakMem.Bench.Allocators;
using HakMem.Bench.Measuring;
using HakMem.Bench.Teams;

namespace HakMem.Bench.Scenarios;

/// <summary>One thread allocates, the other frees: no block comes back to where it was made by itself.</summary>
internal sealed unsafe class ProducerConsumerScenario : ThreadedScenario
{
    public static readonly ScenarioDefinition Definition = new(
        "producer-consumer",
        "one thread allocates batches, another frees them",
        ["--batch", "--min", "--max", "--ops", "--pin"],
        parameters => [string.Create(CultureInfo.InvariantCulture, $"2 threads batches of {parameters.Batch ?? DefaultBatch}{Bytes(Range(parameters))}{Pinned(parameters)}")],
        (variant, parameters) => new ProducerConsumerScenario(variant, parameters));

    private const int DefaultBatch = 120;
    private const int DefaultOperations = 4_000_000;
    private const int BatchesPerLoad = 16;
    private const int Loads = 4;

    private readonly (uint MinBytes, uint Sizes) _range;
    private readonly int _batch;
    private readonly int _batches;

    public ProducerConsumerScenario(string variant, ScenarioParameters parameters)
        : base(Definition, variant, parameters)
    {
        _range = Range(parameters);
        _batch = parameters.Batch ?? DefaultBatch;
        int loads = (parameters.Operations ?? DefaultOperations) / 2 / _batch / BatchesPerLoad;
        _batches = Math.Max(1, loads) * BatchesPerLoad;
    }

    public override long OperationsPerPass => 2L * _batch * _batches;

    /// <summary>At most: a full queue.</summary>
    public override ulong PeakLiveBytes => (ulong)_batch * BatchesPerLoad * Loads * MeanBytes(_range);

    public override PassCost TimedPass<T>()
    {
        using var queue = new BatchQueue(_batch, BatchesPerLoad, Loads);
        return ThreadTeam.Run(2, _ => { }, thread => Work<T>(thread, queue), T.LeaveThread, Parameters.Pin);
    }

    private static (uint MinBytes, uint Sizes) Range(ScenarioParameters parameters) => parameters.SizeRange(BatchLoop.DefaultMinBytes, BatchLoop.DefaultMaxBytes);

    private void Work<T>(int thread, BatchQueue queue)
        where T : struct, IBenchAllocator
    {
        try
        {
            if (thread == 0)
                Produce<T>(queue);
            else
                Consume<T>(queue);
        }
        catch
        {
            queue.Abort();
            throw;
        }
    }

    private void Produce<T>(BatchQueue queue)
        where T : struct, IBenchAllocator
    {
        var random = new RandomSequence(1);
        for (int i = 0; i < _batches; i++)
        {
            random = BatchLoop.AllocAll<T>(queue.BeginWrite(), _batch, _range.MinBytes, _range.Sizes, random);
            queue.EndWrite();
        }
    }

    private void Consume<T>(BatchQueue queue)
        where T : struct, IBenchAllocator
    {
        for (int i = 0; i < _batches; i++)
        {
            BatchLoop.FreeAll<T>(queue.BeginRead(), _batch);
            queue.EndRead();
        }
    }
}
