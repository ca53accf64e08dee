using Microsoft.CodeAnalysis;

namespace HakMem.Generators;

/// <summary>All rules of the generator; each has a page <c>docs/rules/HKMnnnn.md</c>.</summary>
internal static class Rules
{
    private const string Category = "HakMem.Composition";

    /// <summary>HKM1501: a box lacks a member that the composition calls.</summary>
    public static readonly DiagnosticDescriptor MissingMember = Error(
        "HKM1501", "A box lacks a member that the composition calls", "Box '{0}' in slot '{1}' has no accessible '{2}'{3}");

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

    /// <summary>HKM1507: a box does not publish what its slot requires, or publishes what the slot or another box excludes.</summary>
    public static readonly DiagnosticDescriptor UnfitBox = Error(
        "HKM1507", "A box does not fit its slot or another box", "'{0}' does not fit slot '{1}': {2}");

    /// <summary>HKM1508: a box brings a state to a slot whose state other boxes read.</summary>
    public static readonly DiagnosticDescriptor ForeignState = Error(
        "HKM1508", "A box brings a state that others would misread", "'{0}' in slot '{1}' cannot have a '{2}' of its own: other boxes read '{3}', which is a '{4}'");

    /// <summary>HKM1509: the project does not allow unsafe code.</summary>
    public static readonly DiagnosticDescriptor UnsafeForbidden = Error(
        "HKM1509", "The project does not allow unsafe code", "'{0}' needs unsafe code: set <AllowUnsafeBlocks>true</AllowUnsafeBlocks> in the project");

    /// <summary>HKM1510: a pool's type is no struct that can have a second part with a pool in it.</summary>
    public static readonly DiagnosticDescriptor NotPoolable = Error(
        "HKM1510", "A pool cannot be made for the type", "'{0}' cannot have a pool, which is a second part of a partial struct: {1}");

    /// <summary>HKM1511: a pool's type holds references, or may.</summary>
    public static readonly DiagnosticDescriptor ManagedPool = Error(
        "HKM1511", "The type of a pool holds references", "'{0}' cannot live in unmanaged memory: {1}");

    /// <summary>HKM1512: an option of a pool is out of range.</summary>
    public static readonly DiagnosticDescriptor PoolOptionOutOfRange = Error(
        "HKM1512", "An option of a pool is out of range", "Option '{0}' is {1}; it must be {2}");

    /// <summary>HKM1513: a pool has no allocator, or names a type that is none.</summary>
    public static readonly DiagnosticDescriptor NoPoolAllocator = Error(
        "HKM1513", "A pool has no allocator", "The pool has no allocator: {0}");

    /// <summary>HKM1514: a method of a diagnostic or guard is named as if for a join point and cannot be called at one, or the box has none that could.</summary>
    public static readonly DiagnosticDescriptor NoJoinPoint = new(
        "HKM1514", "A method is called at no join point", "'{0}' is never called: {1}", Category, DiagnosticSeverity.Warning, isEnabledByDefault: true);

    /// <summary>HKM1515: a nested type of a box is named as a state and can be none.</summary>
    public static readonly DiagnosticDescriptor BadState = Error(
        "HKM1515", "A state of a box cannot lie in unmanaged memory", "'{0}' cannot be a state of the composition, which lies in unmanaged memory: it {1}");

    /// <summary>HKM1516: the project does not import the files that tell the generator its flavor.</summary>
    public static readonly DiagnosticDescriptor FlavorNotTold = new(
        "HKM1516", "The project does not tell its flavor", "'{0}' is composed for the flavor 'release' whatever HakMemBuildFlavor says: the project does not import HakMem.props and HakMem.targets of src/HakMem/build",
        Category, DiagnosticSeverity.Warning, isEnabledByDefault: true);

    private static readonly DiagnosticDescriptor[] Table =
    [
        MissingMember, OptionOutOfRange, NotStaticPartial, NotABox, UnknownMember, MissingArgument, UnfitBox, ForeignState, UnsafeForbidden,
        NotPoolable, ManagedPool, PoolOptionOutOfRange, NoPoolAllocator, NoJoinPoint, BadState, FlavorNotTold,
    ];

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
