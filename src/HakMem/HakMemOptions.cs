using System;
using System.Collections;
using System.Collections.Generic;
using System.Globalization;
using System.Text;
using System.Threading;
using HakMem.Boxes;

namespace HakMem;

/// <summary>
/// The options of the default allocator at run time. Each has a name here, <c>HakMem.Name</c> in <c>runtimeconfig.json</c> (as an MSBuild item
/// <c>RuntimeHostConfigurationOption</c>) and <c>HAKMEM_NAME</c> in the environment; a program sets them by <see cref="Configure"/>. The environment wins, then what the program set. They are read once, at the first use of the
/// allocator. A value that cannot be read, or an environment variable that is no option, is reported on standard error once and ignored.
/// </summary>
public sealed class HakMemOptions
{
    // Each option's name and, behind it, its variable.
    private static readonly string[] s_names =
    [
        "HakMem.PurgeDelay", "HAKMEM_PURGE_DELAY", "HakMem.Purge", "HAKMEM_PURGE", "HakMem.GcTrim", "HAKMEM_GC_TRIM", "HakMem.SoftLimit", "HAKMEM_SOFT_LIMIT",
        "HakMem.HardLimit", "HAKMEM_HARD_LIMIT", "HakMem.HugePages", "HAKMEM_HUGE_PAGES", "HakMem.Prefault", "HAKMEM_PREFAULT", "HakMem.PreZero", "HAKMEM_PRE_ZERO",
    ];
    private static readonly object s_closed = s_names;
    private static HakMemOptions? s_current;

    // The program's settings; s_closed once the options were read without any.
    private static object? s_settings;

    private const ulong NotAsked = ulong.MaxValue - 1, SmallBytes = 64 << 20;

    private ulong _softLimit = NotAsked;

    private HakMemOptions()
    {
    }

    /// <summary>
    /// The soft limit to start with: to ask for the container's takes more memory than a small process has from the allocator. Who gets above this asks then.
    /// </summary>
    internal ulong FirstSoftLimit => _softLimit == NotAsked ? Math.Min(SmallBytes, HardLimit) : SoftLimit;

    /// <summary>The options in force for this process.</summary>
    public static HakMemOptions Current => Volatile.Read(ref s_current) ?? First();

    /// <summary>How long unused memory waits before it is given back to the operating system; 1 second by default.</summary>
    public TimeSpan PurgeDelay { get; private set; } = TimeSpan.FromMilliseconds(1000);

    /// <summary>Whether unused memory is given back without anyone asking; true by default. Otherwise only <see cref="HakMemory.Trim"/> does it.</summary>
    public bool Purge { get; private set; } = true;

    /// <summary>Whether a full garbage collection under high memory load trims; true by default. Costs nothing between collections.</summary>
    public bool GcTrim { get; private set; } = true;

    /// <summary>
    /// Committed bytes above which everything unused is given back at once and <see cref="HakMemory.MemoryPressure"/> is raised; by default nine tenths of the
    /// memory limit of the container, which is the lowest of the control groups that the process is in; none outside one. <see cref="ulong.MaxValue"/> is none.
    /// </summary>
    public ulong SoftLimit
    {
        get
        {
            if (Volatile.Read(ref _softLimit) == NotAsked) Volatile.Write(ref _softLimit, ContainerMemory.SoftLimit());
            return Math.Min(_softLimit, HardLimit);
        }
        private set => _softLimit = value;
    }

    /// <summary>Committed bytes above which allocations fail; none by default. <see cref="ulong.MaxValue"/> is none.</summary>
    public ulong HardLimit { get; private set; } = ulong.MaxValue;

    /// <summary>What is wanted of transparent huge pages; null is what the composition declares.</summary>
    public HugePagePolicy? HugePages { get; private set; }

    /// <summary>Whether fresh memory is backed by 2 MiB at once; null is what the composition declares.</summary>
    public bool? Prefault { get; private set; }

    /// <summary>Whether unused chunks of 64 KiB are cleared after the purge delay and given back after it has passed once more; null is what the composition declares.</summary>
    public bool? PreZero { get; private set; }

    /// <summary>All options in force by their names, a limit that is none as <c>none</c>, and for null what the composition declares.</summary>
    /// <returns>One line.</returns>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"PurgeDelay {PurgeDelay.TotalMilliseconds} ms, Purge {Switch(Purge)}, GcTrim {Switch(GcTrim)}, SoftLimit {Limit(SoftLimit)}, HardLimit {Limit(HardLimit)}, HugePages {Policy(HugePages ?? (HugePagePolicy)DefaultAllocator.Config.HugePages)}, Prefault {Switch(Prefault ?? DefaultAllocator.Config.Prefault != 0)}, PreZero {Switch(PreZero ?? DefaultAllocator.Config.PreZero != 0)}");

    /// <summary>Sets options of the allocator, once, before its first use. The environment wins over them, and they win over <c>runtimeconfig.json</c>.</summary>
    /// <param name="settings">The options; what is null there stays as it is otherwise.</param>
    /// <exception cref="InvalidOperationException">The options are in force already, as the allocator was used or <see cref="Current"/> read, or they were set before. Nothing has changed.</exception>
    public static void Configure(HakMemSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        object? before = Interlocked.CompareExchange(ref s_settings, settings, null);
        if (before is null) return;
        throw new InvalidOperationException(before == s_closed
            ? "HakMem is in use already: its options can be set only before the first allocation and before HakMemOptions.Current is read."
            : "The options of HakMem were set before: HakMemOptions.Configure can be called once.");
    }

    // Most processes set no option, and a small one must not pay for the machinery that reads them.
    private static HakMemOptions First()
    {
        HakMemSettings? settings = Interlocked.CompareExchange(ref s_settings, s_closed, null) as HakMemSettings;
        HakMemOptions options = settings is not null || IsAnythingSet(AppContext.GetData, Environment.GetEnvironmentVariable) || ProcessEnvironment.HasPrefix("HAKMEM_"u8)
            ? Read(AppContext.GetData, Variables(Environment.GetEnvironmentVariables()), Report, settings)
            : new HakMemOptions();
        return Interlocked.CompareExchange(ref s_current, options, null) ?? options;
    }

    // Upper and lower case are one in the names of Windows; the options' own are as they are written here.
    private static IDictionary Variables(IDictionary environment) => OperatingSystem.IsWindows() ? UpperCase(environment) : environment;

    /// <summary>An environment with the names in upper case.</summary>
    internal static IDictionary UpperCase(IDictionary environment)
    {
        Hashtable variables = [];
        foreach (DictionaryEntry entry in environment) variables[((string)entry.Key).ToUpperInvariant()] = entry.Value;
        return variables;
    }

    // As the allocator's other messages: what cannot be written is nobody's failure, least of all that of a program's first call.
    private static unsafe void Report(string line)
    {
        byte[] text = Encoding.UTF8.GetBytes(line + "\n");
        fixed (byte* start = text) DefaultAllocator.Config.OsWriteError(start, (nuint)text.Length);
    }

    /// <summary>
    /// Whether an option is set, in a configuration or in an environment. The runtime's own is asked, which the program may have changed; it is not copied for
    /// that, as a list of it would be. So a name that is no option is noticed when it was there at the start, or when an option is set.
    /// </summary>
    internal static bool IsAnythingSet(Func<string, object?> configuration, Func<string, string?> environment)
    {
        for (int i = 0; i < s_names.Length; i += 2)
        {
            if (configuration(s_names[i]) is not null || environment(s_names[i + 1]) is not null) return true;
        }

        return false;
    }

    /// <summary>Reads options from a source of configuration, a program's settings and an environment; what is wrong goes to <paramref name="report"/>, a line each.</summary>
    internal static HakMemOptions Read(Func<string, object?> configuration, IDictionary environment, Action<string> report, HakMemSettings? settings = null)
    {
        HakMemOptions options = new();
        HashSet<string> names = new(StringComparer.Ordinal);
        foreach (Option option in Table.Known)
        {
            string name = "HakMem." + option.Name;
            Apply(options, option, name, TextOf(configuration(name)), report);
        }

        if (settings is not null) options.Apply(settings);
        foreach (Option option in Table.Known)
        {
            names.Add(option.Variable);
            Apply(options, option, option.Variable, environment[option.Variable] as string, report);
        }

        foreach (DictionaryEntry entry in environment)
        {
            if (entry.Key is string variable && variable.StartsWith("HAKMEM_", StringComparison.Ordinal) && !names.Contains(variable)
                && variable is not ("HAKMEM_SHOW_STATS" or "HAKMEM_TRACE"))   // the preloaded library's
            {
                report($"hakmem: {variable} is no option; known are {Known()}.");
            }
        }

        return options;
    }

    // A program may set a number or a switch as such. What is of another type is wrong, and reported as a text would be.
    private static string? TextOf(object? value) => value switch
    {
        null => null,
        string text => text,
        bool or sbyte or byte or short or ushort or int or uint or long or ulong or HugePagePolicy => Convert.ToString(value, CultureInfo.InvariantCulture),
        _ => value.GetType().ToString(),
    };

    private static void Apply(HakMemOptions options, Option option, string source, string? text, Action<string> report)
    {
        if (text is null || option.TryApply(options, text.Trim())) return;
        report($"hakmem: {source} is '{text}'; it takes {option.Values}. It is ignored.");
    }

    private void Apply(HakMemSettings settings)
    {
        PurgeDelay = settings.PurgeDelay ?? PurgeDelay;
        Purge = settings.Purge ?? Purge;
        GcTrim = settings.GcTrim ?? GcTrim;
        _softLimit = settings.SoftLimit ?? _softLimit;
        HardLimit = settings.HardLimit ?? HardLimit;
        HugePages = settings.HugePages ?? HugePages;
        Prefault = settings.Prefault ?? Prefault;
        PreZero = settings.PreZero ?? PreZero;
    }

    // As they are written in a configuration.
    private static string Switch(bool value) => value ? "true" : "false";

    private static string Limit(ulong bytes) => bytes == ulong.MaxValue ? "none" : string.Create(CultureInfo.InvariantCulture, $"{bytes} B");

    private static string Policy(HugePagePolicy policy) => policy switch { HugePagePolicy.Never => "never", HugePagePolicy.Always => "always", _ => "system" };

    private static bool TryParseSwitch(string text, out bool value)
    {
        value = text is "1" || text.Equals("true", StringComparison.OrdinalIgnoreCase);
        return value || text is "0" || text.Equals("false", StringComparison.OrdinalIgnoreCase);
    }

    private static bool TryParseBytes(string text, out ulong value)
    {
        value = ulong.MaxValue;
        if (text.Equals("none", StringComparison.OrdinalIgnoreCase)) return true;
        int shift = text.Length == 0 ? 0 : char.ToUpperInvariant(text[^1]) switch { 'K' => 10, 'M' => 20, 'G' => 30, _ => 0 };
        if (!ulong.TryParse(shift == 0 ? text : text[..^1], NumberStyles.None, CultureInfo.InvariantCulture, out value)) return false;
        if (value > ulong.MaxValue >> shift) return false;
        value <<= shift;
        return value > 0;
    }

    private static string Known()
    {
        StringBuilder names = new();
        for (int i = 0; i < Table.Known.Length; i++) names.Append(i == 0 ? "" : i == Table.Known.Length - 1 ? " and " : ", ").Append(Table.Known[i].Variable);
        return names.ToString();
    }

    // A class of its own, so that the table is made only when it is read.
    private static class Table
    {
        internal static readonly Option[] Known =
        [
            new("PurgeDelay", "HAKMEM_PURGE_DELAY", "milliseconds from 0 to 3600000", static (options, text) =>
            {
                if (!uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out uint value) || value > 3_600_000) return false;
                options.PurgeDelay = TimeSpan.FromMilliseconds(value);
                return true;
            }),
            new("Purge", "HAKMEM_PURGE", "true or false", static (options, text) =>
            {
                if (!TryParseSwitch(text, out bool value)) return false;
                options.Purge = value;
                return true;
            }),
            new("GcTrim", "HAKMEM_GC_TRIM", "true or false", static (options, text) =>
            {
                if (!TryParseSwitch(text, out bool value)) return false;
                options.GcTrim = value;
                return true;
            }),
            new("SoftLimit", "HAKMEM_SOFT_LIMIT", "bytes, with K, M or G if you like, or none", static (options, text) =>
            {
                if (!TryParseBytes(text, out ulong value)) return false;
                options.SoftLimit = value;
                return true;
            }),
            new("HardLimit", "HAKMEM_HARD_LIMIT", "bytes, with K, M or G if you like, or none", static (options, text) =>
            {
                if (!TryParseBytes(text, out ulong value)) return false;
                options.HardLimit = value;
                return true;
            }),
            new("HugePages", "HAKMEM_HUGE_PAGES", "system, never or always", static (options, text) =>
            {
                if (!Enum.TryParse(text, true, out HugePagePolicy value) || !text.Equals(value.ToString(), StringComparison.OrdinalIgnoreCase)) return false;   // no numbers, no sums
                options.HugePages = value;
                return true;
            }),
            new("Prefault", "HAKMEM_PREFAULT", "true or false", static (options, text) =>
            {
                if (!TryParseSwitch(text, out bool value)) return false;
                options.Prefault = value;
                return true;
            }),
            new("PreZero", "HAKMEM_PRE_ZERO", "true or false", static (options, text) =>
            {
                if (!TryParseSwitch(text, out bool value)) return false;
                options.PreZero = value;
                return true;
            }),
        ];
    }

    private sealed record Option(string Name, string Variable, string Values, Func<HakMemOptions, string, bool> TryApply);
}
