using System;
using System.Globalization;
using HakMem.Bench.Allocators;
using HakMem.Bench.Measuring;
using HakMem.Bench.Memory;
using HakMem.Bench.Teams;

namespace HakMem.Bench.Scenarios;

/// <summary>
/// A server by Larson and Krishnan: each thread replaces random blocks of its array; after each round the arrays pass to
/// fresh threads, which free what others allocated. Starting and ending the threads is measured: thread ends are part of it.
/// </summary>
internal sealed unsafe class LarsonScenario : ThreadedScenario
{
    public static readonly ScenarioDefinition Definition = new(
        "larson",
        "threads replace random blocks of arrays that pass to fresh threads after each round",
        ["--threads", "--min", "--max", "--chunks", "--rounds-per-pass", "--ops", "--pin"],
        parameters => ForEachThreadCount(
            parameters,
            [1, 2, 4],
            threads => string.Create(CultureInfo.InvariantCulture, $" {ChunksOf(parameters, threads)} chunks{Bytes(parameters.SizeRange(DefaultMinBytes, DefaultMaxBytes))}")),
        (variant, parameters) => new LarsonScenario(variant, parameters));

    private const int DefaultMinBytes = 8;
    private const int DefaultMaxBytes = 1024;
    private const int DefaultOperations = 8_000_000;
    private const int FewChunks = 1_000;
    private const int ManyChunks = 10_000;
    private const int ThreadsWithManyChunks = 4;
    private const int ReplacementsPerSlice = 10_000;

    private readonly (uint MinBytes, uint Sizes) _range;
    private readonly int _chunks;
    private readonly int _replacementsPerThread;
    private readonly MappedArray<nint> _blocks;

    public LarsonScenario(string variant, ScenarioParameters parameters)
        : base(Definition, variant, parameters)
    {
        _range = parameters.SizeRange(DefaultMinBytes, DefaultMaxBytes);
        _chunks = ChunksOf(parameters, Threads);
        _replacementsPerThread = Math.Max(1, (parameters.Operations ?? DefaultOperations) / 2 / parameters.RoundsPerPass / Threads);
        _blocks = new MappedArray<nint>((long)_chunks * Threads, populate: true);
    }

    public override long OperationsPerPass => 2L * _replacementsPerThread * Parameters.RoundsPerPass * Threads;

    /// <summary>The mean: sizes are random and arrays always full.</summary>
    public override ulong PeakLiveBytes => (ulong)_blocks.Length * MeanBytes(_range);

    public override PassCost TimedPass<T>()
    {
        FreshThreads.Run<T>(1, _ => Fill<T>());
        PassMeter meter = PassMeter.Start();
        for (int round = 0; round < Parameters.RoundsPerPass; round++)
        {
            int now = round;
            FreshThreads.Run<T>(Threads, thread => Replace<T>((thread + now) % Threads, now), Parameters.Pin);
        }

        PassCost cost = meter.Stop();
        FreshThreads.Run<T>(1, _ => FreeAll<T>());
        return cost;
    }

    public override void Dispose() => _blocks.Dispose();

    private static int ChunksOf(ScenarioParameters parameters, int threads) => parameters.Chunks ?? (threads < ThreadsWithManyChunks ? FewChunks : ManyChunks);

    private void Fill<T>()
        where T : struct, IBenchAllocator
    {
        var random = new RandomSequence((ulong)_blocks.Length);
        for (long i = 0; i < _blocks.Length; i++)
        {
            _ = random.Next(1, _range.Sizes, out uint size);
            byte* block = (byte*)T.Alloc(_range.MinBytes + size);
            *block = 1;
            _blocks.Pointer[i] = (nint)block;
        }
    }

    private void Replace<T>(int array, int round)
        where T : struct, IBenchAllocator
    {
        var random = new RandomSequence(((ulong)array << 32) + (ulong)round);
        void** blocks = (void**)_blocks.Pointer + (long)array * _chunks;
        for (int left = _replacementsPerThread; left > 0; left -= ReplacementsPerSlice)
            random = ReplaceSlice<T>(blocks, (uint)_chunks, _range.MinBytes, _range.Sizes, Math.Min(left, ReplacementsPerSlice), random);
    }

    private static RandomSequence ReplaceSlice<T>(void** blocks, uint chunks, uint minBytes, uint sizes, int replacements, RandomSequence random)
        where T : struct, IBenchAllocator
    {
        for (; replacements > 0; replacements--)
        {
            void** place = blocks + random.Next(chunks, sizes, out uint size);
            T.Free(*place);
            byte* block = (byte*)T.Alloc(minBytes + size);
            *block = 1;
            *place = block;
        }

        return random;
    }

    private void FreeAll<T>()
        where T : struct, IBenchAllocator
    {
        for (long i = 0; i < _blocks.Length; i++)
            T.Free((void*)_blocks.Pointer[i]);
    }
}
