using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace HakMem.Flavors.Tests;

/// <summary>A method of an assembly file.</summary>
internal readonly record struct Code(AssemblyFile File, MethodDefinitionHandle Handle)
{
    public MethodDefinition Definition => File.Metadata.GetMethodDefinition(Handle);

    public string Name => File.Metadata.GetString(Definition.Name);

    public string Type => File.NameOf(Definition.GetDeclaringType());

    public override string ToString() => $"{Type}.{Name}";
}

/// <summary>An assembly as it lies on disk: what is loaded in the process plays no part.</summary>
internal sealed class AssemblyFile
{
    private readonly PEReader _image;
    private readonly Dictionary<string, TypeDefinitionHandle> _types = [];

    public AssemblyFile(string path)
    {
        _image = new PEReader(File.OpenRead(path), PEStreamOptions.PrefetchEntireImage);
        Metadata = _image.GetMetadataReader();
        foreach (TypeDefinitionHandle handle in Metadata.TypeDefinitions) _types.TryAdd(NameOf(handle), handle);
    }

    public MetadataReader Metadata { get; }

    public bool TryFind(string type, out TypeDefinitionHandle handle) => _types.TryGetValue(type, out handle);

    public BlobReader? BodyOf(MethodDefinition method) =>
        method.RelativeVirtualAddress == 0 ? null : _image.GetMethodBody(method.RelativeVirtualAddress).GetILReader();

    public StandaloneSignatureHandle LocalsOf(MethodDefinition method) =>
        method.RelativeVirtualAddress == 0 ? default : _image.GetMethodBody(method.RelativeVirtualAddress).LocalSignature;

    /// <summary>The full name, nested types after a plus.</summary>
    public string NameOf(TypeDefinitionHandle handle)
    {
        TypeDefinition type = Metadata.GetTypeDefinition(handle);
        string name = Metadata.GetString(type.Name);
        TypeDefinitionHandle outer = type.GetDeclaringType();
        if (!outer.IsNil) return NameOf(outer) + "+" + name;
        string space = Metadata.GetString(type.Namespace);
        return space.Length == 0 ? name : space + "." + name;
    }

    public string NameOf(TypeReferenceHandle handle)
    {
        TypeReference type = Metadata.GetTypeReference(handle);
        string name = Metadata.GetString(type.Name);
        if (type.ResolutionScope.Kind == HandleKind.TypeReference) return NameOf((TypeReferenceHandle)type.ResolutionScope) + "+" + name;
        string space = Metadata.GetString(type.Namespace);
        return space.Length == 0 ? name : space + "." + name;
    }
}

/// <summary>Some assemblies that refer to each other. Types of others are known by name only.</summary>
internal sealed class CodeUniverse(params string[] paths)
{
    private const int DiagnosticsLayer = 6;
    private readonly AssemblyFile[] _files = [.. paths.Select(static path => new AssemblyFile(path))];

    public bool TryFind(string type, out AssemblyFile file, out TypeDefinitionHandle handle)
    {
        foreach (AssemblyFile candidate in _files)
        {
            if (!candidate.TryFind(type, out handle)) continue;
            file = candidate;
            return true;
        }

        file = null!;
        handle = default;
        return false;
    }

    /// <summary>The methods of a type with a name.</summary>
    public IEnumerable<Code> Methods(string type, Func<string, bool> wanted) => TryFind(type, out AssemblyFile file, out TypeDefinitionHandle handle)
        ? file.Metadata.GetTypeDefinition(handle).GetMethods().Select(method => new Code(file, method)).Where(code => wanted(code.Name))
        : throw new ArgumentException($"there is no type {type}", nameof(type));

    /// <summary>The simple name of the diagnostics or guard box that a type is or lies in; null when it is none.</summary>
    public string? WovenBoxOf(string type)
    {
        for (; type.Length > 0; type = type.Contains('+', StringComparison.Ordinal) ? type[..type.LastIndexOf('+')] : "")
        {
            if (!TryFind(type, out AssemblyFile file, out TypeDefinitionHandle handle)) continue;
            foreach (CustomAttributeHandle attribute in file.Metadata.GetTypeDefinition(handle).GetCustomAttributes())
            {
                if (LayerOf(file, file.Metadata.GetCustomAttribute(attribute)) >= DiagnosticsLayer) return type[(type.LastIndexOf('.') + 1)..];
            }
        }

        return null;
    }

    // The number of the layer in [Box(BoxLayer.X)]; -1 for any other attribute.
    private static int LayerOf(AssemblyFile file, CustomAttribute attribute)
    {
        EntityHandle owner = attribute.Constructor.Kind == HandleKind.MemberReference
            ? file.Metadata.GetMemberReference((MemberReferenceHandle)attribute.Constructor).Parent
            : file.Metadata.GetMethodDefinition((MethodDefinitionHandle)attribute.Constructor).GetDeclaringType();
        string name = owner.Kind switch
        {
            HandleKind.TypeReference => file.NameOf((TypeReferenceHandle)owner),
            HandleKind.TypeDefinition => file.NameOf((TypeDefinitionHandle)owner),
            _ => "",
        };
        if (name != "HakMem.Boxes.BoxAttribute") return -1;
        BlobReader value = file.Metadata.GetBlobReader(attribute.Value);
        _ = value.ReadUInt16();   // the prolog
        return value.ReadInt32();
    }
}
