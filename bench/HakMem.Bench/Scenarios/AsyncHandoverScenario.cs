using System;
using System.Globalization;
using System.Linq;
using System.Runtime.ExceptionServices;
using System.Threading.Channels;
using System.Threading.Tasks;
using HakMem.Bench.Allocators;
using HakMem.Bench.Measuring;
using HakMem.Bench.Memory;

namespace HakMem.Bench.Scenarios;

/// <summary>
/// What async code does to an allocator: a flow allocates, awaits, and frees on whichever thread of the pool goes on with it.
/// <c>yield</c> awaits <see cref="Task.Yield"/>; <c>channel</c> passes the batch to another flow through a bounded channel.
/// </summary>
internal sealed class AsyncHandoverScenario : ThreadedScenario
{
    public static readonly ScenarioDefinition Definition = new(
        "async-handover",
        "async flows allocate, await, and free on any thread of the pool",
        ["--flows", "--batch", "--min", "--max", "--ops"],
        parameters =>
        [
            .. from way in new[] { Yield, Channel }
               select string.Create(CultureInfo.InvariantCulture, $"{parameters.Flows} flows {way} batches of {parameters.Batch ?? DefaultBatch}{Bytes(Range(parameters))}"),
        ],
        (variant, parameters) => new AsyncHandoverScenario(variant, parameters));

    private const string Yield = "yield";
    private const string Channel = "channel";
    private const int DefaultBatch = 32;
    private const int DefaultOperations = 2_000_000;
    private const int DefaultMinBytes = 16;
    private const int DefaultMaxBytes = 1024;
    private const int ChannelCapacity = 6;

    // One more is in the writer's hand and one in the reader's.
    private const int Places = ChannelCapacity + 2;

    private readonly (uint MinBytes, uint Sizes) _range;
    private readonly bool _channel;
    private readonly int _batch;
    private readonly int _batchesPerFlow;
    private readonly MappedArray<nint> _blocks;

    public AsyncHandoverScenario(string variant, ScenarioParameters parameters)
        : base(Definition, variant, parameters)
    {
        _range = Range(parameters);
        _channel = variant.Split(' ').Contains(Channel);
        _batch = parameters.Batch ?? DefaultBatch;
        _batchesPerFlow = Math.Max(1, (parameters.Operations ?? DefaultOperations) / 2 / _batch / parameters.Flows);
        _blocks = new MappedArray<nint>((long)_batch * parameters.Flows * Places, populate: true);
    }

    public override long OperationsPerPass => 2L * _batch * _batchesPerFlow * Parameters.Flows;

    /// <summary>At most: every flow, or channel, full.</summary>
    public override ulong PeakLiveBytes => (ulong)_batch * (ulong)Parameters.Flows * (_channel ? Places : 1UL) * MeanBytes(_range);

    public override PassCost TimedPass<T>()
    {
        PassMeter meter = PassMeter.Start();
        Task[] flows = [.. Enumerable.Range(0, Parameters.Flows).SelectMany(StartFlow<T>)];
        try
        {
            Task.WhenAll(flows).GetAwaiter().GetResult();
        }
        catch (ChannelClosedException closed) when (closed.InnerException is not null)
        {
            ExceptionDispatchInfo.Throw(closed.InnerException);
        }

        return meter.Stop();
    }

    public override void Dispose() => _blocks.Dispose();

    private static (uint MinBytes, uint Sizes) Range(ScenarioParameters parameters) => parameters.SizeRange(DefaultMinBytes, DefaultMaxBytes);

    private Task[] StartFlow<T>(int flow)
        where T : struct, IBenchAllocator
    {
        if (!_channel)
            return [Task.Run(() => YieldAsync<T>(flow))];
        var channel = System.Threading.Channels.Channel.CreateBounded<int>(new BoundedChannelOptions(ChannelCapacity) { SingleReader = true, SingleWriter = true });
        return [Task.Run(() => WriteAsync<T>(flow, channel.Writer)), Task.Run(() => ReadAsync<T>(flow, channel))];
    }

    private async Task YieldAsync<T>(int flow)
        where T : struct, IBenchAllocator
    {
        var random = new RandomSequence((ulong)flow);
        for (int i = 0; i < _batchesPerFlow; i++)
        {
            random = AllocBatch<T>(flow, 0, random);
            await Task.Yield();
            FreeBatch<T>(flow, 0);
        }
    }

    private async Task WriteAsync<T>(int flow, ChannelWriter<int> writer)
        where T : struct, IBenchAllocator
    {
        try
        {
            var random = new RandomSequence((ulong)flow);
            for (int i = 0; i < _batchesPerFlow; i++)
            {
                random = AllocBatch<T>(flow, i % Places, random);
                await writer.WriteAsync(i % Places);
            }

            writer.Complete();
        }
        catch (Exception problem)
        {
            writer.TryComplete(problem);
            throw;
        }
    }

    private async Task ReadAsync<T>(int flow, Channel<int> channel)
        where T : struct, IBenchAllocator
    {
        try
        {
            for (int i = 0; i < _batchesPerFlow; i++)
            {
                int place = await channel.Reader.ReadAsync();
                FreeBatch<T>(flow, place);
            }
        }
        catch (Exception problem)
        {
            channel.Writer.TryComplete(problem); // or the writer would wait for room forever
            throw;
        }
    }

    private unsafe RandomSequence AllocBatch<T>(int flow, int place, RandomSequence random)
        where T : struct, IBenchAllocator => BatchLoop.AllocAll<T>(BlocksOf(flow, place), _batch, _range.MinBytes, _range.Sizes, random);

    private unsafe void FreeBatch<T>(int flow, int place)
        where T : struct, IBenchAllocator => BatchLoop.FreeAll<T>(BlocksOf(flow, place), _batch);

    private unsafe void** BlocksOf(int flow, int place) => (void**)_blocks.Pointer + ((long)flow * Places + place) * _batch;
}
