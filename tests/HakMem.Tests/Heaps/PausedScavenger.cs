using System;
using System.Threading;

namespace HakMem.Tests.Heaps;

/// <summary>No scavenger's pass begins while there is one of these, for tests that look at what a pass would change. One that runs ends first; one that was due comes afterwards.</summary>
internal sealed unsafe class PausedScavenger : IDisposable
{
    private const int Arming = 3;   // as if somebody were about to set the moment of the next pass

    public PausedScavenger()
    {
        HakMemory.Free(HakMemory.Alloc(1));   // the composition is there
        ref int stage = ref DefaultAllocator.Config.Composition->Scavenge;
        while (Interlocked.CompareExchange(ref stage, Arming, 0) != 0 && Interlocked.CompareExchange(ref stage, Arming, 1) != 1) Thread.Yield();
    }

    public void Dispose()
    {
        Volatile.Write(ref DefaultAllocator.Config.Composition->Scavenge, 0);
        DefaultAllocator.Config.WantScavenge();
    }
}
