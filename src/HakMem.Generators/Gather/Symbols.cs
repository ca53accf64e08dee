using System.Collections.Generic;
using System.Linq;
using HakMem.Generators.Model;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace HakMem.Generators.Gather;

/// <summary>Reads symbols into the strings that models hold.</summary>
internal static class Symbols
{
    public static string FullName(this ITypeSymbol type) => type.ToDisplayString(SymbolDisplayFormat.FullyQualifiedFormat);

    /// <summary>A name as it is written in C#, where it may be a keyword.</summary>
    public static string Escaped(this string name) => SyntaxFacts.GetKeywordKind(name) == SyntaxKind.None ? name : "@" + name;

    public static EquatableArray<ParameterModel> ToModel(this IEnumerable<IParameterSymbol> parameters) =>
        parameters.Select(static parameter => new ParameterModel(parameter.RefKind.ToModifier(), parameter.Type.FullName(), parameter.Name.Escaped())).ToEquatableArray();

    /// <summary>The attribute of the contract with this name, if the symbol has it.</summary>
    public static AttributeData? FindAttribute(this ISymbol symbol, string name) =>
        symbol.GetAttributes().FirstOrDefault(attribute => attribute.IsOfContract(name));

    public static bool IsOfContract(this AttributeData attribute, string name) =>
        attribute.AttributeClass is { ContainingType: null } type
        && type.Name == name
        && type.ContainingNamespace.ToDisplayString() == ContractNames.Namespace;

    public static string TextArgument(this AttributeData attribute, int index) =>
        index < attribute.ConstructorArguments.Length ? attribute.ConstructorArguments[index].Value as string ?? "" : "";

    public static object? NamedArgument(this AttributeData attribute, string name) =>
        attribute.NamedArguments.FirstOrDefault(argument => argument.Key == name).Value is { Kind: TypedConstantKind.Primitive } constant ? constant.Value : null;

    /// <summary>The names of the flags in an enum constant, in the order of their values.</summary>
    public static EquatableArray<string> FlagNames(this TypedConstant constant)
    {
        if (constant is not { Kind: TypedConstantKind.Enum, Type: INamedTypeSymbol type } || ContractReader.ToLong(constant.Value) is not { } value) { return EquatableArray<string>.Empty; }

        return type.GetMembers().OfType<IFieldSymbol>()
            .Where(field => ContractReader.ToLong(field.ConstantValue) is { } flag && flag != 0 && (value & flag) == flag)
            .Select(static field => field.Name)
            .ToEquatableArray();
    }

    /// <summary>The flags of a named argument of an attribute.</summary>
    public static EquatableArray<string> FlagsOf(this AttributeData attribute, string name) =>
        attribute.NamedArguments.FirstOrDefault(argument => argument.Key == name).Value.FlagNames();

    /// <summary>The name of an enum constant; empty when the enum has none for it.</summary>
    public static string EnumName(this TypedConstant constant) =>
        constant is { Kind: TypedConstantKind.Enum, Type: INamedTypeSymbol type }
            ? type.GetMembers().OfType<IFieldSymbol>().FirstOrDefault(field => field.HasConstantValue && Equals(field.ConstantValue, constant.Value))?.Name ?? ""
            : "";

    private static string ToModifier(this RefKind kind) => kind switch
    {
        RefKind.Out => "out ",
        RefKind.Ref => "ref ",
        RefKind.In or RefKind.RefReadOnlyParameter => "in ",
        _ => "",
    };
}
