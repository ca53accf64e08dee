using System;
using System.Collections.Generic;
using System.Linq;
using System.Reflection.Emit;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;

namespace HakMem.Flavors.Tests;

/// <summary>
/// Everything that the IL of some methods can reach when the boxes are closed over one composition: a call of a member of the configuration leads to the
/// composition's own implementation. Types that are named anywhere on the way are kept: by calls, fields, sizes, locals and signatures.
/// </summary>
internal sealed class ReachableCode
{
    private const string Contract = "HakMem.Boxes.IAllocatorConfig";
    private static readonly Dictionary<ushort, OpCode> s_codes = typeof(OpCodes).GetFields()
        .Where(static field => field.IsStatic).Select(static field => (OpCode)field.GetValue(null)!).ToDictionary(static code => (ushort)code.Value);

    private readonly CodeUniverse _universe;
    private readonly string _config;
    private readonly HashSet<Code> _methods = [];
    private readonly Queue<Code> _open = new();
    private readonly HashSet<string> _types = [];

    private ReachableCode(CodeUniverse universe, string composition)
    {
        _universe = universe;
        _config = composition + "+Config";
    }

    /// <summary>The methods, in text.</summary>
    public IReadOnlySet<string> Methods => _methods.Select(static method => method.ToString()).ToHashSet();

    /// <summary>The diagnostics and guard boxes among the types, by simple name in order.</summary>
    public string[] WovenBoxes => [.. _types.Select(_universe.WovenBoxOf).OfType<string>().Distinct().Order(StringComparer.Ordinal)];

    /// <summary>Follows methods of a type, and of the composition's configuration what tells the sizes of its states.</summary>
    public static ReachableCode From(CodeUniverse universe, string composition, string type, params string[] methods)
    {
        ReachableCode reachable = new(universe, composition);
        foreach (Code root in universe.Methods(type, methods.Contains).Concat(universe.Methods(reachable._config, static name => name is "get_HeapBytes" or "get_CompositionBytes"))) reachable.Add(root);
        while (reachable._open.TryDequeue(out Code code)) reachable.Follow(code);
        return reachable;
    }

    private void Add(Code code)
    {
        if (_methods.Add(code)) _open.Enqueue(code);
    }

    private void Follow(Code code)
    {
        AssemblyFile file = code.File;
        MethodDefinition method = code.Definition;
        SignatureTypes types = new(file, type => _types.Add(type));
        _types.Add(code.Type);
        _ = method.DecodeSignature(types, null);
        if (file.LocalsOf(method) is { IsNil: false } locals) _ = file.Metadata.GetStandaloneSignature(locals).DecodeLocalSignature(types, null);
        AddInitializer(code);
        if (file.BodyOf(method) is not { } il) return;
        while (il.RemainingBytes > 0)
        {
            ushort value = il.ReadByte();
            if (value == 0xFE) value = (ushort)((value << 8) | il.ReadByte());
            OpCode op = s_codes[value];
            switch (op.OperandType)
            {
                case OperandType.InlineMethod or OperandType.InlineField or OperandType.InlineType or OperandType.InlineTok or OperandType.InlineSig:
                    Name(file, types, MetadataTokens.EntityHandle(il.ReadInt32()));
                    break;
                case OperandType.InlineSwitch:
                    int targets = il.ReadInt32();
                    il.Offset += 4 * targets;
                    break;
                default:
                    il.Offset += SizeOf(op.OperandType);
                    break;
            }
        }
    }

    // What a method names runs the initializer of its type first.
    private void AddInitializer(Code code)
    {
        foreach (Code initializer in _universe.Methods(code.Type, static name => name == ".cctor")) Add(initializer);
    }

    private void Name(AssemblyFile file, SignatureTypes types, EntityHandle handle)
    {
        MetadataReader metadata = file.Metadata;
        switch (handle.Kind)
        {
            case HandleKind.MethodDefinition:
                Call(new Code(file, (MethodDefinitionHandle)handle));
                break;
            case HandleKind.MethodSpecification:
                MethodSpecification specification = metadata.GetMethodSpecification((MethodSpecificationHandle)handle);
                _ = specification.DecodeSignature(types, null);
                Name(file, types, specification.Method);
                break;
            case HandleKind.MemberReference:
                Name(file, types, metadata.GetMemberReference((MemberReferenceHandle)handle));
                break;
            case HandleKind.FieldDefinition:
                FieldDefinition field = metadata.GetFieldDefinition((FieldDefinitionHandle)handle);
                NameField(file.NameOf(field.GetDeclaringType()), types, field);
                break;
            case HandleKind.TypeDefinition:
                _types.Add(file.NameOf((TypeDefinitionHandle)handle));
                break;
            case HandleKind.TypeReference:
                _types.Add(file.NameOf((TypeReferenceHandle)handle));
                break;
            case HandleKind.TypeSpecification:
                _ = metadata.GetTypeSpecification((TypeSpecificationHandle)handle).DecodeSignature(types, null);
                break;
        }
    }

    private void Name(AssemblyFile file, SignatureTypes types, MemberReference member)
    {
        string owner = "";
        SignatureTypes owners = new(file, type =>
        {
            if (owner.Length == 0) owner = type;   // the type itself comes before its arguments
            _types.Add(type);
        });
        switch (member.Parent.Kind)
        {
            case HandleKind.TypeReference:
                owner = file.NameOf((TypeReferenceHandle)member.Parent);
                break;
            case HandleKind.TypeDefinition:
                owner = file.NameOf((TypeDefinitionHandle)member.Parent);
                break;
            case HandleKind.TypeSpecification:
                _ = file.Metadata.GetTypeSpecification((TypeSpecificationHandle)member.Parent).DecodeSignature(owners, null);
                break;
        }

        _types.Add(owner);
        string name = file.Metadata.GetString(member.Name);
        if (member.GetKind() == MemberReferenceKind.Field)
        {
            _ = member.DecodeFieldSignature(types, null);
            if (_universe.TryFind(owner, out AssemblyFile home, out TypeDefinitionHandle type))
            {
                foreach (FieldDefinitionHandle field in home.Metadata.GetTypeDefinition(type).GetFields())
                {
                    if (home.Metadata.GetString(home.Metadata.GetFieldDefinition(field).Name) == name) NameField(owner, types, null);
                }
            }

            return;
        }

        string signature = Text(member.DecodeMethodSignature(types, null));
        if (!_universe.TryFind(owner, out _, out _)) return;   // the base library's
        Code[] found = [.. _universe.Methods(owner, candidate => candidate == name).Where(candidate => Text(candidate.Definition.DecodeSignature(new SignatureTypes(candidate.File, static _ => { }), null)) == signature)];
        if (found.Length != 1) throw new InvalidOperationException($"{owner}.{name}{signature} is found {found.Length} times");
        Call(found[0]);
    }

    private void NameField(string owner, SignatureTypes types, FieldDefinition? field)
    {
        _types.Add(owner);
        if (field is { } definition) _ = definition.DecodeSignature(types, null);
        foreach (Code initializer in _universe.Methods(owner, static name => name == ".cctor")) Add(initializer);
    }

    private void Call(Code code)
    {
        if (code.Type != Contract)
        {
            Add(code);
            return;
        }

        Code[] implementations = [.. _universe.Methods(_config, name => name == code.Name || name.EndsWith("." + code.Name, StringComparison.Ordinal))];
        if (implementations.Length != 1) throw new InvalidOperationException($"{_config} has {code.Name} {implementations.Length} times");
        Add(implementations[0]);
    }

    private static string Text(MethodSignature<string> signature) => $"`{signature.GenericParameterCount}({string.Join(",", signature.ParameterTypes)}):{signature.ReturnType}";

    private static int SizeOf(OperandType operand) => operand switch
    {
        OperandType.InlineNone => 0,
        OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
        OperandType.InlineVar => 2,
        OperandType.InlineI8 or OperandType.InlineR => 8,
        _ => 4,
    };
}
