using System;
using System.Collections.Generic;
using System.Linq;
using HakMem.Generators.Emit;
using HakMem.Generators.Model;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace HakMem.Generators.Gather;

/// <summary>Finds the types whose simple names would mean something else inside a declaration; they are written with <c>global::</c>.</summary>
internal static class ScopeReader
{
    public static EquatableArray<string> HiddenNames(
        INamedTypeSymbol type, TypeDeclarationSyntax syntax, SemanticModel model, INamespaceSymbol contract, IEnumerable<string> others)
    {
        int position = syntax.SpanStart;
        IEnumerable<string> candidates = contract.GetTypeMembers().Select(static known => ContractNames.Qualifier + known.Name)
            .Concat(NameScope.LibraryTypes)
            .Concat(others);

        return candidates
            .Distinct()
            .Where(candidate => IsHidden(candidate, type, model, position))
            .OrderBy(static name => name, StringComparer.Ordinal)
            .ToEquatableArray();
    }

    private static bool IsHidden(string fullName, INamedTypeSymbol type, SemanticModel model, int position)
    {
        string name = NameScope.SimpleName(fullName);
        for (INamedTypeSymbol? outer = type; outer is not null; outer = outer.ContainingType)
        {
            if (outer.Name == name || outer.GetMembers(name).Length > 0) { return true; }
        }

        return model.LookupNamespacesAndTypes(position, name: name).Any(found => IsOther(found, fullName))
            || (NameScope.IsAttribute(fullName) && model.LookupNamespacesAndTypes(position, name: name + "Attribute").Any(found => IsOther(found, fullName + "Attribute")));
    }

    private static bool IsOther(ISymbol found, string fullName) => found switch
    {
        INamedTypeSymbol { Arity: > 0 } => false,
        INamedTypeSymbol type => type.FullName() != fullName,
        INamespaceSymbol space => "global::" + space.ToDisplayString() != fullName,
        _ => true,
    };
}
