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
                .ToEquatableArray());
    }

    private static bool HasState(INamedTypeSymbol type, string name) => type.GetTypeMembers(name, 0).Any(static nested => nested.IsValueType);

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
