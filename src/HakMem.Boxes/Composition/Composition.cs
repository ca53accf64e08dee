namespace HakMem.Boxes;

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

    /// <summary>Whether a pass of the scavenger is due: 0 not, 1 it is, at <see cref="ScavengeAt"/>, 2 one is running, 3 the time is being set.</summary>
    public int Scavenge;

    /// <summary>Whether the host runs due passes; otherwise slow paths of the program's threads do.</summary>
    public bool HostWakes;

    /// <summary>When the next pass is due, in milliseconds of the clock.</summary>
    public ulong ScavengeAt;
}
