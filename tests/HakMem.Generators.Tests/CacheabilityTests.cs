using System.Collections.Generic;
using System.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Xunit;

namespace HakMem.Generators.Tests;

/// <summary>Why each step of the pipeline runs, or does not, after an edit.</summary>
public class CacheabilityTests
{
    private const string Declaration = "[HakMem.Boxes.HakMemAllocator(PrefillBudget = 2)] internal static partial class RequestHeap;";
    private const string Other = "internal static class Other { public static int One() => 1; }";

    private readonly CSharpCompilation _compilation = GeneratorHarness.Compile(GeneratorHarness.Contract, Declaration, Other);

    [Fact]
    public void FirstRunMakesEverything() => AssertSteps(
        GeneratorHarness.Driver().RunGenerators(_compilation),
        IncrementalStepRunReason.New, IncrementalStepRunReason.New, IncrementalStepRunReason.New,
        IncrementalStepRunReason.New, IncrementalStepRunReason.New, IncrementalStepRunReason.New, IncrementalStepRunReason.New);

    [Fact]
    public void EditOfAnotherFileWritesNothing() => AssertSteps(
        Edit(1, "internal static class Other { public static int Two() => 2; }"),
        IncrementalStepRunReason.Unchanged, IncrementalStepRunReason.Cached, IncrementalStepRunReason.Unchanged,
        IncrementalStepRunReason.Cached, IncrementalStepRunReason.Cached, IncrementalStepRunReason.Cached, IncrementalStepRunReason.Cached);

    [Fact]
    public void MovingTheDeclarationMovesItsPlacesOnly() => AssertSteps(
        Edit(0, "// A comment.\n" + Declaration),
        IncrementalStepRunReason.Modified, IncrementalStepRunReason.Unchanged, IncrementalStepRunReason.Unchanged,
        IncrementalStepRunReason.Cached, IncrementalStepRunReason.Cached, IncrementalStepRunReason.Unchanged, IncrementalStepRunReason.Cached);

    [Fact]
    public void EditOfTheAttributeComposesAnew() => AssertSteps(
        Edit(0, Declaration.Replace("= 2", "= 3")),
        IncrementalStepRunReason.Modified, IncrementalStepRunReason.Modified, IncrementalStepRunReason.Unchanged,
        IncrementalStepRunReason.Cached, IncrementalStepRunReason.Modified, IncrementalStepRunReason.Unchanged, IncrementalStepRunReason.Modified);

    [Fact]
    public void AnotherFlavorComposesAnew() => AssertSteps(
        GeneratorHarness.Driver().RunGenerators(_compilation).WithProperties(("HakMemBuildFlavor", "debug")).RunGenerators(_compilation),
        IncrementalStepRunReason.Cached, IncrementalStepRunReason.Cached, IncrementalStepRunReason.Cached,
        IncrementalStepRunReason.Modified, IncrementalStepRunReason.Modified, IncrementalStepRunReason.Unchanged, IncrementalStepRunReason.Modified);

    [Fact]
    public void AnUnrelatedPropertyWritesNothing() => AssertSteps(
        GeneratorHarness.Driver().RunGenerators(_compilation).WithProperties(("Nullable", "enable")).RunGenerators(_compilation),
        IncrementalStepRunReason.Cached, IncrementalStepRunReason.Cached, IncrementalStepRunReason.Cached,
        IncrementalStepRunReason.Unchanged, IncrementalStepRunReason.Cached, IncrementalStepRunReason.Cached, IncrementalStepRunReason.Cached);

    [Fact]
    public void EditOfAnotherFileEmitsNothingOfFiftyCompositionsAndPools()
    {
        string[] sources =
        [
            Other,
            .. Enumerable.Range(0, 50).Select(static number => $"[HakMem.Boxes.HakMemAllocator(PrefillBudget = {(number % 16) + 1})] internal static partial class Heap{number};"),
            .. Enumerable.Range(0, 50).Select(static number => $"[HakMem.Boxes.HakMemPool(Capacity = {number + 1})] internal partial struct Node{number};"),
        ];
        CSharpCompilation before = GeneratorHarness.Compile(GeneratorHarness.Contract, sources);
        CSharpCompilation after = before.ReplaceSyntaxTree(before.SyntaxTrees[0], GeneratorHarness.Parse("internal static class Other { public static int Two() => 2; }", before.SyntaxTrees[0].FilePath));
        GeneratorDriverRunResult run = GeneratorHarness.BothGenerators().RunGenerators(before).RunGenerators(after).GetRunResult();

        Assert.Equal(100, run.GeneratedTrees.Length);
        foreach (GeneratorRunResult result in run.Results)
        {
            Assert.NotEmpty(result.TrackedOutputSteps);
            Assert.All(Reasons(result.TrackedOutputSteps.Values), static reason => Assert.Equal(IncrementalStepRunReason.Cached, reason));
            Assert.All(
                Reasons(Own(result)),
                static reason => Assert.True(reason is IncrementalStepRunReason.Cached or IncrementalStepRunReason.Unchanged, reason.ToString()));
        }

        Assert.Equal(50, run.Results[0].TrackedSteps[TrackingNames.Compositions].Length);
        Assert.Equal(50, run.Results[1].TrackedSteps[TrackingNames.Pools].Length);

        static IEnumerable<IncrementalStepRunReason> Reasons(IEnumerable<System.Collections.Immutable.ImmutableArray<IncrementalGeneratorRunStep>> steps) =>
            steps.SelectMany(static runs => runs).SelectMany(static run => run.Outputs).Select(static output => output.Reason);

        static IEnumerable<System.Collections.Immutable.ImmutableArray<IncrementalGeneratorRunStep>> Own(GeneratorRunResult result) =>
            typeof(TrackingNames).GetFields().Select(static field => (string)field.GetRawConstantValue()!).Where(result.TrackedSteps.ContainsKey).Select(name => result.TrackedSteps[name]);
    }

    [Fact]
    public void MovingAPoolMovesItsPlacesOnly()
    {
        CSharpCompilation before = GeneratorHarness.Compile(GeneratorHarness.Contract, "[HakMem.Boxes.HakMemPool] internal partial struct Node;");
        CSharpCompilation after = before.ReplaceSyntaxTree(before.SyntaxTrees[0], GeneratorHarness.Parse("// A comment.\n[HakMem.Boxes.HakMemPool] internal partial struct Node;", before.SyntaxTrees[0].FilePath));
        GeneratorRunResult result = GeneratorHarness.PoolDriver().RunGenerators(before).RunGenerators(after).GetRunResult().Results.Single();

        Assert.Equal(IncrementalStepRunReason.Modified, result.TrackedSteps[TrackingNames.GatheredPools].Single().Outputs.Single().Reason);
        Assert.Equal(IncrementalStepRunReason.Unchanged, result.TrackedSteps[TrackingNames.Pools].Single().Outputs.Single().Reason);
        Assert.All(result.TrackedOutputSteps.Values.SelectMany(static steps => steps), static step => Assert.Equal(IncrementalStepRunReason.Cached, step.Outputs.Single().Reason));
        foreach (string name in new[] { TrackingNames.GatheredPools, TrackingNames.Pools, TrackingNames.PoolProblems })
        {
            AssertHoldsNoCompilerObject(result.TrackedSteps[name].Single().Outputs.Single().Value, []);
        }
    }

    [Fact]
    public void AProjectWithoutDeclarationsDoesNotReadTheContract()
    {
        GeneratorRunResult result = GeneratorHarness.Driver().RunGenerators(GeneratorHarness.Compile(GeneratorHarness.Contract, Other)).GetRunResult().Results.Single();

        Assert.DoesNotContain(TrackingNames.Contract, result.TrackedSteps.Keys);
    }

    [Fact]
    public void ModelsKeepNoSymbolsOrSyntax()
    {
        GeneratorRunResult result = GeneratorHarness.Driver(("HakMemBuildFlavor", "debug")).RunGenerators(_compilation).GetRunResult().Results.Single();
        string[] names = [TrackingNames.Gathered, TrackingNames.Declarations, TrackingNames.Contract, TrackingNames.Build, TrackingNames.Compositions, TrackingNames.Problems];

        foreach (object output in names.SelectMany(name => result.TrackedSteps[name]).SelectMany(static step => step.Outputs).Select(static output => output.Value))
        {
            AssertHoldsNoCompilerObject(output, []);
        }
    }

    private static void AssertHoldsNoCompilerObject(object? value, HashSet<object> seen)
    {
        if (value is null or string || value.GetType().IsPrimitive || value.GetType().IsEnum || !seen.Add(value)) { return; }

        Assert.False(value is ISymbol or SyntaxNode or SyntaxTree or Compilation or SemanticModel or Location, value.GetType().ToString());
        if (value is System.Collections.IEnumerable items)
        {
            foreach (object? item in items) { AssertHoldsNoCompilerObject(item, seen); }

            return;
        }

        foreach (System.Reflection.FieldInfo field in value.GetType().GetFields(System.Reflection.BindingFlags.Instance | System.Reflection.BindingFlags.Public | System.Reflection.BindingFlags.NonPublic))
        {
            AssertHoldsNoCompilerObject(field.GetValue(value), seen);
        }
    }

    private GeneratorDriver Edit(int file, string text)
    {
        SyntaxTree old = _compilation.SyntaxTrees[file];
        return GeneratorHarness.Driver().RunGenerators(_compilation)
            .RunGenerators(_compilation.ReplaceSyntaxTree(old, GeneratorHarness.Parse(text, old.FilePath)));
    }

    private static void AssertSteps(
        GeneratorDriver driver,
        IncrementalStepRunReason gathered, IncrementalStepRunReason declarations, IncrementalStepRunReason contract,
        IncrementalStepRunReason build, IncrementalStepRunReason compositions, IncrementalStepRunReason problems, IncrementalStepRunReason source)
    {
        GeneratorRunResult result = driver.GetRunResult().Results.Single();
        Assert.Equal(
            [
                (TrackingNames.Gathered, gathered), (TrackingNames.Declarations, declarations), (TrackingNames.Contract, contract),
                (TrackingNames.Build, build), (TrackingNames.Compositions, compositions), (TrackingNames.Problems, problems), ("Source", source),
            ],
            [
                Reason(TrackingNames.Gathered), Reason(TrackingNames.Declarations), Reason(TrackingNames.Contract),
                Reason(TrackingNames.Build), Reason(TrackingNames.Compositions), Reason(TrackingNames.Problems), ("Source", SourceReason()),
            ]);
        Assert.Single(result.GeneratedSources);

        (string Name, IncrementalStepRunReason Reason) Reason(string name) =>
            (name, result.TrackedSteps[name].Single().Outputs.Single().Reason);

        // Of the outputs, only the one that writes the file has one: the other reports, and has nothing to report here.
        IncrementalStepRunReason SourceReason() =>
            result.TrackedOutputSteps.Values.SelectMany(static steps => steps).Single(WroteTheFile).Outputs.Single().Reason;

        static bool WroteTheFile(IncrementalGeneratorRunStep step) => step.Inputs.Any(static input => input.Source.Name == TrackingNames.Compositions);
    }
}
