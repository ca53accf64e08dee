using System.Collections.Generic;
using System.Linq;
using HakMem.Generators.Model;
using Microsoft.CodeAnalysis;

namespace HakMem.Generators.Gather;

/// <summary>The members that an allocator gets, so that its author's own ones are told before the compiler stumbles over both.</summary>
internal static class WrittenMembers
{
    public const string Reset = "Reset()";

    private const string ReadPrefix = "Read", Heap = ContractNames.Namespace + ".ThreadHeap*";

    /// <summary>What every allocator gets: methods with their parameters, the rest by name.</summary>
    public static readonly string[] Always =
    [
        "Alloc(nuint)", "Free(void*)", "Free(void*, nuint)", "TryAlloc(nuint, ref void*)", $"Alloc({Heap}, nuint)", $"Free({Heap}, void*)",
        "AllocOfClass(uint, nuint)", "TryAllocOfClass(uint, nuint, ref void*)", "CurrentHeap()",
        "TryAllocZeroed(nuint, ref void*)", "AllocZeroed(nuint)", "TryAlignedAlloc(nuint, nuint, ref void*)", "AlignedAlloc(nuint, nuint)",
        "TryRealloc(void*, nuint, ref void*)", "Realloc(void*, nuint)", "TryAlignedRealloc(void*, nuint, nuint, ref void*)", "AlignedRealloc(void*, nuint, nuint)",
        "AllocBatch(nuint, void**, uint)", "FreeBatch(void**, uint)", "UsableSize(void*)", "Trim()", $"ReadStatistics({ContractNames.Namespace}.AllocatorStatistics*)",
        "BuildFlavor", "Features", "VisitDiagnostics`1(ref !0)",
        "FindAndAllocSlow(nuint)", "FindAndTryAllocSlow(nuint)", $"AllocSlow({Heap}, nuint)", $"TryAllocSlow({Heap}, nuint)", $"FreeSlow({Heap}, void*)", $"FreeRest({Heap}, void*)",
        $"TryFindHeap(ref {Heap})", "KnownHeap()", "HeapForFrees(uint)", "AttachForFrees()", "CurrentHeapSlow()", "Attach()", "ThrowOutOfMemory()", "ThrowBadAlignment()",
        "Current", "State", "HeapLayout", "SharedLayout", "Config",
    ];

    private static readonly HashSet<string> Names = [.. Always.Append(Reset).Select(NameOf)];

    public static string ReadOf(string box) => $"{ReadPrefix}{box}()";

    /// <summary>The members of a class that may stand where one is written; others may come and go without composing anew.</summary>
    public static EquatableArray<string> In(INamedTypeSymbol type) => type.GetMembers()
        .Where(static member => Names.Contains(member.Name) || member.Name.StartsWith(ReadPrefix, System.StringComparison.Ordinal))
        .Where(static member => member is not INamedTypeSymbol { Arity: > 0 })
        .Select(SignatureOf)
        .ToEquatableArray();

    /// <summary>A method with all that makes it another one than its overloads; anything else by its name.</summary>
    public static string SignatureOf(ISymbol member) => member is IMethodSymbol method
        ? method.Name + (method.Arity == 0 ? "" : "`" + method.Arity) + "(" + string.Join(", ", method.Parameters.Select(static parameter => (parameter.RefKind == RefKind.None ? "" : "ref ") + TypeOf(parameter.Type))) + ")"
        : member.Name;

    /// <summary>Why a class with these members, or of this name, cannot get the member; null when it can.</summary>
    public static string? Clash(string written, string type, EquatableArray<string> own)
    {
        string name = NameOf(written);
        if (type == name) { return $"it is named as its member '{name}'"; }

        if (written.Contains('(') && own.Contains(written)) { return $"it has a method '{name}' with the same parameters already"; }

        return own.Any(member => NameOf(member) == name && !(written.Contains('(') && member.Contains('('))) ? $"it has a member '{name}' already" : null;
    }

    private static string NameOf(string signature) => signature.Split('`', '(')[0];

    private static string TypeOf(ITypeSymbol type) => type is ITypeParameterSymbol { TypeParameterKind: TypeParameterKind.Method } parameter
        ? "!" + parameter.Ordinal
        : type.ToDisplayString(SymbolDisplayFormat.CSharpErrorMessageFormat);
}
