using Xunit;

namespace HakMem.Tests;

/// <summary>Tests that compare the process's statistics: nothing else may allocate while they run.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class QuiescentHeap
{
    public const string Name = "quiescent heap";
}
