using Microsoft.CodeAnalysis;

namespace HakMem.Generators;

/// <summary>All rules of the generator; each has a page <c>docs/rules/HKMnnnn.md</c>.</summary>
internal static class Rules
{
    private const string Category = "HakMem.Composition";

    /// <summary>HKM1501: a box lacks a member that the composition calls.</summary>
    public static readonly DiagnosticDescriptor MissingMember = Error(
        "HKM1501", "A box lacks a member that the composition calls", "Box '{0}' in slot '{1}' has no accessible '{2}'");

    /// <summary>HKM1502: an option is out of range.</summary>
    public static readonly DiagnosticDescriptor OptionOutOfRange = Error(
        "HKM1502", "An option is out of range", "Option '{0}' is {1}; it must be {2}");

    /// <summary>HKM1503: the declaration cannot have a second part, or its members could not be static.</summary>
    public static readonly DiagnosticDescriptor NotStaticPartial = Error(
        "HKM1503", "An allocator must be a static partial class", "Allocator '{0}' must be a static partial class: {1}");

    /// <summary>HKM1504: a slot or the list of diagnostics names a type that is no box for it.</summary>
    public static readonly DiagnosticDescriptor NotABox = Error(
        "HKM1504", "A type that is not a box was chosen", "'{0}' cannot be used for '{1}': {2}");

    /// <summary>HKM1505: the configuration interface has a member that the generator does not know how to write.</summary>
    public static readonly DiagnosticDescriptor UnknownMember = Error(
        "HKM1505", "A member of the configuration cannot be written", "'{0}' of the configuration cannot be written: {1}");

    /// <summary>HKM1506: a diagnostic or guard asks for a parameter that its join point does not have.</summary>
    public static readonly DiagnosticDescriptor MissingArgument = Error(
        "HKM1506", "A join point cannot supply a parameter", "'{0}' cannot be woven in: join point '{1}' supplies no '{2}'");

    private static readonly DiagnosticDescriptor[] Table =
        [MissingMember, OptionOutOfRange, NotStaticPartial, NotABox, UnknownMember, MissingArgument];

    /// <summary>The rule of an identifier of the table.</summary>
    public static DiagnosticDescriptor Of(string id)
    {
        foreach (DiagnosticDescriptor rule in Table)
        {
            if (rule.Id == id) { return rule; }
        }

        return UnknownMember;
    }

    private static DiagnosticDescriptor Error(string id, string title, string message) =>
        new(id, title, message, Category, DiagnosticSeverity.Error, isEnabledByDefault: true);
}
