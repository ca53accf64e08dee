namespace HakMem.Bench.Allocators;

/// <summary>Which of the loaded copies of mimalloc.</summary>
internal interface IMimallocCopy
{
    /// <summary>Loads it; 0 where there is none.</summary>
    static abstract nint Load();
}
