using System;
using Xunit;

namespace HakMem.Tests.Threads;

/// <summary>Asserts at its end that as many blocks and bytes are with users as at its beginning.</summary>
internal sealed class UnchangedUse : IDisposable
{
    public HakMemStatistics Before { get; } = HakMemory.GetStatistics();

    public void Dispose()
    {
        HakMemStatistics after = HakMemory.GetStatistics();
        Assert.Equal(Before.InUseBlocks, after.InUseBlocks);
        Assert.Equal(Before.InUseBytes, after.InUseBytes);
    }
}
