using System.Linq;
using System.Text;
using HakMem.Generators.Emit;
using HakMem.Generators.Gather;
using HakMem.Generators.Model;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Text;

namespace HakMem.Generators;

/// <summary>Composes an allocator for every class marked <c>[HakMemAllocator]</c>.</summary>
[Generator(LanguageNames.CSharp)]
public sealed class AllocatorGenerator : IIncrementalGenerator
{
    /// <inheritdoc/>
    public void Initialize(IncrementalGeneratorInitializationContext context)
    {
        IncrementalValuesProvider<GatheredModel> gathered = context.SyntaxProvider
            .ForAttributeWithMetadataName(ContractNames.AllocatorAttribute, static (node, _) => node is ClassDeclarationSyntax, DeclarationReader.Read)
            .WithTrackingName(TrackingNames.Gathered);

        // A class marked on two of its parts is gathered twice; the second mark is the compiler's to report.
        IncrementalValuesProvider<GatheredModel> once = gathered.Where(static model => model.IsFirst);

        IncrementalValuesProvider<DeclarationModel> declarations = once
            .Select(static (model, _) => model.Declaration)
            .WithTrackingName(TrackingNames.Declarations);

        IncrementalValueProvider<EquatableArray<string>> alike = declarations
            .Select(static (declaration, _) => declaration.FileName)
            .Collect()
            .Select(static (names, _) => FileNames.Alike(names))
            .WithTrackingName(TrackingNames.Alike);

        IncrementalValueProvider<ContractModel?> contract = context.CompilationProvider
            .Select(static (compilation, _) => ContractReader.Read(compilation))
            .WithTrackingName(TrackingNames.Contract);

        IncrementalValueProvider<BuildModel> build = contract.Combine(context.AnalyzerConfigOptionsProvider)
            .Select(static (pair, _) => BuildReader.Read(pair.Left, pair.Right.GlobalOptions))
            .WithTrackingName(TrackingNames.Build);

        IncrementalValueProvider<(ContractModel? Contract, BuildModel Build)> surroundings = contract.Combine(build);

        IncrementalValuesProvider<CompositionModel> compositions = declarations.Combine(alike)
            .Select(static (pair, _) => pair.Right.Count == 0 ? pair.Left : pair.Left with { FileName = FileNames.Of(pair.Left.FileName, pair.Right) })
            .Combine(surroundings)
            .Select(static (pair, _) => Composer.Compose(pair.Left, pair.Right.Contract, pair.Right.Build))
            .WithTrackingName(TrackingNames.Compositions);

        // Places are joined apart from what is written: moving a declaration moves its findings and writes nothing anew.
        IncrementalValuesProvider<EquatableArray<ReportModel>> problems = once.Combine(surroundings)
            .Select(static (pair, _) => Composer.Compose(pair.Left.Declaration, pair.Right.Contract, pair.Right.Build).Problems
                .Select(problem => new ReportModel(problem, pair.Left.Places.Of(problem.Argument)))
                .ToEquatableArray())
            .WithTrackingName(TrackingNames.Problems);

        context.RegisterSourceOutput(compositions, static (output, composition) =>
        {
            if (composition.CanBeWritten)
            {
                output.AddSource(composition.Declaration.FileName, SourceText.From(CompositionWriter.Write(composition), Encoding.UTF8));
            }
            else if (composition.CanBeDeclared)
            {
                output.AddSource(composition.Declaration.FileName, SourceText.From(CompositionWriter.WriteDeclared(composition), Encoding.UTF8));
            }
        });
        context.RegisterSourceOutput(problems, static (output, reports) =>
        {
            foreach (ReportModel report in reports) { output.ReportDiagnostic(report.ToDiagnostic()); }
        });
    }
}
