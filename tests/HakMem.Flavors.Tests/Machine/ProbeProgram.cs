using System;
using System.Threading;
using HakMem.Boxes;

namespace HakMem.Flavors.Tests;

/// <summary>What the tests start as a process of its own: calls the ways of each allocator, the slow ones too, until the JIT has its last word.</summary>
internal static unsafe class ProbeProgram
{
    private const int Blocks = 3000;

    public static int Main(string[] arguments)
    {
        if (arguments is not ["probe", string count, .. string[] names] || !int.TryParse(count, out int rounds) || names.Length == 0) return 2;
        delegate*<void>[] uses = new delegate*<void>[names.Length];
        for (int i = 0; i < names.Length; i++)
        {
            uses[i] = UseOf(names[i]);
            if (uses[i] == null) return 2;
        }

        for (int round = 0; round < rounds; round++)
        {
            foreach (delegate*<void> use in uses) use();
            Thread.Sleep(round < 20 ? 20 : 5);   // tier 1 is compiled in the background
        }

        Console.WriteLine("done");
        return 0;
    }

    private static delegate*<void> UseOf(string name) => name switch
    {
        "Release" => &Use<ReleaseProbe>,
        "HandStripped" => &Use<HandStrippedProbe>,
        "Leaky" => &Use<LeakyProbe>,
        nameof(DebugCounters) => &Use<DebugCountersProbe>,
        nameof(FreelistValidation) => &Use<FreelistValidationProbe>,
        nameof(PageFaultTelemetry) => &Use<PageFaultTelemetryProbe>,
        nameof(WarmPoolStats) => &Use<WarmPoolStatsProbe>,
        nameof(LockStats) => &Use<LockStatsProbe>,
        nameof(SizeHistogram) => &Use<SizeHistogramProbe>,
        nameof(Poison) => &Use<PoisonProbe>,
        nameof(DoubleFreeCheck) => &Use<DoubleFreeCheckProbe>,
        nameof(ZeroOnFree) => &Use<ZeroOnFreeProbe>,
        nameof(SchedulePerturbation) => &Use<SchedulePerturbationProbe>,
        _ => null,
    };

    private static void Use<T>()
        where T : struct, IProbe
    {
        delegate*<nuint, void*> alloc = &Alloc<T>;
        delegate*<void*, void> free = &Free<T>;
        nint* blocks = stackalloc nint[Blocks];
        for (int i = 0; i < Blocks; i++) blocks[i] = (nint)alloc((nuint)((i % 4) switch { 0 => 300, 1 => 2000, _ => 40 }));
        for (int i = 0; i < Blocks; i++) free((void*)blocks[i]);
    }

    // Not marked NoInlining: a caller so marked makes no tail call.
    private static void* Alloc<T>(nuint size)
        where T : struct, IProbe
        => T.Alloc(size);

    private static void Free<T>(void* block)
        where T : struct, IProbe
        => T.Free(block);
}
