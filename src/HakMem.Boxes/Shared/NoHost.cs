namespace HakMem.Boxes;

/// <summary>
/// Box of layer Shared: the host that has nothing to offer. The declaration's constants hold, and the scavenger runs in the slow paths of the
/// program's threads. No state.
/// </summary>
[Box(BoxLayer.Shared, Traits = BoxTraits.ConcurrencySafe)]
public static unsafe class NoHost
{
    /// <summary>Sets the options of a composition that is being opened. Called once, without locks of the allocator, before the first heap.</summary>
    public static void Configure(Composition* composition)
    {
        _ = composition;
    }

    /// <summary>Tells the host that committed memory would pass the soft limit. Under no lock; never throws.</summary>
    public static void Pressure<TConfig>(ulong committedBytes)
        where TConfig : struct, IAllocatorConfig
    {
        _ = committedBytes;
    }

    /// <summary>
    /// Asks that <see cref="IAllocatorConfig.PollScavenge"/> be called after so many milliseconds, on whatever thread. May be called at any time, but
    /// under no lock; never throws. False when the host cannot: then slow paths do it.
    /// </summary>
    public static bool Wake<TConfig>(uint milliseconds)
        where TConfig : struct, IAllocatorConfig
    {
        _ = milliseconds;
        return false;
    }

    /// <summary>
    /// Ends what the host does of itself with an isolated composition that is about to be reset: when it returns, nothing of the host uses it, or will before the
    /// next <see cref="Configure"/>. Called without locks of the allocator.
    /// </summary>
    public static void Stop()
    {
    }
}
