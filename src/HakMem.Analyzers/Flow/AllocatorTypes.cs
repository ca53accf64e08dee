using System;
using System.Collections.Concurrent;
using System.Linq;
using Microsoft.CodeAnalysis;

namespace HakMem.Analyzers.Flow;

/// <summary>The methods that allocate, free or borrow, looked up once for a compilation and method.</summary>
internal sealed class AllocatorTypes
{
    private readonly ConcurrentDictionary<IMethodSymbol, AllocatorCall?> _calls = new(SymbolEqualityComparer.Default);
    private readonly INamedTypeSymbol? _memory, _localHeap, _heap, _arena, _allocatorAttribute, _poolAttribute, _nativeMemory, _marshal;
    private readonly INamedTypeSymbol?[] _borrowers;

    private AllocatorTypes(Compilation compilation)
    {
        INamedTypeSymbol? Type(string name) => compilation.GetTypesByMetadataName(name).FirstOrDefault();
        _memory = Type("HakMem.HakMemory");
        _localHeap = Type("HakMem.LocalHeap");
        _heap = Type("HakMem.HakHeap");
        _arena = Type("HakMem.HakArena");
        _allocatorAttribute = Type("HakMem.Boxes.HakMemAllocatorAttribute");
        _poolAttribute = Type("HakMem.Boxes.HakMemPoolAttribute");
        _nativeMemory = Type("System.Runtime.InteropServices.NativeMemory");
        _marshal = Type("System.Runtime.InteropServices.Marshal");
        _borrowers =
        [
            Type("System.Runtime.CompilerServices.Unsafe"), Type("System.Buffer"), Type("System.Span`1"), Type("System.ReadOnlySpan`1"), Type("System.MemoryExtensions"),
            Type("System.Runtime.InteropServices.MemoryMarshal"), Type("System.Runtime.Intrinsics.Vector128"), Type("System.Runtime.Intrinsics.Vector256"), Type("System.Runtime.Intrinsics.Vector512"),
        ];
    }

    /// <summary>Null when the compilation knows neither HakMem's methods nor its attributes.</summary>
    public static AllocatorTypes? Find(Compilation compilation)
    {
        AllocatorTypes types = new(compilation);
        return types._memory is null && types._allocatorAttribute is null ? null : types;
    }

    /// <summary>What a method does with blocks; null for methods that are not known.</summary>
    public AllocatorCall? Of(IMethodSymbol method) => _calls.GetOrAdd(method.OriginalDefinition, Classify);

    /// <summary>Whether a type only views memory: its constructor takes an address and keeps it for as long as the value lives, on the stack.</summary>
    public bool IsView(ITypeSymbol? type) => type is INamedTypeSymbol { IsRefLikeType: true } named && named.ContainingNamespace?.ToDisplayString() == "System";

    private AllocatorCall? Classify(IMethodSymbol method)
    {
        INamedTypeSymbol? type = method.ContainingType?.OriginalDefinition;
        if (type is null || method.MethodKind is not (MethodKind.Ordinary or MethodKind.PropertyGet)) { return null; }

        if (FamilyOf(type) is { } family && Of(method, family) is { } call) { return call; }

        bool borrows = _borrowers.Contains(type, SymbolEqualityComparer.Default)
            || (IsAny(type, _memory) && method.Name is "Clear" or "Copy" or "Fill" or "UsableSize")
            || (IsAny(type, _nativeMemory) && method.Name is "Clear" or "Copy" or "Fill")
            || (HasAttribute(type, _allocatorAttribute) && method.Name == "UsableSize");
        return borrows ? new AllocatorCall(CallRole.Borrow, null, -1) : null;
    }

    private AllocatorFamily? FamilyOf(INamedTypeSymbol type)
    {
        if (IsAny(type, _memory) || IsAny(type, _localHeap)) { return new AllocatorFamily(_memory!, type.Name, true, true); }

        if (IsAny(type, _heap)) { return new AllocatorFamily((ISymbol?)_memory ?? type, type.Name, true, false); }

        if (IsAny(type, _arena)) { return new AllocatorFamily(type, type.Name, true, false); }

        if (HasAttribute(type, _allocatorAttribute)) { return new AllocatorFamily(type, type.Name, true, true); }

        if (type is { Name: "Pool", ContainingType: { } pooled } && AttributeOf(pooled, _poolAttribute) is { } attribute)
        {
            ISymbol? allocator = attribute.NamedArguments.FirstOrDefault(static argument => argument.Key == "Allocator").Value.Value as INamedTypeSymbol ?? _memory;
            return allocator is null ? null : new AllocatorFamily(allocator, pooled.Name + ".Pool", true, true);
        }

        return IsAny(type, _nativeMemory) || IsAny(type, _marshal) ? new AllocatorFamily(type, type.Name, false, false) : null;
    }

    private AllocatorCall? Of(IMethodSymbol method, AllocatorFamily family)
    {
        int block = method.Parameters.Length - 1;
        if (method.Name.StartsWith("ReAlloc", StringComparison.Ordinal)) { block = 0; }

        while (block >= 0 && !(method.Parameters[block] is { RefKind: RefKind.None, Name: not "heap", Type: { } type } && (type is IPointerTypeSymbol || type.SpecialType == SpecialType.System_IntPtr))) { block--; }

        CallRole? role = method.Name switch
        {
            "AllocHGlobal" or "AllocCoTaskMem" when !family.IsOurs && IsAny(method.ContainingType, _marshal) => CallRole.Alloc,
            "ReAllocHGlobal" or "ReAllocCoTaskMem" when !family.IsOurs && IsAny(method.ContainingType, _marshal) => CallRole.Realloc,
            { } name when !family.IsOurs && IsAny(method.ContainingType, _marshal) && (name.StartsWith("StringToHGlobal", StringComparison.Ordinal) || name.StartsWith("StringToCoTaskMem", StringComparison.Ordinal)) => CallRole.Alloc,
            "FreeHGlobal" or "FreeCoTaskMem" when !family.IsOurs && IsAny(method.ContainingType, _marshal) => CallRole.Free,
            _ when IsAny(method.ContainingType, _marshal) => null,
            "Alloc" or "AllocZeroed" or "AlignedAlloc" or "AllocOfClass" => CallRole.Alloc,
            "TryAlloc" or "TryAllocZeroed" or "TryAlignedAlloc" or "TryAllocOfClass" => CallRole.TryAlloc,
            "Realloc" or "AlignedRealloc" => CallRole.Realloc,
            "TryRealloc" or "TryAlignedRealloc" => CallRole.TryRealloc,
            "Free" or "AlignedFree" => CallRole.Free,
            _ => null,
        };
        bool takes = role is CallRole.Realloc or CallRole.TryRealloc or CallRole.Free;
        if (role is null || (takes && block < 0)) { return null; }

        if (role is CallRole.Alloc or CallRole.Realloc && !IsAddress(method.ReturnType)) { return null; }

        return new AllocatorCall(role.Value, family, takes ? block : -1);
    }

    /// <summary>Whether a value of the type may be an address.</summary>
    public static bool IsAddress(ITypeSymbol? type) => type is IPointerTypeSymbol || type?.SpecialType is SpecialType.System_IntPtr or SpecialType.System_UIntPtr;

    private static bool IsAny(INamedTypeSymbol? type, INamedTypeSymbol? wanted) => wanted is not null && SymbolEqualityComparer.Default.Equals(type, wanted);

    private static bool HasAttribute(INamedTypeSymbol type, INamedTypeSymbol? wanted) => AttributeOf(type, wanted) is not null;

    private static AttributeData? AttributeOf(INamedTypeSymbol type, INamedTypeSymbol? wanted) =>
        wanted is null ? null : type.GetAttributes().FirstOrDefault(attribute => SymbolEqualityComparer.Default.Equals(attribute.AttributeClass, wanted));
}
