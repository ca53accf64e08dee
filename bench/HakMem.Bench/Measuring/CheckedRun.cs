using System.Threading;
using HakMem.Bench.Allocators;

namespace HakMem.Bench.Measuring;

/// <summary>A check pass of a scenario: its timed pass, with an allocator that is watched.</summary>
internal static class CheckedRun
{
    /// <summary>Operations of a check pass, about: each block costs a microsecond there.</summary>
    public const int Operations = 200_000;

    private static readonly Lock s_oneAtATime = new();

    public static CheckTally Of<T>(Workload workload)
        where T : struct, IBenchAllocator
    {
        lock (s_oneAtATime)
        {
            CheckedAllocator<T>.Begin();
            workload.TimedPass<CheckedAllocator<T>>();
            return CheckedAllocator<T>.End();
        }
    }
}
