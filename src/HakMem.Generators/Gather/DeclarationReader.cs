using System.Collections.Generic;
using System.Linq;
using System.Threading;
using HakMem.Generators.Model;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace HakMem.Generators.Gather;

/// <summary>Reads a class marked as an allocator.</summary>
internal static class DeclarationReader
{
    public static GatheredModel Read(GeneratorAttributeSyntaxContext context, CancellationToken cancellation)
    {
        ClassDeclarationSyntax syntax = (ClassDeclarationSyntax)context.TargetNode;
        INamedTypeSymbol type = (INamedTypeSymbol)context.TargetSymbol;
        Compilation compilation = context.SemanticModel.Compilation;
        AttributeData attribute = context.Attributes[0];

        List<ArgumentModel> arguments = [];
        List<SlotModel> boxes = [];
        List<BoxModel> woven = [];
        List<ProblemModel> problems = [];
        string preset = "";
        if (compilation.Options is CSharpCompilationOptions { AllowUnsafe: false }) { problems.Add(ProblemModel.Create(Rules.UnsafeForbidden, "", type.Name)); }

        ReadShape(type, syntax, problems, cancellation);
        foreach (KeyValuePair<string, TypedConstant> argument in attribute.NamedArguments)
        {
            cancellation.ThrowIfCancellationRequested();
            if (argument is { Key: ContractNames.Preset, Value.Kind: TypedConstantKind.Enum }) { preset = ReadPreset(argument.Value, problems); }

            ReadArgument(argument.Key, argument.Value, compilation, arguments, boxes, woven, problems);
        }

        DeclarationModel declaration = new(
            type.ContainingNamespace.IsGlobalNamespace ? "" : type.ContainingNamespace.ToDisplayString(),
            Containers(type).Select(static outer => HeaderOf(outer)).ToEquatableArray(),
            type.Name.Escaped(),
            type.ToDisplayString(),
            type.ToDisplayString().Replace("@", "") + ".g.cs",
            SyntaxFacts.GetText(type.DeclaredAccessibility),
            arguments.Where(static argument => argument.Name != ContractNames.Isolated).ToEquatableArray(),
            boxes.ToEquatableArray(),
            woven.ToEquatableArray(),
            preset,
            arguments.Any(static argument => argument is { Name: ContractNames.Isolated, Value: not 0 }),
            WrittenMembers.In(type),
            ScopeReader.HiddenNames(type, syntax, context.SemanticModel, attribute.AttributeClass!.ContainingNamespace, boxes.Select(static slot => slot.Box).Concat(woven).Select(static box => box.FullName)),
            problems.ToEquatableArray());
        return new GatheredModel(declaration, PlacesOf(syntax, attribute, cancellation), IsFirst(type, syntax, attribute));
    }

    private static string ReadPreset(TypedConstant value, List<ProblemModel> problems)
    {
        string name = value.EnumName();
        if (name.Length == 0)
        {
            // The defaults are written instead, so that this finding comes alone.
            string known = string.Join(", ", value.Type!.GetMembers().OfType<IFieldSymbol>().Select(static field => field.Name));
            problems.Add(ProblemModel.Create(Rules.OptionOutOfRange, ContractNames.Preset, ContractNames.Preset, value.Value?.ToString() ?? "", "one of " + known) with { Stops = false });
        }

        return name;
    }

    private static void ReadArgument(
        string name, TypedConstant value, Compilation compilation,
        List<ArgumentModel> arguments, List<SlotModel> boxes, List<BoxModel> woven, List<ProblemModel> problems)
    {
        switch (value.Kind)
        {
            case TypedConstantKind.Type when ReadBox(name, value, compilation, problems) is { } box:
                boxes.Add(new SlotModel(name, box));
                break;
            case TypedConstantKind.Array when !value.IsNull:
                woven.AddRange(value.Values
                    .Where(static element => element.Kind == TypedConstantKind.Type)
                    .Select(element => ReadBox(name, element, compilation, problems))
                    .OfType<BoxModel>());
                break;
            case TypedConstantKind.Primitive when ContractReader.ToLong(value.Value) is { } number:
                arguments.Add(new ArgumentModel(name, number));
                break;
        }
    }

    /// <summary>The box an argument names; null when it names none or what it names is reported or unknown to the compiler.</summary>
    private static BoxModel? ReadBox(string argument, TypedConstant value, Compilation compilation, List<ProblemModel> problems)
    {
        switch (value.Value)
        {
            case null or IErrorTypeSymbol:
                return null;
            case INamedTypeSymbol { IsUnboundGenericType: false } type:
                return BoxReader.Read(type, compilation);
            case var other:
                problems.Add(ProblemModel.Create(Rules.NotABox, argument, ((ISymbol)other).ToDisplayString(), argument, "it is not a static class marked [Box]"));
                return null;
        }
    }

    private static void ReadShape(INamedTypeSymbol type, ClassDeclarationSyntax syntax, List<ProblemModel> problems, CancellationToken cancellation)
    {
        void Report(string why) => problems.Add(ProblemModel.Create(Rules.NotStaticPartial, ProblemModel.OfClass, type.Name, why));

        if (!type.IsStatic) { Report("it is not static"); }

        if (!syntax.Modifiers.Any(SyntaxKind.PartialKeyword)) { Report("it is not partial"); }

        if (type.IsFileLocal) { Report("it is visible in its own file only"); }

        if (type.IsGenericType) { Report("it or a type around it has type parameters"); }

        foreach (INamedTypeSymbol outer in Containers(type))
        {
            if (!IsPartial(outer, cancellation))
            {
                Report($"the type '{outer.Name}' around it is not partial");
            }
        }
    }

    public static bool IsPartial(INamedTypeSymbol type, CancellationToken cancellation) =>
        type.DeclaringSyntaxReferences.Any(part => part.GetSyntax(cancellation) is TypeDeclarationSyntax declared && declared.Modifiers.Any(SyntaxKind.PartialKeyword));

    /// <summary>The types around a type, from the outside in.</summary>
    public static IEnumerable<INamedTypeSymbol> Containers(INamedTypeSymbol type)
    {
        Stack<INamedTypeSymbol> outer = new();
        for (INamedTypeSymbol? next = type.ContainingType; next is not null; next = next.ContainingType) { outer.Push(next); }

        return outer;
    }

    /// <summary>Whether a part of a type is the first of its parts that the attribute marks.</summary>
    public static bool IsFirst(INamedTypeSymbol type, TypeDeclarationSyntax part, AttributeData attribute) =>
        type.GetAttributes().FirstOrDefault(other => SymbolEqualityComparer.Default.Equals(other.AttributeClass, attribute.AttributeClass))?.ApplicationSyntaxReference is not { } first
        || (first.SyntaxTree == part.SyntaxTree && part.Span.Contains(first.Span));

    /// <summary>The head of another part of a type.</summary>
    public static string HeaderOf(INamedTypeSymbol type) => "partial " + type switch
    {
        { TypeKind: TypeKind.Interface } => "interface ",
        { IsRecord: true, IsValueType: true } => "record struct ",
        { IsRecord: true } => "record ",
        { IsValueType: true } => "struct ",
        _ => "class ",
    } + type.Name.Escaped() + (type.Arity == 0 ? "" : "<" + string.Join(", ", type.TypeParameters.Select(static parameter => parameter.Name.Escaped())) + ">");

    public static PlacesModel PlacesOf(TypeDeclarationSyntax syntax, AttributeData attribute, CancellationToken cancellation)
    {
        AttributeSyntax? written = attribute.ApplicationSyntaxReference?.GetSyntax(cancellation) as AttributeSyntax;
        return new PlacesModel(
            PlaceModel.Of(syntax.Identifier.GetLocation()),
            PlaceModel.Of(written?.GetLocation() ?? syntax.Identifier.GetLocation()),
            (written?.ArgumentList?.Arguments ?? [])
                .Where(static argument => argument.NameEquals is not null)
                .Select(static argument => new ArgumentPlaceModel(argument.NameEquals!.Name.Identifier.ValueText, PlaceModel.Of(argument.GetLocation())))
                .ToEquatableArray());
    }
}
