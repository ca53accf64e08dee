namespace HakMem.Boxes;

/// <summary>What a composition wants of transparent huge pages.</summary>
public enum HugePagePolicy
{
    /// <summary>What the system does by itself, but none in the first 64 MiB of the process's range, so that small programs stay small.</summary>
    System,

    /// <summary>None.</summary>
    Never,

    /// <summary>For every SuperSlab; then memory goes back to the system by whole SuperSlabs only.</summary>
    Always,
}

/// <summary>
/// The core of a composition's state, followed in memory by the states of its boxes. The options are written once, by the host, before the
/// first heap exists; they start as the constants of the declaration.
/// </summary>
public struct Composition
{
    /// <summary>The composition's own owner id: the owner of its large and big blocks.</summary>
    public uint Id;

    /// <summary>How many milliseconds unused memory waits before it is given back.</summary>
    public uint PurgeDelay;

    /// <summary>Whether unused memory is given back without anyone asking; otherwise only by a trim.</summary>
    public bool PurgeEnabled;

    /// <summary>The bytes of committed memory above which everything unused is given back at once; the largest number for no limit.</summary>
    public ulong SoftLimit;

    /// <summary>The bytes of committed memory above which requests fail; the largest number for no limit. Not below <see cref="SoftLimit"/>.</summary>
    public ulong HardLimit;

    /// <summary>When memory was last given back for a limit, in milliseconds of the clock.</summary>
    public ulong RelievedAt;

    /// <summary>The committed size that the host is to be told of; 0 for nothing.</summary>
    public ulong Pressure;

    /// <summary>What is wanted of huge pages.</summary>
    public HugePagePolicy HugePages;

    /// <summary>Whether a fresh SuperSlab is backed with memory at once, by one call instead of a page fault for each page.</summary>
    public bool Prefault;

    /// <summary>Whether chunks that nobody used for the purge delay are cleared, and given back when it has passed once more.</summary>
    public bool PreZero;

    /// <summary>Whether a pass of the scavenger is due: 0 not, 1 it is, at <see cref="ScavengeAt"/>, 2 one is running, 3 the time is being set, 4 one is running and another was asked for.</summary>
    public int Scavenge;

    /// <summary>Whether the host runs due passes; otherwise slow paths of the program's threads do, and so when it is very late.</summary>
    public bool HostWakes;

    /// <summary>When the next pass is due, in milliseconds of the clock.</summary>
    public ulong ScavengeAt;
}
