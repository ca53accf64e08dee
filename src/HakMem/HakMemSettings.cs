using System;
using HakMem.Boxes;

namespace HakMem;

/// <summary>
/// Options that a program sets itself, for <see cref="HakMemOptions.Configure"/>: each has the meaning of the property of <see cref="HakMemOptions"/> of the same name, and null leaves that as it is otherwise.
/// </summary>
public sealed class HakMemSettings
{
    /// <summary>How long unused memory waits before it is given back.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The time is negative or above an hour.</exception>
    public TimeSpan? PurgeDelay
    {
        get;
        init => field = value is not { } delay || (delay >= TimeSpan.Zero && delay <= TimeSpan.FromHours(1)) ? value : throw new ArgumentOutOfRangeException(nameof(value), value, "The purge delay is from 0 to 1 hour.");
    }

    /// <summary>Whether unused memory is given back without anyone asking.</summary>
    public bool? Purge { get; init; }

    /// <summary>Whether a full garbage collection under high memory load trims.</summary>
    public bool? GcTrim { get; init; }

    /// <summary>Committed bytes above which everything unused is given back at once; <see cref="ulong.MaxValue"/> is none.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The limit is 0.</exception>
    public ulong? SoftLimit
    {
        get;
        init => field = Positive(value);
    }

    /// <summary>Committed bytes above which allocations fail; <see cref="ulong.MaxValue"/> is none.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The limit is 0.</exception>
    public ulong? HardLimit
    {
        get;
        init => field = Positive(value);
    }

    /// <summary>What is wanted of transparent huge pages.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such policy.</exception>
    public HugePagePolicy? HugePages
    {
        get;
        init => field = value is not { } policy || Enum.IsDefined(policy) ? value : throw new ArgumentOutOfRangeException(nameof(value), value, "There is no such policy.");
    }

    /// <summary>Whether fresh memory is backed by 2 MiB at once.</summary>
    public bool? Prefault { get; init; }

    /// <summary>Whether unused chunks of 64 KiB are cleared after the purge delay.</summary>
    public bool? PreZero { get; init; }

    private static ulong? Positive(ulong? value) => value != 0 ? value : throw new ArgumentOutOfRangeException(nameof(value), value, "A limit is above 0.");
}
