using System;
using System.Linq;
using HakMem.Generators.Model;

namespace HakMem.Generators.Emit;

/// <summary>The public methods that go straight to a gate.</summary>
internal sealed partial class CompositionWriter
{
    private const string OutOfMemory = $"""/// <exception cref="{NameScope.OutOfMemoryException}">No memory is left.</exception>""";
    private const string BadAlignment = $"""/// <exception cref="{NameScope.ArgumentException}">The alignment is not a power of two.</exception>""";

    private void WriteRest()
    {
        WriteZeroed();
        WriteAligned();
        WriteRealloc();
        WriteAlignedRealloc();
        WriteBatches();
        WriteCare();
        WriteBuild();
    }

    private void WriteZeroed()
    {
        _code.Member($$"""
            /// <summary>Allocates at least so many bytes, the first <paramref name="size"/> of them zero, aligned to 16.</summary>
            /// <param name="size">The size in bytes.</param>
            /// <param name="block">The block, or null.</param>
            /// <returns>Whether there was memory.</returns>
            public static bool TryAllocZeroed(nuint size, out void* block)
            {
                block = {{Call("AllocGate", "AllocZeroed", "CurrentHeap(), size")}};
                return block != null;
            }
            """);

        _code.Member($$"""
            /// <summary>Allocates at least so many bytes, the first <paramref name="size"/> of them zero, aligned to 16.</summary>
            /// <param name="size">The size in bytes.</param>
            /// <returns>The block, never null.</returns>
            {{OutOfMemory}}
            public static void* AllocZeroed(nuint size)
            {
                if (!TryAllocZeroed(size, out void* block)) { ThrowOutOfMemory(); }

                return block;
            }
            """);
    }

    private void WriteAligned()
    {
        _code.Member($$"""
            /// <summary>Allocates at least so many bytes, not zeroed, aligned as asked.</summary>
            /// <param name="size">The size in bytes.</param>
            /// <param name="alignment">The alignment in bytes, a power of two.</param>
            /// <param name="block">The block, or null.</param>
            /// <returns>Whether there was memory and the alignment is a power of two.</returns>
            public static bool TryAlignedAlloc(nuint size, nuint alignment, out void* block)
            {
                block = {{NameScope.BitOperations}}.IsPow2(alignment) ? {{Call("AllocGate", "AllocAligned", "CurrentHeap(), size, alignment")}} : null;
                return block != null;
            }
            """);

        _code.Member($$"""
            /// <summary>Allocates at least so many bytes, not zeroed, aligned as asked.</summary>
            /// <param name="size">The size in bytes.</param>
            /// <param name="alignment">The alignment in bytes, a power of two.</param>
            /// <returns>The block, never null.</returns>
            {{BadAlignment}}
            {{OutOfMemory}}
            public static void* AlignedAlloc(nuint size, nuint alignment)
            {
                if (!{{NameScope.BitOperations}}.IsPow2(alignment)) { ThrowBadAlignment(); }

                if (!TryAlignedAlloc(size, alignment, out void* block)) { ThrowOutOfMemory(); }

                return block;
            }
            """);
    }

    private void WriteRealloc()
    {
        _code.Member($$"""
            /// <summary>Changes the size of a block, moving it if it must. When that fails the block stays as it was.</summary>
            /// <param name="block">A block of this allocator; null allocates.</param>
            /// <param name="size">The new size in bytes.</param>
            /// <param name="result">The block at its new place, or null.</param>
            /// <returns>Whether there was memory.</returns>
            public static bool TryRealloc(void* block, nuint size, out void* result)
            {
                result = {{Call("ReallocGate", "Realloc", "CurrentHeap(), block, size, 0")}};
                return result != null;
            }
            """);

        _code.Member($$"""
            /// <summary>Changes the size of a block, moving it if it must. When that fails the block stays as it was.</summary>
            /// <param name="block">A block of this allocator; null allocates.</param>
            /// <param name="size">The new size in bytes.</param>
            /// <returns>The block at its new place, never null.</returns>
            {{OutOfMemory}}
            public static void* Realloc(void* block, nuint size)
            {
                if (!TryRealloc(block, size, out void* result)) { ThrowOutOfMemory(); }

                return result;
            }
            """);
    }

    private void WriteAlignedRealloc()
    {
        _code.Member($$"""
            /// <summary>Changes the size of a block and aligns it as asked, moving it if it must. When that fails the block stays as it was.</summary>
            /// <param name="block">A block of this allocator; null allocates.</param>
            /// <param name="size">The new size in bytes.</param>
            /// <param name="alignment">The alignment in bytes, a power of two.</param>
            /// <param name="result">The block at its new place, or null.</param>
            /// <returns>Whether there was memory and the alignment is a power of two.</returns>
            public static bool TryAlignedRealloc(void* block, nuint size, nuint alignment, out void* result)
            {
                result = {{NameScope.BitOperations}}.IsPow2(alignment) ? {{Call("ReallocGate", "Realloc", "CurrentHeap(), block, size, alignment")}} : null;
                return result != null;
            }
            """);

        _code.Member($$"""
            /// <summary>Changes the size of a block and aligns it as asked, moving it if it must. When that fails the block stays as it was.</summary>
            /// <param name="block">A block of this allocator; null allocates.</param>
            /// <param name="size">The new size in bytes.</param>
            /// <param name="alignment">The alignment in bytes, a power of two.</param>
            /// <returns>The block at its new place, never null.</returns>
            {{BadAlignment}}
            {{OutOfMemory}}
            public static void* AlignedRealloc(void* block, nuint size, nuint alignment)
            {
                if (!{{NameScope.BitOperations}}.IsPow2(alignment)) { ThrowBadAlignment(); }

                if (!TryAlignedRealloc(block, size, alignment, out void* result)) { ThrowOutOfMemory(); }

                return result;
            }
            """);
    }

    private void WriteBatches()
    {
        _code.Member($$"""
            /// <summary>Allocates several blocks of one size, not zeroed, aligned to 16.</summary>
            /// <param name="size">The size of each in bytes.</param>
            /// <param name="blocks">Where the blocks are written.</param>
            /// <param name="count">How many are wanted.</param>
            /// <returns>How many there are; fewer than wanted when no memory is left.</returns>
            public static uint AllocBatch(nuint size, void** blocks, uint count) => {{Call("AllocGate", "AllocBatch", "CurrentHeap(), size, blocks, count")}};
            """);

        _code.Member($$"""
            /// <summary>Gives several blocks back.</summary>
            /// <param name="blocks">The blocks.</param>
            /// <param name="count">How many there are.</param>
            public static void FreeBatch(void** blocks, uint count) => {{Call("FreeGate", "FreeBatch", "HeapForFrees(count), blocks, count")}};
            """);
    }

    // Whether it is known by its stack does not matter there.
    private string OwnHeap => _composition.Declaration.Isolated ? "KnownHeap()" : "Current.Heap";

    private void WriteCare()
    {
        _code.Member($$"""
            /// <summary>How many bytes of a block may be used: at least as many as were asked for.</summary>
            /// <param name="block">A block of this allocator.</param>
            /// <returns>The size in bytes.</returns>
            public static nuint UsableSize(void* block) => {{Call("FreeGate", "UsableSize", "block")}};
            """);

        _code.Member($$"""
            /// <summary>Gives unused memory back to the operating system now.</summary>
            public static void Trim() => {{Call("HeapRegistry", "Trim", OwnHeap)}};
            """);

        _code.Member($$"""
            /// <summary>Reads what the allocator holds.</summary>
            /// <param name="statistics">Where it is written.</param>
            public static void ReadStatistics({{ContractNames.Qualifier}}AllocatorStatistics* statistics) => {{Call("HeapRegistry", "ReadStatistics", $"{OwnHeap}, statistics")}};
            """);
    }

    /// <summary>Texts of literals: they cost nothing until they are asked for, and another build never has them compiled in as constants.</summary>
    private void WriteBuild()
    {
        _code.Member($$"""
            /// <summary>The build flavor this allocator was composed for.</summary>
            public static string BuildFlavor => "{{_composition.Flavor}}";
            """);

        _code.Member($$"""
            /// <summary>The diagnostics and guards compiled into this allocator: the names of their boxes in alphabetical order, separated by a comma and a space; empty for none.</summary>
            public static string Features => "{{string.Join(", ", _composition.Woven.Select(static woven => woven.Name).OrderBy(static name => name, StringComparer.Ordinal))}}";
            """);
    }

    private void WriteRead()
    {
        foreach (WovenModel woven in _composition.Woven.Where(static woven => woven.IsRead)) { WriteRead(woven); }

        string visits = string.Concat(_composition.Woven.Where(static woven => woven.IsRead).Select(static woven => $"\n    {Visit(woven)}"));
        _code.Member($$"""
            /// <summary>Shows the numbers of every diagnostics box of this allocator that keeps some.</summary>
            /// <param name="visitor">Receives them.</param>
            public static void VisitDiagnostics<TVisitor>(ref TVisitor visitor)
                where TVisitor : struct, {{ContractNames.Qualifier}}IDiagnosticsVisitor
            {{{visits}}
            }
            """);
    }

    private void WriteRead(WovenModel woven)
    {
        string sum = $"    {woven.Numbers} total = default;\n";
        if (woven.Accumulate is { } accumulate)
        {
            string heap = accumulate.Arguments.Count > 2 ? ", heap" : "";
            sum += $"    for ({Heap} heap = {Call("HeapRegistry", "First", "")}; heap != null; heap = heap->NextInComposition)\n"
                + $"    {{\n        {Target(accumulate)}(&total, Config.{woven.Name}Of(heap){heap});\n    }}\n\n";
        }

        if (woven.AccumulateShared is { } shared)
        {
            sum += $"    if (Config.Composition != null) {{ {Target(shared)}(&total, Config.{woven.Name}Shared); }}\n\n";
        }

        _code.Member($$"""
            /// <summary>Adds up what <see cref="{{woven.Box}}"/> has seen, in dead threads' heaps too.</summary>
            /// <returns>The sum; other threads go on while it is taken.</returns>
            {{(woven.IsPublic ? "public" : "internal")}} static {{woven.Numbers}} Read{{woven.Name}}()
            {
            {{sum}}    return total;
            }
            """);
    }

    private static string Visit(WovenModel woven)
    {
        string numbers = char.ToLowerInvariant(woven.Name[0]) + woven.Name.Substring(1);
        return $"{woven.Numbers} {numbers} = Read{woven.Name}();\n    visitor.Visit(&{numbers});";
    }
}
