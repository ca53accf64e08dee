using System.Collections.Generic;
using System.Threading;
using HakMem.Tests.Threads;
using Xunit;

namespace HakMem.Tests.Options;

/// <summary>The container's limit is asked for when there is reason to, and stands from then on; nobody is told of pressure for that.</summary>
[Collection(QuiescentHeap.Name)]
public sealed unsafe class FirstSoftLimitTests
{
    [Fact]
    public void AProcessThatGrowsAsksForTheLimit()
    {
        using UnchangedUse use = new();
        int told = 0;
        void Count(ulong committed) => Interlocked.Increment(ref told);
        HakMemory.MemoryPressure += Count;
        try
        {
            void* block = HakMemory.Alloc(100 << 20);
            HakMemory.Free(HakMemory.Alloc(300_000));   // a slow path after it, should another thread have had the first
            HakMemory.Free(block);
        }
        finally
        {
            HakMemory.MemoryPressure -= Count;
        }

        Assert.Equal(HakMemOptions.Current.SoftLimit, DefaultAllocator.Config.Composition->SoftLimit);
        if (HakMemOptions.Current.SoftLimit > 1UL << 30) Assert.Equal(0, told);
    }

    [Fact]
    public void ALimitThatIsSetIsNotWaitedFor()
    {
        static HakMemOptions Read(Dictionary<string, string> environment) => HakMemOptions.Read(static _ => null, environment, static line => Assert.Fail(line));
        Assert.Equal(64UL << 20, Read([]).FirstSoftLimit);
        Assert.Equal(5UL << 30, Read(new() { ["HAKMEM_SOFT_LIMIT"] = "5G" }).FirstSoftLimit);
        Assert.Equal(ulong.MaxValue, Read(new() { ["HAKMEM_SOFT_LIMIT"] = "none" }).FirstSoftLimit);
        Assert.Equal(1UL << 20, Read(new() { ["HAKMEM_HARD_LIMIT"] = "1M" }).FirstSoftLimit);
    }
}
