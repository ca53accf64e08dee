using HakMem.Boxes;

namespace HakMem.Preload;

/// <summary>
/// Box of layer Shared: the C program as host. Options come from its environment; there is no timer, so the scavenger runs in the slow paths of the program's threads.
/// </summary>
[Box(BoxLayer.Shared, Traits = BoxTraits.ConcurrencySafe)]
public static unsafe class PreloadHost
{
    /// <inheritdoc cref="NoHost.Configure"/>
    /// <remarks>Before the C library has set up the environment, the constants hold; the library's constructor reads the options then.</remarks>
    public static void Configure(Composition* composition) => EnvironmentOptions.TryApply(composition);

    /// <inheritdoc cref="NoHost.Pressure{TConfig}"/>
    public static void Pressure<TConfig>(ulong committedBytes)
        where TConfig : struct, IAllocatorConfig
        => NoHost.Pressure<TConfig>(committedBytes);

    /// <inheritdoc cref="NoHost.Wake{TConfig}"/>
    public static bool Wake<TConfig>(uint milliseconds)
        where TConfig : struct, IAllocatorConfig
        => NoHost.Wake<TConfig>(milliseconds);

    /// <inheritdoc cref="NoHost.Stop"/>
    public static void Stop() => NoHost.Stop();
}
