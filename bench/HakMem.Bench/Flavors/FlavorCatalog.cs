using System.Collections.Generic;
using System.Linq;
using System.Threading;
using HakMem.Bench.Allocators;

namespace HakMem.Bench.Flavors;

/// <summary>An allocator with one set of diagnostics and guards.</summary>
internal unsafe interface IFlavor
{
    static abstract void* Alloc(nuint byteCount);

    static abstract void Free(void* block);
}

/// <summary>A flavor or switch by the name that tables show it under.</summary>
internal abstract class Flavor(string name)
{
    public string Name { get; } = name;

    /// <summary>The type argument by which the JIT's listings tell it.</summary>
    public abstract string Type { get; }

    public abstract AllocatorEntry Entry { get; }

    /// <summary>Calls its hot methods until they are compiled for good.</summary>
    public abstract void HeatUp();
}

/// <inheritdoc/>
internal sealed unsafe class Flavor<T>(string name) : Flavor(name)
    where T : struct, IFlavor
{
    private const int Rounds = 40, CallsPerRound = 2000, Pause = 10;

    public override string Type => typeof(T).FullName!;

    public override AllocatorEntry Entry { get; } = new AllocatorEntry<FlavorAllocator<T>>(name, name);

    public override void HeatUp()
    {
        delegate*<nuint, void*> alloc = &Alloc;
        delegate*<void*, void> free = &Free;
        for (int round = 0; round < Rounds; round++)
        {
            for (int i = 0; i < CallsPerRound; i++)
                free(alloc((nuint)(i & 511)));
            Thread.Sleep(Pause);
        }
    }

    // Not marked NoInlining: a caller so marked makes no tail call.
    private static void* Alloc(nuint byteCount) => T.Alloc(byteCount);

    private static void Free(void* block) => T.Free(block);
}

/// <summary>The four flavors, then each switch alone.</summary>
internal static class FlavorCatalog
{
    public static IReadOnlyList<Flavor> All { get; } =
    [
        new Flavor<ReleaseFlavor>("release"),
        new Flavor<ProfileFlavor>("profile"),
        new Flavor<DebugFlavor>("debug"),
        new Flavor<HardenedFlavor>("hardened"),
        new Flavor<WithDebugCountersFlavor>("`HakMemDebugCounters`"),
        new Flavor<WithSizeHistogramFlavor>("`HakMemSizeHistogram`"),
        new Flavor<WithWarmPoolStatsFlavor>("`HakMemWarmPoolStats`"),
        new Flavor<WithLockStatsFlavor>("`HakMemLockStats`"),
        new Flavor<WithPageFaultTelemetryFlavor>("`HakMemPageFaultTelemetry`"),
        new Flavor<WithFreelistValidationFlavor>("`HakMemFreelistValidation`"),
        new Flavor<WithPoisonFlavor>("`HakMemPoison`"),
        new Flavor<WithDoubleFreeCheckFlavor>("`HakMemDoubleFreeCheck`"),
        new Flavor<WithZeroOnFreeFlavor>("`HakMemZeroOnFree`"),
        new Flavor<WithSchedulePerturbationFlavor>("`HakMemSchedulePerturbation`"),
    ];

    public static Flavor? Find(string type) => All.FirstOrDefault(flavor => flavor.Type == type);
}
