using System.Collections.Immutable;
using System.Linq;
using System.Reflection.Metadata;

namespace HakMem.Flavors.Tests;

/// <summary>Reads a signature into text; on the way it notes every type that the signature names.</summary>
internal sealed class SignatureTypes(AssemblyFile file, System.Action<string> note) : ISignatureTypeProvider<string, object?>
{
    public string GetPrimitiveType(PrimitiveTypeCode code) => code.ToString();

    public string GetTypeFromDefinition(MetadataReader reader, TypeDefinitionHandle handle, byte kind) => Noted(file.NameOf(handle));

    public string GetTypeFromReference(MetadataReader reader, TypeReferenceHandle handle, byte kind) => Noted(file.NameOf(handle));

    public string GetTypeFromSpecification(MetadataReader reader, object? context, TypeSpecificationHandle handle, byte kind) =>
        reader.GetTypeSpecification(handle).DecodeSignature(this, context);

    public string GetGenericInstantiation(string type, ImmutableArray<string> arguments) => $"{type}<{string.Join(",", arguments)}>";

    public string GetGenericMethodParameter(object? context, int index) => "!!" + index;

    public string GetGenericTypeParameter(object? context, int index) => "!" + index;

    public string GetPointerType(string element) => element + "*";

    public string GetByReferenceType(string element) => element + "&";

    public string GetSZArrayType(string element) => element + "[]";

    public string GetArrayType(string element, ArrayShape shape) => element + "[,]";

    public string GetPinnedType(string element) => element;

    public string GetModifiedType(string modifier, string element, bool required) => element;

    public string GetFunctionPointerType(MethodSignature<string> signature) => $"delegate*<{string.Join(",", signature.ParameterTypes.Append(signature.ReturnType))}>";

    private string Noted(string type)
    {
        note(type);
        return type;
    }
}
