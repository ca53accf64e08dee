namespace HakMem.Boxes;

/// <summary>
/// A look through the slabs of a bin for pages to give back, which gives the heap's lock up between its parts. A slab's header is there for good, so a place that went stale can be told: the slab is in
/// that list of that bin no more.
/// </summary>
public unsafe struct PurgeWalk
{
    /// <summary>How often one look begins again after its place went stale.</summary>
    public const uint MostRestarts = 16;

    private const uint CallsPerLock = 8, SlabsPerLock = 128;

    /// <summary>The slab to go on with; null at the start.</summary>
    public Slab* At;

    /// <summary>The list that it is in.</summary>
    public SlabPlace List;

    /// <summary>The calls to the OS that are left until the lock is given up.</summary>
    public uint Calls;

    /// <summary>The slabs to look at that are left until then.</summary>
    public uint Slabs;

    /// <summary>How often it began again.</summary>
    public uint Restarts;

    /// <summary>Whether something was left for a later time.</summary>
    public bool Changing;

    /// <summary>Goes to the start of another bin; what may be done under the lock is for both.</summary>
    public void Begin()
    {
        At = null;
        List = SlabPlace.Current;
        Restarts = 0;
    }

    /// <summary>The lock was taken anew.</summary>
    public void Renew()
    {
        Calls = CallsPerLock;
        Slabs = SlabsPerLock;
    }
}
