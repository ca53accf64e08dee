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

        IncrementalValuesProvider<DeclarationModel> declarations = gathered
            .Select(static (model, _) => model.Declaration)
            .WithTrackingName(TrackingNames.Declarations);

        IncrementalValueProvider<ContractModel?> contract = context.CompilationProvider
            .Select(static (compilation, _) => ContractReader.Read(compilation))
            .WithTrackingName(TrackingNames.Contract);

        IncrementalValueProvider<BuildModel> build = contract.Combine(context.AnalyzerConfigOptionsProvider)
            .Select(static (pair, _) => BuildReader.Read(pair.Left, pair.Right.GlobalOptions))
            .WithTrackingName(TrackingNames.Build);

        IncrementalValueProvider<(ContractModel? Contract, BuildModel Build)> surroundings = contract.Combine(build);

        IncrementalValuesProvider<CompositionModel> compositions = declarations.Combine(surroundings)
            .Select(static (pair, _) => Composer.Compose(pair.Left, pair.Right.Contract, pair.Right.Build))
            .WithTrackingName(TrackingNames.Compositions);

        // Places are joined apart from what is written: moving a declaration moves its findings and writes nothing anew.
        IncrementalValuesProvider<EquatableArray<ReportModel>> problems = gathered.Combine(surroundings)
            .Select(static (pair, _) => Composer.Compose(pair.Left.Declaration, pair.Right.Contract, pair.Right.Build).Problems
                .Select(problem => new ReportModel(problem, pair.Left.Places.Of(problem.Argument)))
                .ToEquatableArray())
            .WithTrackingName(TrackingNames.Problems);

        context.RegisterSourceOutput(compositions, static (output, composition) =>
        {
            if (composition.CanBeWritten)
            {
                output.AddSource(composition.Declaration.FullName.Replace("@", "") + ".g.cs", SourceText.From(CompositionWriter.Write(composition), Encoding.UTF8));
            }
        });
        context.RegisterSourceOutput(problems, static (output, reports) =>
        {
            foreach (ReportModel report in reports) { output.ReportDiagnostic(report.ToDiagnostic()); }
        });
    }
}
