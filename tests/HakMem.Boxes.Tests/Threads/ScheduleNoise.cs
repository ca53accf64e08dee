using System;
using System.Threading;

namespace HakMem.Boxes.Tests;

/// <summary>A diagnostics box that gives the processor away at the join points, as a seeded sequence of each thread says: it makes rare interleavings common.</summary>
[Box(BoxLayer.Diagnostics)]
internal static unsafe class ScheduleNoise
{
    [ThreadStatic] private static ulong t_state;

    /// <summary>How many of 64 join points give way; 0 for none.</summary>
    public static uint Rate { get; set; }

    /// <summary>Begins the calling thread's sequence.</summary>
    public static void Seed(ulong seed) => t_state = (seed * 0x9E37_79B9_7F4A_7C15UL) | 1;

    public static void OnFrontMiss() => Perturb();

    public static void OnRefill() => Perturb();

    public static void OnFlush() => Perturb();

    public static void OnRemoteFree() => Perturb();

    public static void OnCollect() => Perturb();

    public static void OnNewSlab() => Perturb();

    public static void OnRetireSlab() => Perturb();

    public static void OnSharedLock() => Perturb();

    private static void Perturb()
    {
        if (Rate == 0) return;
        t_state ^= t_state << 13;
        t_state ^= t_state >> 7;
        t_state ^= t_state << 17;
        uint draw = (uint)(t_state >> 40) & 63;
        if (draw < Rate) Thread.Sleep(0);
        else if (draw < Rate * 2) SystemMemory.Wait(64);
    }
}
