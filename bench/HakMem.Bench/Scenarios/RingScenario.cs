using System;
using System.Globalization;
using System.Linq;
using HakMem.Bench.Allocators;
using HakMem.Bench.Measuring;
using HakMem.Bench.Teams;

namespace HakMem.Bench.Scenarios;

/// <summary>Threads in a ring: each hands the blocks it allocates on to the next, and frees what the one before it allocated.</summary>
internal sealed unsafe class RingScenario : ThreadedScenario
{
    public static readonly ScenarioDefinition Definition = new(
        "ring",
        "each thread frees what the one before it in a ring allocated",
        ["--threads", "--batch", "--min", "--max", "--ops", "--pin"],
        parameters => ForEachThreadCount(
            parameters,
            [2, 4],
            _ => string.Create(CultureInfo.InvariantCulture, $" batches of {parameters.Batch ?? DefaultBatch}{Bytes(Range(parameters))}")),
        (variant, parameters) => new RingScenario(variant, parameters));

    private const int DefaultBatch = 1_000;
    private const int DefaultOperations = 4_000_000;
    private const int BatchesUnderWay = 4;

    private readonly (uint MinBytes, uint Sizes) _range;
    private readonly int _batch;
    private readonly int _batchesPerThread;

    public RingScenario(string variant, ScenarioParameters parameters)
        : base(Definition, variant, parameters)
    {
        _range = Range(parameters);
        _batch = parameters.Batch ?? DefaultBatch;
        _batchesPerThread = Math.Max(1, (parameters.Operations ?? DefaultOperations) / 2 / _batch / Threads);
    }

    public override long OperationsPerPass => 2L * _batch * _batchesPerThread * Threads;

    /// <summary>At most: all queues full.</summary>
    public override ulong PeakLiveBytes => (ulong)_batch * BatchesUnderWay * (ulong)Threads * MeanBytes(_range);

    public override PassCost TimedPass<T>()
    {
        BatchQueue[] queues = [.. Enumerable.Range(0, Threads).Select(_ => new BatchQueue(_batch, 1, BatchesUnderWay))];
        try
        {
            return ThreadTeam.Run(Threads, _ => { }, thread => Work<T>(thread, queues), T.LeaveThread, Parameters.Pin);
        }
        finally
        {
            foreach (BatchQueue queue in queues)
                queue.Dispose();
        }
    }

    private static (uint MinBytes, uint Sizes) Range(ScenarioParameters parameters) => parameters.SizeRange(BatchLoop.DefaultMinBytes, BatchLoop.DefaultMaxBytes);

    private void Work<T>(int thread, BatchQueue[] queues)
        where T : struct, IBenchAllocator
    {
        try
        {
            HandOn<T>(queues[(thread + 1) % Threads], queues[thread], new RandomSequence((ulong)thread));
        }
        catch
        {
            foreach (BatchQueue queue in queues)
                queue.Abort();
            throw;
        }
    }

    private void HandOn<T>(BatchQueue next, BatchQueue own, RandomSequence random)
        where T : struct, IBenchAllocator
    {
        for (int i = 0; i < _batchesPerThread; i++)
        {
            random = BatchLoop.AllocAll<T>(next.BeginWrite(), _batch, _range.MinBytes, _range.Sizes, random);
            next.EndWrite();
            BatchLoop.FreeAll<T>(own.BeginRead(), _batch);
            own.EndRead();
        }
    }
}
