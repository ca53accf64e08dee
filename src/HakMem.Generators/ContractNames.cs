namespace HakMem.Generators;

/// <summary>The names by which the contract of <c>HakMem.Boxes</c> is found and spoken to.</summary>
internal static class ContractNames
{
    public const string Namespace = "HakMem.Boxes";
    public const string Qualifier = "global::" + Namespace + ".";

    public const string AllocatorAttribute = Namespace + ".HakMemAllocatorAttribute";
    public const string AllocatorAttributeName = "HakMemAllocatorAttribute";
    public const string PoolAttribute = Namespace + ".HakMemPoolAttribute";
    public const string DefaultPoolAllocator = "HakMem.PoolAllocator";
    public const string ConfigInterface = Namespace + ".IAllocatorConfig";

    public const string BoxAttribute = "BoxAttribute";
    public const string OptionAttribute = "OptionAttribute";
    public const string BoundAttribute = "BoundAttribute";
    public const string JoinPointAttribute = "JoinPointAttribute";
    public const string HeapStateAttribute = "HeapStateAttribute";
    public const string SharedStateAttribute = "SharedStateAttribute";
    public const string DefaultBoxAttribute = "DefaultBoxAttribute";
    public const string PresetAttribute = "PresetAttribute";

    public const string Diagnostics = "Diagnostics";
    public const string Guards = "Guards";
    public const string Isolated = "Isolated";
    public const string Preset = "Preset";
    public const string Pool = "Pool";
    public const string Allocator = "Allocator";

    public const string HeapState = "HeapState";
    public const string SharedState = "SharedState";
    public const string Totals = "Totals";

    public const string Heap = Qualifier + "ThreadHeap*";
}
