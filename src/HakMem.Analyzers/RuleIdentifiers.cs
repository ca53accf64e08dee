namespace HakMem.Analyzers;

/// <summary>The identifiers of all rules; each has a page <c>docs/rules/HKMnnnn.md</c>.</summary>
internal static class RuleIdentifiers
{
    /// <summary>The category of the rules about boxes.</summary>
    public const string Boxes = "HakMem.Boxes";

    /// <summary>The category of the rules about users' blocks.</summary>
    public const string Blocks = "HakMem.Blocks";

    /// <summary>A block is lost without having been freed.</summary>
    public const string LostBlock = "HKM1001";

    /// <summary>A block is freed twice.</summary>
    public const string FreedTwice = "HKM1002";

    /// <summary>A block is used after it was freed.</summary>
    public const string UsedAfterFree = "HKM1003";

    /// <summary>A block is freed by an allocator that it is not of.</summary>
    public const string WrongAllocator = "HKM1004";

    /// <summary>What is freed is on the stack, or not the start of a block.</summary>
    public const string NoBlock = "HKM1005";

    /// <summary>A method marked <c>[HotPath]</c> calls a diagnostic or guard box itself.</summary>
    public const string DiagnosticInHotPath = "HKM2001";

    /// <summary>A method marked <c>[HotPath]</c> does what costs too much on every call.</summary>
    public const string CostInHotPath = "HKM2002";
}
