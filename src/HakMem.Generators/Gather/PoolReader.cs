using System.Collections.Generic;
using System.Linq;
using System.Threading;
using HakMem.Generators.Model;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace HakMem.Generators.Gather;

/// <summary>Reads a struct marked as pooled.</summary>
internal static class PoolReader
{
    private const long LeastAlignment = 16, MostAlignment = 4096;

    public static GatheredPoolModel Read(GeneratorAttributeSyntaxContext context, CancellationToken cancellation)
    {
        TypeDeclarationSyntax syntax = (TypeDeclarationSyntax)context.TargetNode;
        INamedTypeSymbol type = (INamedTypeSymbol)context.TargetSymbol;
        Compilation compilation = context.SemanticModel.Compilation;
        AttributeData attribute = context.Attributes[0];
        List<ProblemModel> problems = [];
        if (compilation.Options is CSharpCompilationOptions { AllowUnsafe: false }) { problems.Add(ProblemModel.Create(Rules.UnsafeForbidden, "", type.Name)); }

        ReadShape(type, syntax, problems, cancellation);
        long capacity = ReadOption(attribute, "Capacity", 0, static value => value >= 1, "at least 1", problems);
        long alignment = ReadOption(
            attribute, "Alignment", LeastAlignment, static value => value is >= LeastAlignment and <= MostAlignment && (value & (value - 1)) == 0, $"a power of two from {LeastAlignment} to {MostAlignment}", problems);
        string allocator = AllocatorOf(attribute, compilation, problems);
        string fullName = type.ToDisplayString();

        PoolModel pool = new(
            type.ContainingNamespace.IsGlobalNamespace ? "" : type.ContainingNamespace.ToDisplayString(),
            DeclarationReader.Containers(type).Select(DeclarationReader.HeaderOf).Concat([DeclarationReader.HeaderOf(type)]).ToEquatableArray(),
            type.ToDisplayString(SymbolDisplayFormat.MinimallyQualifiedFormat),
            fullName,
            fullName.Replace("@", "").Replace('<', '{').Replace('>', '}').Replace(" ", "") + ".Pool.g.cs",
            allocator,
            capacity,
            attribute.NamedArgument("Zeroed") is true,
            alignment,
            HiddenNames(type, syntax, context.SemanticModel, attribute, allocator),
            problems.ToEquatableArray());
        return new GatheredPoolModel(pool, DeclarationReader.PlacesOf(syntax, attribute, cancellation), DeclarationReader.IsFirst(type, syntax, attribute));
    }

    /// <summary>What is written in full: as in every declaration, and an allocator inside another type, which cannot be imported.</summary>
    private static EquatableArray<string> HiddenNames(INamedTypeSymbol type, TypeDeclarationSyntax syntax, SemanticModel model, AttributeData attribute, string allocator)
    {
        EquatableArray<string> hidden = ScopeReader.HiddenNames(type, syntax, model, attribute.AttributeClass!.ContainingNamespace, [allocator]);
        return AllocatorArgument(attribute).Value is INamedTypeSymbol { ContainingType: not null } ? hidden.Concat([allocator]).ToEquatableArray() : hidden;
    }

    private static TypedConstant AllocatorArgument(AttributeData attribute) =>
        attribute.NamedArguments.FirstOrDefault(static argument => argument.Key == ContractNames.Allocator).Value;

    private static void ReadShape(INamedTypeSymbol type, TypeDeclarationSyntax syntax, List<ProblemModel> problems, CancellationToken cancellation)
    {
        void Report(string why) => problems.Add(ProblemModel.Create(Rules.NotPoolable, ProblemModel.OfClass, type.Name, why));

        if (!type.IsValueType)
        {
            Report("it is a class");
            return;
        }

        if (type.IsRefLikeType) { Report("it is a ref struct"); }

        if (!syntax.Modifiers.Any(SyntaxKind.PartialKeyword)) { Report("it is not partial"); }

        if (type.IsFileLocal) { Report("it is visible in its own file only"); }

        if (type.GetMembers(ContractNames.Pool).Length > 0) { Report($"it has a member '{ContractNames.Pool}' already"); }

        if (type.Name == ContractNames.Pool) { Report($"it is named '{ContractNames.Pool}' itself"); }

        if (type.TypeParameters.Any(static parameter => parameter.Name == ContractNames.Pool)) { Report($"it has a type parameter '{ContractNames.Pool}'"); }

        foreach (INamedTypeSymbol outer in DeclarationReader.Containers(type).Where(outer => !DeclarationReader.IsPartial(outer, cancellation)))
        {
            Report($"the type '{outer.Name}' around it is not partial");
        }

        // A field of a type that is not there is the compiler's to report.
        IFieldSymbol[] fields = [.. type.GetMembers().OfType<IFieldSymbol>().Where(static field => !field.IsStatic)];
        if (!type.IsRefLikeType && !type.IsUnmanagedType && !fields.Any(static field => field.Type.TypeKind == TypeKind.Error))
        {
            string field = fields.FirstOrDefault(static field => !field.Type.IsUnmanagedType) is { } managed
                ? $"field '{managed.AssociatedSymbol?.Name ?? managed.Name}' is a '{managed.Type.ToDisplayString()}', which is not known to be unmanaged"
                : "it is not known to be unmanaged";
            problems.Add(ProblemModel.Create(Rules.ManagedPool, ProblemModel.OfClass, type.Name, field));
        }
    }

    private static long ReadOption(AttributeData attribute, string name, long otherwise, System.Func<long, bool> accepts, string range, List<ProblemModel> problems)
    {
        if (ContractReader.ToLong(attribute.NamedArgument(name)) is not { } value) { return otherwise; }

        if (accepts(value)) { return value; }

        // The default is written instead, so that this finding comes alone.
        problems.Add(ProblemModel.Create(Rules.PoolOptionOutOfRange, name, name, value.ToString(), range) with { Stops = false });
        return otherwise;
    }

    private static string AllocatorOf(AttributeData attribute, Compilation compilation, List<ProblemModel> problems)
    {
        TypedConstant named = AllocatorArgument(attribute);
        if (named.Kind == TypedConstantKind.Type && named.Value is not null and not IErrorTypeSymbol)
        {
            if (named.Value is INamedTypeSymbol { IsUnboundGenericType: false } type && type.FindAttribute(ContractNames.AllocatorAttributeName) is not null) { return type.FullName(); }

            problems.Add(ProblemModel.Create(Rules.NoPoolAllocator, ContractNames.Allocator, $"'{((ISymbol)named.Value).ToDisplayString()}' is not marked [HakMemAllocator]"));
        }
        else if (compilation.GetTypesByMetadataName(ContractNames.DefaultPoolAllocator).All(type => !compilation.IsSymbolAccessibleWithin(type, compilation.Assembly)))
        {
            problems.Add(ProblemModel.Create(Rules.NoPoolAllocator, "", "it names none, and the project does not reference HakMem"));
        }

        return "global::" + ContractNames.DefaultPoolAllocator;
    }
}
