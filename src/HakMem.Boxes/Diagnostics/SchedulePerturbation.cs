namespace HakMem.Boxes;

/// <summary>
/// Box of layer Diagnostics: pauses, yields or sleeps for a moment at pseudo-random steps of the lock-free protocols and boundaries of locks, so that
/// stress tests meet the rare interleavings. State: <see cref="Seed"/> and a count of steps, the process's. It is in the debug flavor, in a composition that
/// names it, or in a build that sets its switch; it does nothing until a test gives it a seed.
/// </summary>
[Box(BoxLayer.Diagnostics, Switch = "HakMemSchedulePerturbation", Flavors = "debug")]
public static unsafe class SchedulePerturbation
{
    private const uint PauseEvery = 8, YieldEvery = 16, SleepEvery = 2048;

    /// <summary>What the choices depend on, besides the order in which threads come by; 0, as at the start, is none, and nothing is perturbed. Set it before the threads start.</summary>
    public static ulong Seed;

    // Added to without an atomic on purpose: an order between the threads would hide what it is to bring out, and a lost step does no harm.
    private static ulong s_steps;

    /// <inheritdoc cref="IAllocatorConfig.OnSharedStep"/>
    public static void OnSharedStep<TConfig>()
        where TConfig : struct, IAllocatorConfig
    {
        if (Seed == 0) return;
        byte here;
        ulong stack = (ulong)&here >> 12;   // tells the threads apart
        ulong draw = (Seed ^ (stack * 0x9E37_79B9_7F4A_7C15UL)) + (++s_steps * 0xD1B5_4A32_D192_ED03UL);
        draw = (draw ^ (draw >> 30)) * 0xBF58_476D_1CE4_E5B9UL;
        draw = (draw ^ (draw >> 27)) * 0x94D0_49BB_1331_11EBUL;
        draw ^= draw >> 31;
        if ((uint)draw % SleepEvery == 0)
        {
            TConfig.OsWait(SpinLock.SleepAttempt);
        }
        else if ((uint)draw % YieldEvery == 1)
        {
            TConfig.OsWait(SpinLock.YieldAttempt);
        }
        else if ((uint)draw % PauseEvery == 2)
        {
            for (uint pauses = (uint)(draw >> 32) % 64; pauses != 0; pauses--) TConfig.OsWait(0);
        }
    }
}
