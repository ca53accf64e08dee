using System.Collections.Immutable;
using System.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Xunit;

namespace HakMem.Generators.Tests;

/// <summary>A composition with an error: one message, not one for each use besides.</summary>
public class DeclaredTests
{
    private const string Uses = """

        internal static unsafe class User
        {
            public static void Use()
            {
                void* block = Heap.Alloc(8);
                if (Heap.TryRealloc(block, 9, out void* more)) { block = more; }
                Heap.Free(block);
                Heap.Trim();
                System.Console.WriteLine(Heap.BuildFlavor + Heap.Features);
            }
        }
        """;

    [Theory]
    [InlineData("PrefillBudget = 99", "HKM1502")]
    [InlineData("Front = typeof(string)", "HKM1504")]
    [InlineData("Front = typeof(Lacking)", "HKM1501")]
    [InlineData("Diagnostics = new[] { typeof(int) }", "HKM1504")]
    [InlineData("Front = typeof(Lacking), Isolated = true", "HKM1501")]
    public void An_error_of_a_composition_is_no_error_of_its_uses(string arguments, string id)
    {
        (ImmutableArray<Diagnostic> reported, Compilation after) = Run($"[HakMem.Boxes.HakMemAllocator({arguments})] internal static unsafe partial class Heap;\n{Uses}");

        Assert.All(reported, diagnostic => Assert.Equal(id, diagnostic.Id));
        Assert.NotEmpty(reported);
        Assert.Empty(after.GetDiagnostics().Where(static diagnostic => diagnostic.Severity == DiagnosticSeverity.Error));
    }

    /// <summary>A second part, or one of unsafe code, would only be the next error.</summary>
    [Theory]
    [InlineData("internal static unsafe class Heap;")]
    [InlineData("internal unsafe partial class Heap;")]
    public void What_can_have_no_second_part_gets_none(string type)
    {
        (_, Compilation after) = Run($"[HakMem.Boxes.HakMemAllocator] {type}\n");

        Assert.Single(after.SyntaxTrees);
    }

    [Theory]
    [InlineData("")]
    [InlineData(", Isolated = true")]
    public void What_is_declared_is_what_would_be_composed(string more)
    {
        Assert.Equal(PublicMembers($"PrefillBudget = 3{more}"), PublicMembers($"Front = typeof(Lacking){more}"));
    }

    [Fact]
    public void The_types_around_it_and_the_namespace_are_kept()
    {
        (_, Compilation after) = Run("namespace A.B { public static partial class Outer { [HakMem.Boxes.HakMemAllocator(Front = typeof(global::Lacking))] public static unsafe partial class Heap; } internal static unsafe class U { static void M() => A.B.Outer.Heap.Free(null); } }");

        Assert.Empty(after.GetDiagnostics().Where(static diagnostic => diagnostic.Severity == DiagnosticSeverity.Error));
    }

    [Theory]
    [InlineData("Allocator = typeof(Heap), Capacity = 9, Alignment = 3", "HKM1512")]
    [InlineData("Allocator = typeof(string)", "HKM1513")]
    public void Nor_is_an_error_of_a_pool_one_of_its_uses(string arguments, string id)
    {
        const string Uses = "public static unsafe class User { public static void Use() { Node* node = Node.Pool.Alloc(); Node.Pool.Free(node); System.Span<Node> nodes = Node.Pool.AllocSpan(3); Node.Pool.FreeSpan(nodes); } }";
        const string Heap = "[HakMem.Boxes.HakMemAllocator] public static unsafe partial class Heap;";
        (ImmutableArray<Diagnostic> reported, Compilation after) = Run($"[HakMem.Boxes.HakMemPool({arguments})] public partial struct Node {{ public int Value; }}\n{Uses}\n{Heap}");
        (_, Compilation good) = Run($"[HakMem.Boxes.HakMemPool(Allocator = typeof(Heap), Capacity = 9)] public partial struct Node {{ public int Value; }}\n{Uses}\n{Heap}");

        Assert.Equal([id], reported.Select(static diagnostic => diagnostic.Id));
        Assert.Empty(after.GetDiagnostics().Where(static diagnostic => diagnostic.Severity == DiagnosticSeverity.Error));
        Assert.Equal(PublicMembers(good, "Node+Pool"), PublicMembers(after, "Node+Pool"));
    }

    private static string[] PublicMembers(string arguments)
    {
        (_, Compilation after) = Run($"[HakMem.Boxes.HakMemAllocator({arguments})] public static unsafe partial class Heap;\n");
        return PublicMembers(after, "Heap");
    }

    private static string[] PublicMembers(Compilation compilation, string type) =>
        [.. compilation.GetTypeByMetadataName(type)!.GetMembers().Where(static member => member.DeclaredAccessibility == Accessibility.Public && member is not IMethodSymbol { AssociatedSymbol: not null }).Select(static member => member.ToDisplayString(SymbolDisplayFormat.CSharpErrorMessageFormat) + Constraints(member)).Order()];

    private static string Constraints(ISymbol member) =>
        member is IMethodSymbol { TypeParameters: [var parameter] } ? $" {parameter.HasValueTypeConstraint} {string.Join(", ", parameter.ConstraintTypes)}" : "";

    private static (ImmutableArray<Diagnostic> Reported, Compilation After) Run(string source)
    {
        CSharpCompilation compilation = GeneratorHarness.Compile(GeneratorHarness.Boxes, source + "\n[HakMem.Boxes.Box(HakMem.Boxes.BoxLayer.Local)] internal static class Lacking { }\n");
        _ = GeneratorHarness.BothGenerators().RunGeneratorsAndUpdateCompilation(compilation, out Compilation after, out ImmutableArray<Diagnostic> reported);
        return (reported, after);
    }
}
