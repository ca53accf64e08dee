using System.Linq;
using HakMem.Generators.Model;
using Microsoft.CodeAnalysis;

namespace HakMem.Generators.Gather;

/// <summary>Reads a box: its layer, its states, and the methods that a composition in this compilation may call.</summary>
internal static class BoxReader
{
    public static BoxModel Read(INamedTypeSymbol type, Compilation compilation)
    {
        AttributeData? box = type.FindAttribute(ContractNames.BoxAttribute);

        return new BoxModel(
            type.FullName(),
            type.Name,
            box?.ConstructorArguments.FirstOrDefault().EnumName() ?? "",
            box is null ? 0 : ContractReader.ToLong(box.ConstructorArguments.FirstOrDefault().Value) ?? 0,
            box?.FlagsOf("Traits") ?? EquatableArray<string>.Empty,
            box?.FlagsOf("Excludes") ?? EquatableArray<string>.Empty,
            type is { TypeKind: TypeKind.Class, IsStatic: true, IsGenericType: false },
            IsPublic(type),
            box?.NamedArgument("Switch") as string ?? "",
            FlavorsOf(box),
            box?.NamedArgument("Order") as int? ?? 0,
            HasState(type, ContractNames.HeapState),
            HasState(type, ContractNames.SharedState),
            HasState(type, ContractNames.Totals),
            type.GetMembers().OfType<IMethodSymbol>()
                .Where(method => method is { IsStatic: true, MethodKind: MethodKind.Ordinary } && compilation.IsSymbolAccessibleWithin(method, compilation.Assembly))
                .Select(static method => new MethodModel(method.Name.Escaped(), method.ReturnType.FullName(), TypeParameters(method), method.Parameters.ToModel()))
                .ToEquatableArray(),
            type.GetMembers().OfType<IMethodSymbol>()
                .Where(static method => method.MethodKind == MethodKind.Ordinary)
                .Select(method => WhyNot(method, compilation) is { } why ? new UnusableModel(method.Name.Escaped(), why) : null)
                .OfType<UnusableModel>()
                .ToEquatableArray(),
            new[] { ContractNames.HeapState, ContractNames.SharedState, ContractNames.Totals }
                .SelectMany(name => type.GetTypeMembers(name))
                .Select(nested => WhyNoState(nested, compilation) is { } why ? new UnusableModel(nested.Name, why) : null)
                .OfType<UnusableModel>()
                .ToEquatableArray());
    }

    private static bool HasState(INamedTypeSymbol type, string name) => type.GetTypeMembers(name, 0).Any(static nested => nested.IsValueType);

    private static string? WhyNot(IMethodSymbol method, Compilation compilation) =>
        !compilation.IsSymbolAccessibleWithin(method, compilation.Assembly) ? "is not accessible"
        : !method.IsStatic ? "is not static"
        : TypeParameters(method) > 1 ? "has type parameters that the configuration cannot be"
        : null;

    /// <summary>What a heap holds lies in memory that the garbage collector does not know: it would not find a reference there, nor move it.</summary>
    private static string? WhyNoState(INamedTypeSymbol type, Compilation compilation) =>
        type.TypeKind != TypeKind.Struct ? "is no struct"
        : type.IsRefLikeType ? "is a ref struct"
        : type.IsGenericType ? "is generic"
        : !compilation.IsSymbolAccessibleWithin(type, compilation.Assembly) ? "is not accessible"
        : type.IsUnmanagedType ? null
        : type.GetMembers().OfType<IFieldSymbol>().FirstOrDefault(static field => field is { IsStatic: false, Type.IsUnmanagedType: false }) is { } field
            ? $"has a field '{field.AssociatedSymbol?.Name ?? field.Name}' that is or holds a reference"
            : "holds a reference";

    private static bool IsPublic(INamedTypeSymbol type)
    {
        for (INamedTypeSymbol? outer = type; outer is not null; outer = outer.ContainingType)
        {
            if (outer.DeclaredAccessibility != Accessibility.Public) { return false; }
        }

        return true;
    }

    /// <summary>How many type parameters a method has; two stand for one that the configuration cannot be.</summary>
    private static int TypeParameters(IMethodSymbol method) => method.TypeParameters.All(static parameter =>
        !parameter.HasReferenceTypeConstraint && parameter.ConstraintTypes.All(static type => type.FullName() == ContractNames.Qualifier + "IAllocatorConfig"))
            ? method.Arity
            : 2;

    private static EquatableArray<string> FlavorsOf(AttributeData? box) =>
        (box?.NamedArgument("Flavors") as string ?? "")
            .Split(',')
            .Select(static flavor => flavor.Trim().ToLowerInvariant())
            .Where(static flavor => flavor.Length > 0)
            .ToEquatableArray();
}
