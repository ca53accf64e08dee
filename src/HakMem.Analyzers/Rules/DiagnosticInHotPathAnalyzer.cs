using System.Collections.Immutable;
using System.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Operations;

namespace HakMem.Analyzers;

/// <summary>HKM2001: a hot path reaches diagnostics and guards through join points of its configuration, which are empty where the build lacks them.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class DiagnosticInHotPathAnalyzer : DiagnosticAnalyzer
{
    private static readonly DiagnosticDescriptor Rule = new(
        RuleIdentifiers.DiagnosticInHotPath,
        "A diagnostic was left in a hot path",
        "'{0}' is marked [HotPath] and uses '{1}' of the box '{2}' in every build; call a join point of the configuration instead",
        RuleIdentifiers.Boxes,
        DiagnosticSeverity.Warning,
        isEnabledByDefault: true);

    /// <inheritdoc/>
    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics { get; } = [Rule];

    /// <inheritdoc/>
    public override void Initialize(AnalysisContext context)
    {
        context.EnableConcurrentExecution();
        context.ConfigureGeneratedCodeAnalysis(GeneratedCodeAnalysisFlags.None);
        context.RegisterCompilationStartAction(static start =>
        {
            if (BoxTypes.Find(start.Compilation) is { } types)
            {
                start.RegisterOperationAction(operation => Check(operation, types), OperationKind.Invocation, OperationKind.PropertyReference, OperationKind.MethodReference, OperationKind.FieldReference);
            }
        });
    }

    private static void Check(OperationAnalysisContext context, BoxTypes types)
    {
        if (UsedBy(context.Operation) is not { } used
            || WovenBoxOf(used, types) is not { } box
            || IsOnlyNamed(context.Operation)
            || (UsedBy(context.Operation.Parent) is { } whole && WovenBoxOf(whole, types) is not null)
            || HotPathAround(context.ContainingSymbol, types) is not { } method
            || WovenBoxOf(method, types) is not null)
        {
            return;
        }

        context.ReportDiagnostic(Diagnostic.Create(Rule, context.Operation.Syntax.GetLocation(), method.Name, used.Name, box.Name));
    }

    /// <summary>The member that is called, read, written or made a delegate or function pointer of. A constant costs nothing.</summary>
    private static ISymbol? UsedBy(IOperation? operation) => operation switch
    {
        IInvocationOperation invocation => invocation.TargetMethod,
        IFieldReferenceOperation { Field.IsConst: true } => null,
        IMemberReferenceOperation reference => reference.Member,
        _ => null,
    };

    private static bool IsOnlyNamed(IOperation operation)
    {
        IOperation? outer = operation.Parent;
        while (outer is IMemberReferenceOperation) { outer = outer.Parent; }

        return outer is INameOfOperation;
    }

    /// <summary>The diagnostics or guard box that a member belongs to; null when it belongs to none.</summary>
    private static INamedTypeSymbol? WovenBoxOf(ISymbol member, BoxTypes types)
    {
        INamedTypeSymbol? type = member.ContainingType;
        while (type is not null && !types.IsWoven(type)) { type = type.ContainingType; }

        return type;
    }

    /// <summary>The method marked [HotPath] whose body this is, local functions and lambdas included.</summary>
    private static IMethodSymbol? HotPathAround(ISymbol? symbol, BoxTypes types)
    {
        while (symbol is IMethodSymbol method)
        {
            if (types.IsHotPath(method)) { return method; }

            symbol = method.ContainingSymbol;
        }

        return null;
    }

    /// <summary>The attributes of the contract, looked up once for a compilation.</summary>
    private sealed class BoxTypes(INamedTypeSymbol box, INamedTypeSymbol hotPath, ImmutableArray<object?> wovenLayers)
    {
        public static BoxTypes? Find(Compilation compilation)
        {
            INamedTypeSymbol? box = compilation.GetTypesByMetadataName("HakMem.Boxes.BoxAttribute").FirstOrDefault();
            INamedTypeSymbol? hotPath = compilation.GetTypesByMetadataName("HakMem.Boxes.HotPathAttribute").FirstOrDefault();
            INamedTypeSymbol? layers = compilation.GetTypesByMetadataName("HakMem.Boxes.BoxLayer").FirstOrDefault();
            return box is null || hotPath is null || layers is null
                ? null
                : new BoxTypes(box, hotPath, [.. layers.GetMembers().OfType<IFieldSymbol>().Where(static layer => layer.Name is "Diagnostics" or "Guards").Select(static layer => layer.ConstantValue)]);
        }

        public bool IsWoven(INamedTypeSymbol type) => type.GetAttributes().Any(attribute =>
            SymbolEqualityComparer.Default.Equals(attribute.AttributeClass, box)
            && attribute.ConstructorArguments.Length > 0
            && wovenLayers.Contains(attribute.ConstructorArguments[0].Value));

        public bool IsHotPath(IMethodSymbol method) => method.GetAttributes().Any(attribute => SymbolEqualityComparer.Default.Equals(attribute.AttributeClass, hotPath));
    }
}
