using System.Collections.Generic;
using System.CommandLine;
using System.Globalization;
using System.Linq;
using HakMem.Bench.Scenarios;

namespace HakMem.Bench.Commands;

/// <summary>The options that set the parameters of scenarios.</summary>
internal sealed class ScenarioOptions
{
    public const string ThreadsName = "--threads";

    private const int MaxThreads = 1024;
    private const int MaxBytes = 1 << 30;

    private static readonly ScenarioParameters s_defaults = new();

    private readonly Option<int?> _slots = Bounded("--slots", $"random-mixed, private: places for a block. Default: {s_defaults.Slots}.", 1, 1 << 24);
    private readonly Option<int?> _min = Bounded("--min", "Smallest block, in bytes. Default: 16, where blocks are handed over 8.", 1, MaxBytes);
    private readonly Option<int?> _max = Bounded("--max", "Largest block, in bytes. Default: 1024, where batches are handed over 135.", 1, MaxBytes);
    private readonly Option<int?> _count = Bounded("--count", $"grow: blocks live at once. Default: {s_defaults.Count}.", 1, 1 << 27);
    private readonly Option<int?> _size = Bounded("--size", $"grow: size of every block, in bytes. Default: {s_defaults.SizeBytes}.", 1, MaxBytes);

    private readonly Option<string?> _threads = new(ThreadsName)
    {
        Description = "Numbers of threads, separated by commas; one row group for each. Default: larson 1,2,4; private 1,2,4 … 64; ring 2,4; burst-idle 2.",
        HelpName = "n,n",
    };

    private readonly Option<int?> _operations = Bounded("--ops", "Scenarios with threads: allocations and frees in one pass, of all threads together. Each has its own default.", 2, 1 << 30);
    private readonly Option<bool> _pin = new("--pin") { Description = "larson, private, producer-consumer, ring: each thread keeps to a processor of its own. Else the system may put two on one, where handing over is cheap." };
    private readonly Option<int?> _chunks = Bounded("--chunks", "larson: blocks of each thread. Default: 1000; from 4 threads on 10000.", 1, 1 << 24);
    private readonly Option<int?> _roundsPerPass = Bounded("--rounds-per-pass", $"larson: how often arrays pass to fresh threads. Default: {s_defaults.RoundsPerPass}. (--rounds is how often the whole is measured.)", 1, 10_000);
    private readonly Option<int?> _batch = Bounded("--batch", "Blocks handed over at once. Default: producer-consumer 120, ring 1000, async-handover 32.", 1, 1 << 20);
    private readonly Option<int?> _flows = Bounded("--flows", $"async-handover: flows that run at once. Default: {s_defaults.Flows}.", 1, 10_000);
    private readonly Option<int?> _lifetimes = Bounded("--lifetimes", $"thread-churn: threads in all. Default: {s_defaults.Lifetimes}.", 1, 10_000_000);
    private readonly Option<int?> _atOnce = Bounded("--at-once", $"thread-churn: threads that live at once. Default: {s_defaults.AtOnce}.", 1, MaxThreads);
    private readonly Option<int?> _leave = Bounded("--leave", $"thread-churn: live blocks that each thread leaves. Default: {s_defaults.Leave}.", 1, 100_000);
    private readonly Option<int?> _keep = Bounded("--keep", $"burst-idle: one block in so many is kept. Default: {s_defaults.Keep}.", 1, 1 << 20);
    private readonly Option<int?> _idle = Bounded("--idle", $"burst-idle: seconds without a call. Default: {s_defaults.IdleSeconds}.", 0, 3600);
    private readonly Option<int?> _divisor = Bounded("--divisor", "burst-idle: the numbers of blocks are divided by this. Default: 1.", 1, 10_000);

    private IReadOnlyList<Option> All => [_slots, _min, _max, _count, _size, _threads, _operations, _pin, _chunks, _roundsPerPass, _batch, _flows, _lifetimes, _atOnce, _leave, _keep, _idle, _divisor];

    public void AddTo(Command command)
    {
        foreach (Option option in All)
            command.Add(option);
    }

    /// <summary>The names of the options that are on the command line.</summary>
    public IEnumerable<string> Given(ParseResult parsed) => All.Where(option => parsed.GetResult(option) is { Implicit: false }).Select(option => option.Name);

    public ScenarioParameters Parameters(ParseResult parsed)
    {
        int? min = parsed.GetValue(_min), max = parsed.GetValue(_max);
        if (max < min)
            throw new BadInputException($"--max {max} is below --min {min}.");
        return new ScenarioParameters
        {
            MinBytes = min,
            MaxBytes = max,
            Slots = parsed.GetValue(_slots) ?? s_defaults.Slots,
            Count = parsed.GetValue(_count) ?? s_defaults.Count,
            SizeBytes = parsed.GetValue(_size) ?? s_defaults.SizeBytes,
            Threads = ThreadCounts(parsed.GetValue(_threads)),
            Operations = parsed.GetValue(_operations),
            Pin = parsed.GetValue(_pin),
            Chunks = parsed.GetValue(_chunks),
            RoundsPerPass = parsed.GetValue(_roundsPerPass) ?? s_defaults.RoundsPerPass,
            Batch = parsed.GetValue(_batch),
            Flows = parsed.GetValue(_flows) ?? s_defaults.Flows,
            Lifetimes = parsed.GetValue(_lifetimes) ?? s_defaults.Lifetimes,
            AtOnce = parsed.GetValue(_atOnce) ?? s_defaults.AtOnce,
            Leave = parsed.GetValue(_leave) ?? s_defaults.Leave,
            Keep = parsed.GetValue(_keep) ?? s_defaults.Keep,
            IdleSeconds = parsed.GetValue(_idle) ?? s_defaults.IdleSeconds,
            Divisor = parsed.GetValue(_divisor) ?? s_defaults.Divisor,
        };
    }

    private static List<int>? ThreadCounts(string? list)
    {
        if (list is null)
            return null;
        var counts = new List<int>();
        foreach (string word in list.Split(','))
        {
            if (!int.TryParse(word.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out int count) || count is < 1 or > MaxThreads)
                throw new BadInputException($"--threads must be numbers from 1 to {MaxThreads}, separated by commas, not '{list}'.");
            counts.Add(count);
        }

        return [.. counts.Distinct()];
    }

    private static Option<int?> Bounded(string name, string description, int min, int max)
    {
        var option = new Option<int?>(name) { Description = description, HelpName = "n" };
        option.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && int.TryParse(result.Tokens[0].Value, out int number) && (number < min || number > max))
                result.AddError($"{name} must be from {min} to {max}, not {number}.");
        });
        return option;
    }
}
