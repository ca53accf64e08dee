namespace HakMem.Analyzers;

/// <summary>The identifiers of all rules; each has a page <c>docs/rules/HKMnnnn.md</c>.</summary>
internal static class RuleIdentifiers
{
    /// <summary>The category of the rules about boxes.</summary>
    public const string Boxes = "HakMem.Boxes";

    /// <summary>A method marked <c>[HotPath]</c> calls a diagnostic or guard box itself.</summary>
    public const string DiagnosticInHotPath = "HKM2001";
}
