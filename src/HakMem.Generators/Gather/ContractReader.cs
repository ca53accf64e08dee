using System;
using System.Linq;
using HakMem.Generators.Model;
using Microsoft.CodeAnalysis;

namespace HakMem.Generators.Gather;

/// <summary>Reads the configuration interface, its default boxes, and the diagnostics and guards of its assembly.</summary>
internal static class ContractReader
{
    /// <summary>Members without an attribute that the composition's own state answers.</summary>
    private static readonly string[] CoreMembers =
        ["Space", "Base", "ChunkCount", "PageMap", "SlabHeaders", "Classes", "Composition", "Stacks", "HeapBytes", "CompositionBytes"];

    public static ContractModel? Read(Compilation compilation)
    {
        INamedTypeSymbol? contract = compilation.GetTypesByMetadataName(ContractNames.ConfigInterface).FirstOrDefault();
        if (contract is not { TypeKind: TypeKind.Interface }) { return null; }

        return new ContractModel(
            new[] { contract }.Concat(contract.AllInterfaces)
                .SelectMany(static type => type.GetMembers())
                .Where(static member => member is { IsStatic: true, IsAbstract: true } and not IMethodSymbol { AssociatedSymbol: not null })
                .Select(ReadMember)
                .ToEquatableArray(),
            contract.GetAttributes()
                .Where(static attribute => attribute.IsOfContract(ContractNames.DefaultBoxAttribute) && attribute.ConstructorArguments.Length == 2)
                .Where(static attribute => attribute.ConstructorArguments[1].Value is INamedTypeSymbol)
                .Select(attribute => new SlotRuleModel(
                    attribute.TextArgument(0), BoxReader.Read((INamedTypeSymbol)attribute.ConstructorArguments[1].Value!, compilation), attribute.FlagsOf("Requires"), attribute.FlagsOf("Excludes")))
                .ToEquatableArray(),
            contract.GetAttributes()
                .Where(static attribute => attribute.IsOfContract(ContractNames.PresetAttribute) && attribute.ConstructorArguments.Length == 2)
                .Select(attribute => PresetOf(attribute, compilation))
                .ToEquatableArray(),
            contract.ContainingNamespace.GetTypeMembers()
                .Where(static type => type.FindAttribute(ContractNames.BoxAttribute) is not null)
                .Select(type => BoxReader.Read(type, compilation))
                .Where(static box => box.IsWoven)
                .OrderBy(static box => box.Name, StringComparer.Ordinal)
                .ToEquatableArray(),
            contract.ContainingNamespace.GetTypeMembers()
                .Where(static type => type.Arity == 0)
                .Select(static type => type.FullName())
                .ToEquatableArray());
    }

    private static PresetModel PresetOf(AttributeData attribute, Compilation compilation)
    {
        INamedTypeSymbol? box = attribute.NamedArguments.FirstOrDefault(static argument => argument.Key == "Box").Value.Value as INamedTypeSymbol;
        return new PresetModel(
            attribute.ConstructorArguments[0].EnumName(), attribute.TextArgument(1), ToLong(attribute.NamedArgument("Value")) ?? 0, box is null ? null : BoxReader.Read(box, compilation));
    }

    private static MemberModel ReadMember(ISymbol symbol)
    {
        foreach (AttributeData attribute in symbol.GetAttributes())
        {
            if (Attributed(symbol, attribute) is { } member) { return member; }
        }

        return symbol is IPropertySymbol property && CoreMembers.Contains(property.Name)
            ? Shape(property, MemberKind.Core)
            : Unknown(symbol, "it has no attribute that says how, and is none of the members that every composition has");
    }

    /// <summary>The member as one attribute of the contract describes it; null when the attribute says nothing.</summary>
    private static MemberModel? Attributed(ISymbol symbol, AttributeData attribute) => (attribute.AttributeClass?.Name, symbol) switch
    {
        _ when !attribute.IsOfContract(attribute.AttributeClass?.Name ?? "") => null,
        (ContractNames.OptionAttribute, IPropertySymbol property) =>
            OptionOf(property, attribute) is { } option
                ? Shape(property, MemberKind.Option) with { Option = option }
                : Unknown(symbol, "an option is a uint, nuint, int or bool"),
        (ContractNames.BoundAttribute, IMethodSymbol method) =>
            Shape(method, MemberKind.Bound) with { Slot = attribute.TextArgument(0), Method = attribute.TextArgument(1).Escaped() },
        (ContractNames.HeapStateAttribute, IMethodSymbol { ReturnType: IPointerTypeSymbol } method) =>
            method.Parameters.Length == 1 && method.Parameters[0].Type.FullName() == ContractNames.Heap
                ? Shape(method, MemberKind.HeapState) with { Slot = attribute.TextArgument(0) }
                : Unknown(symbol, "a state of a heap takes the heap as its one parameter"),
        (ContractNames.SharedStateAttribute, IPropertySymbol { Type: IPointerTypeSymbol } property) =>
            Shape(property, MemberKind.SharedState) with { Slot = attribute.TextArgument(0) },
        (ContractNames.JoinPointAttribute, IMethodSymbol { ReturnsVoid: true } method) =>
            method.Parameters.All(static parameter => parameter.RefKind == RefKind.None)
                ? Shape(method, MemberKind.JoinPoint)
                : Unknown(symbol, "the parameters of a join point are passed by value"),
        (ContractNames.HeapStateAttribute or ContractNames.SharedStateAttribute, _) => Unknown(symbol, "a state is reached by a pointer"),
        (ContractNames.JoinPointAttribute, _) => Unknown(symbol, "a join point is a method that returns nothing"),
        _ => null,
    };

    private static MemberModel Shape(IPropertySymbol property, MemberKind kind) => property.SetMethod is not null || property.IsIndexer
        ? Unknown(property, "a property of the configuration has a getter only")
        : new MemberModel(kind, property.Name.Escaped(), property.Type.FullName(), IsProperty: true, EquatableArray<ParameterModel>.Empty);

    private static MemberModel Shape(IMethodSymbol method, MemberKind kind) => method.IsGenericMethod || method.MethodKind != MethodKind.Ordinary || method.ReturnsByRef || method.ReturnsByRefReadonly
        ? Unknown(method, "a method of the configuration is neither generic nor an operator and returns by value")
        : new MemberModel(kind, method.Name.Escaped(), method.ReturnType.FullName(), IsProperty: false, method.Parameters.ToModel());

    private static MemberModel Unknown(ISymbol symbol, string problem) =>
        new(MemberKind.Unknown, symbol.Name, "", IsProperty: symbol is IPropertySymbol, EquatableArray<ParameterModel>.Empty, Problem: problem);

    private static OptionModel? OptionOf(IPropertySymbol property, AttributeData attribute)
    {
        (long Minimum, long Maximum)? limits = property.Type.SpecialType switch
        {
            SpecialType.System_Boolean => (0, 1),
            SpecialType.System_Int32 => (int.MinValue, int.MaxValue),
            // A constant of native size is 32 bits wide where the process is.
            SpecialType.System_UInt32 or SpecialType.System_UIntPtr => (0, uint.MaxValue),
            _ => null,
        };
        if (limits is not { } range) { return null; }

        long defaultValue = attribute.ConstructorArguments.FirstOrDefault() is { Kind: TypedConstantKind.Primitive } constant ? ToLong(constant.Value) ?? 0 : 0;
        return new OptionModel(
            defaultValue,
            Math.Max(range.Minimum, ToLong(attribute.NamedArgument("Minimum")) ?? range.Minimum),
            Math.Min(range.Maximum, ToLong(attribute.NamedArgument("Maximum")) ?? range.Maximum),
            Math.Max(1, ToLong(attribute.NamedArgument("Multiple")) ?? 1),
            attribute.NamedArgument("Switch") as string ?? "");
    }

    /// <summary>A constant of an attribute as a number; null when it is none.</summary>
    public static long? ToLong(object? constant) => constant switch
    {
        bool value => value ? 1 : 0,
        int value => value,
        uint value => value,
        long value => value,
        ulong value => value <= long.MaxValue ? (long)value : long.MaxValue,
        short value => value,
        ushort value => value,
        byte value => value,
        sbyte value => value,
        _ => null,
    };
}
