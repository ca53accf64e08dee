using System.Runtime.CompilerServices;
using System.Threading;
using HakMem.Boxes;
using static HakMem.Preload.PreloadAllocator;

namespace HakMem.Preload;

/// <summary>
/// Lets a program run due passes of the scavenger whose calls all hit. While a pass is due and there is something to it, a thread that leaves a slow path leaves its heap ajar: the next call finds
/// the empty stack of class 0, comes to the slow path, which finds what it looks for in the stack after all, and looks at the clock. So does each call of a thread at light use, until the pass has run. Between two
/// moments of the coarse clock, 1 to 10 ms apart, a thread looks at most <see cref="MostLooks"/> times, below 1 % of its time; then its calls hit as ever until it comes to a slow path by itself: whoever frees much without a pause has to come to one afterwards.
/// </summary>
internal static unsafe class Heartbeat
{
    private const uint Ajar = 1u << 31;   // of ThreadHeap.Open: above every class, and not 0
    private const uint MostLooks = 256;

    private static int s_wanted;

    /// <summary>Whether slow paths are to look at the clock.</summary>
    internal static bool IsWanted
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => s_wanted != 0;
    }

    /// <summary>Asks for it, from now on until no pass is due. By any thread.</summary>
    internal static void Want()
    {
        if (s_wanted == 0) Volatile.Write(ref s_wanted, 1);
    }

    /// <summary>Runs the pass when its time has come. Returns what the heap's <see cref="ThreadHeap.Open"/> is to be. By the running thread, as the last thing in a slow path: no lock may be held.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static uint Beat(ThreadHeap* heap)
    {
        int stage = Volatile.Read(ref Config.Composition->Scavenge);
        if (stage == 0)
        {
            Volatile.Write(ref s_wanted, 0);   // who wants it again meanwhile is missed until the next batch
            return uint.MaxValue;
        }

        uint now = (uint)Config.OsMilliseconds();
        if (now != heap->HostLookedAt)
        {
            heap->HostLookedAt = now;
            heap->HostLooks = 0;
            Config.PollScavenge();
        }

        return ++heap->HostLooks < MostLooks ? Ajar : uint.MaxValue;
    }
}
