using System.Linq;
using System.Text;
using HakMem.Generators.Emit;
using HakMem.Generators.Gather;
using HakMem.Generators.Model;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Text;

namespace HakMem.Generators;

/// <summary>Writes a pool for every struct marked <c>[HakMemPool]</c>.</summary>
[Generator(LanguageNames.CSharp)]
public sealed class PoolGenerator : IIncrementalGenerator
{
    /// <inheritdoc/>
    public void Initialize(IncrementalGeneratorInitializationContext context)
    {
        IncrementalValuesProvider<GatheredPoolModel> gathered = context.SyntaxProvider
            .ForAttributeWithMetadataName(ContractNames.PoolAttribute, static (node, _) => node is TypeDeclarationSyntax, PoolReader.Read)
            .WithTrackingName(TrackingNames.GatheredPools);

        IncrementalValuesProvider<PoolModel> pools = gathered
            .Select(static (model, _) => model.Pool)
            .WithTrackingName(TrackingNames.Pools);

        IncrementalValuesProvider<EquatableArray<ReportModel>> problems = gathered
            .Select(static (model, _) => model.Pool.Problems.Select(problem => new ReportModel(problem, model.Places.Of(problem.Argument))).ToEquatableArray())
            .WithTrackingName(TrackingNames.PoolProblems);

        context.RegisterSourceOutput(pools, static (output, pool) =>
        {
            if (pool.CanBeWritten) { output.AddSource(pool.FileName, SourceText.From(PoolWriter.Write(pool), Encoding.UTF8)); }
        });
        context.RegisterSourceOutput(problems, static (output, reports) =>
        {
            foreach (ReportModel report in reports) { output.ReportDiagnostic(report.ToDiagnostic()); }
        });
    }
}
