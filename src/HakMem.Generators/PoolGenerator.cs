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

        // A struct marked on two of its parts is gathered twice; the second mark is the compiler's to report.
        IncrementalValuesProvider<GatheredPoolModel> once = gathered.Where(static model => model.IsFirst);

        IncrementalValuesProvider<PoolModel> pools = once
            .Select(static (model, _) => model.Pool)
            .WithTrackingName(TrackingNames.Pools);

        IncrementalValueProvider<EquatableArray<string>> alike = pools
            .Select(static (pool, _) => pool.FileName)
            .Collect()
            .Select(static (names, _) => FileNames.Alike(names))
            .WithTrackingName(TrackingNames.AlikePools);

        IncrementalValuesProvider<PoolModel> named = pools.Combine(alike)
            .Select(static (pair, _) => pair.Right.Count == 0 ? pair.Left : pair.Left with { FileName = FileNames.Of(pair.Left.FileName, pair.Right) });

        IncrementalValuesProvider<EquatableArray<ReportModel>> problems = once
            .Select(static (model, _) => model.Pool.Problems.Select(problem => new ReportModel(problem, model.Places.Of(problem.Argument))).ToEquatableArray())
            .WithTrackingName(TrackingNames.PoolProblems);

        context.RegisterSourceOutput(named, static (output, pool) =>
        {
            if (pool.CanBeWritten) { output.AddSource(pool.FileName, SourceText.From(PoolWriter.Write(pool), Encoding.UTF8)); }
            else if (pool.CanBeDeclared) { output.AddSource(pool.FileName, SourceText.From(PoolWriter.WriteDeclared(pool), Encoding.UTF8)); }
        });
        context.RegisterSourceOutput(problems, static (output, reports) =>
        {
            foreach (ReportModel report in reports) { output.ReportDiagnostic(report.ToDiagnostic()); }
        });
    }
}
