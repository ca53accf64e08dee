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
            box is null ? "" : LayerOf(box),
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
                .Select(static method => new MethodModel(method.Name.Escaped(), method.ReturnType.FullName(), method.Arity, method.Parameters.ToModel()))
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

    private static string LayerOf(AttributeData box) =>
        box.ConstructorArguments.FirstOrDefault() is { Kind: TypedConstantKind.Enum, Type: INamedTypeSymbol layers } layer
            ? layers.GetMembers().OfType<IFieldSymbol>().FirstOrDefault(field => Equals(field.ConstantValue, layer.Value))?.Name ?? ""
            : "";

    private static EquatableArray<string> FlavorsOf(AttributeData? box) =>
        (box?.NamedArgument("Flavors") as string ?? "")
            .Split(',')
            .Select(static flavor => flavor.Trim().ToLowerInvariant())
            .Where(static flavor => flavor.Length > 0)
            .ToEquatableArray();
}
