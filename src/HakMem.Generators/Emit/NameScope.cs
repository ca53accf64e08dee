using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using HakMem.Generators.Model;

namespace HakMem.Generators.Emit;

/// <summary>
/// Shortens the names of types. Everything is written with <c>global::</c> first; a type of an imported namespace loses it,
/// unless its simple name means something else in the composition.
/// </summary>
internal sealed class NameScope
{
    public const string ThreadStatic = "global::System.ThreadStatic";
    public const string OutOfMemoryException = "global::System.OutOfMemoryException";
    public const string ArgumentException = "global::System.ArgumentException";
    public const string ArgumentOutOfRangeException = "global::System.ArgumentOutOfRangeException";
    public const string Span = "global::System.Span";
    public const string ReadOnlySpan = "global::System.ReadOnlySpan";
    public const string EditorBrowsable = "global::System.ComponentModel.EditorBrowsable";
    public const string EditorBrowsableState = "global::System.ComponentModel.EditorBrowsableState";
    public const string Unsafe = "global::System.Runtime.CompilerServices.Unsafe";
    public const string MemoryMarshal = "global::System.Runtime.InteropServices.MemoryMarshal";
    public const string DoesNotReturn = "global::System.Diagnostics.CodeAnalysis.DoesNotReturn";
    public const string BitOperations = "global::System.Numerics.BitOperations";
    public const string MethodImpl = "global::System.Runtime.CompilerServices.MethodImpl";
    public const string MethodImplOptions = "global::System.Runtime.CompilerServices.MethodImplOptions";
    public const string RuntimeFeature = "global::System.Runtime.CompilerServices.RuntimeFeature";
    public const string Interlocked = "global::System.Threading.Interlocked";
    public const string Thread = "global::System.Threading.Thread";
    public const string Volatile = "global::System.Threading.Volatile";

    /// <summary>The types of the base library that emitted code names.</summary>
    public static readonly string[] LibraryTypes =
    [
        ThreadStatic, OutOfMemoryException, ArgumentException, ArgumentOutOfRangeException, Span, ReadOnlySpan, EditorBrowsable, EditorBrowsableState, Unsafe, MemoryMarshal,
        DoesNotReturn, BitOperations, MethodImpl, MethodImplOptions, RuntimeFeature, Interlocked, Thread, Volatile,
    ];

    private const string Global = "global::";

    /// <summary>The names of the members and nested types that every composition has.</summary>
    private static readonly string[] EmittedNames =
    [
        "Alloc", "TryAlloc", "Free", "AllocOfClass", "TryAllocOfClass", "CurrentHeap", "AllocZeroed", "TryAllocZeroed", "AlignedAlloc", "TryAlignedAlloc", "Realloc", "TryRealloc",
        "AlignedRealloc", "TryAlignedRealloc", "AllocBatch", "FreeBatch", "UsableSize", "Trim", "ReadStatistics", "VisitDiagnostics", "BuildFlavor", "Features", "AllocSlow", "TryAllocSlow",
        "FreeSlow", "FindAndAllocSlow", "FindAndTryAllocSlow", "FreeRest", "TryFindHeap", "KnownHeap", "HeapForFrees", "AttachForFrees", "CurrentHeapSlow", "Attach", "ThrowOutOfMemory", "ThrowBadAlignment", "Reset", "Current", "State", "HeapLayout", "SharedLayout", "Config",
    ];

    private readonly string _ownNamespace;
    private readonly HashSet<string> _hidden;
    private readonly HashSet<string> _importable;
    private readonly SortedSet<string> _used = new(ImportOrder.Instance);

    public NameScope(CompositionModel composition)
    {
        _ownNamespace = composition.Declaration.Namespace;
        _hidden = [.. composition.Declaration.HiddenNames];

        // A box is named in expressions, where a member of the same name would be meant.
        HashSet<string> members = [.. EmittedNames, .. composition.Members.Select(static member => member.Member.Name)];
        string[] boxes = [.. composition.Slots.Select(static slot => slot.Box), .. composition.Woven.Select(static woven => woven.Box)];
        _hidden.UnionWith(boxes.Where(box => members.Contains(SimpleName(box))));

        // Boxes from elsewhere stay qualified, unless they stand beside the composition.
        _importable = [.. LibraryTypes, .. composition.ContractTypes];
        _importable.UnionWith(boxes.Where(box => _ownNamespace.Length > 0 && NamespaceOf(box) == _ownNamespace));
    }

    /// <param name="ownNamespace">The namespace of what is written.</param>
    /// <param name="hidden">Types that keep their full names.</param>
    /// <param name="importable">Types that may lose them.</param>
    public NameScope(string ownNamespace, HashSet<string> hidden, HashSet<string> importable)
    {
        _ownNamespace = ownNamespace;
        _hidden = hidden;
        _importable = importable;
    }

    /// <summary>The namespaces that the shortened code needs.</summary>
    public IEnumerable<string> Imports => _used;

    public static bool IsAttribute(string fullName) => fullName is ThreadStatic or DoesNotReturn or MethodImpl or EditorBrowsable;

    /// <summary>The last part of a full name.</summary>
    public static string SimpleName(string fullName) => fullName.Substring(fullName.LastIndexOfAny(['.', ':']) + 1);

    private static string NamespaceOf(string type) => type.IndexOf('.') < 0 ? "" : type.Substring(Global.Length, type.LastIndexOf('.') - Global.Length);

    public string Shorten(string code)
    {
        StringBuilder shortened = new(code.Length);
        int from = 0;
        for (int at = code.IndexOf(Global, StringComparison.Ordinal); at >= 0; at = code.IndexOf(Global, from, StringComparison.Ordinal))
        {
            shortened.Append(code, from, at - from);
            int end = at + Global.Length;
            while (end < code.Length && (char.IsLetterOrDigit(code[end]) || code[end] is '_' or '.' or '@')) { end++; }

            shortened.Append(Name(code.Substring(at, end - at)));
            from = end;
        }

        return shortened.Append(code, from, code.Length - from).ToString();
    }

    private string Name(string fullName)
    {
        // The longest known type at the beginning: a nested type or a member comes after it.
        string type = fullName;
        while (!_importable.Contains(type))
        {
            int dot = type.LastIndexOf('.');
            if (dot < 0) { return fullName; }

            type = type.Substring(0, dot);
        }

        if (_hidden.Contains(type)) { return fullName; }

        string import = NamespaceOf(type);
        if (import != _ownNamespace && import.Length > 0) { _used.Add(import); }

        return fullName.Substring(type.Length - SimpleName(type).Length);
    }

    /// <summary>System first, then by name.</summary>
    private sealed class ImportOrder : IComparer<string>
    {
        public static readonly ImportOrder Instance = new();

        public int Compare(string x, string y) => (IsSystem(y).CompareTo(IsSystem(x)), string.CompareOrdinal(x, y)) switch
        {
            (0, var byName) => byName,
            var (system, _) => system,
        };

        private static bool IsSystem(string name) => name == "System" || name.StartsWith("System.", StringComparison.Ordinal);
    }
}
