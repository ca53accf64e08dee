using System.Collections.Immutable;
using System.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Operations;

namespace HakMem.Analyzers;

/// <summary>HKM2002: a hot path has no loop, lock, atomic, managed allocation, exception or call that cannot be inlined. What needs one is a slow path, which it calls.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class CostInHotPathAnalyzer : DiagnosticAnalyzer
{
    private static readonly DiagnosticDescriptor Rule = new(
        RuleIdentifiers.CostInHotPath,
        "A hot path has what costs too much on every call",
        "'{0}' is marked [HotPath] and has {1}; move it into the slow path",
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
            if (start.Compilation.GetTypesByMetadataName("HakMem.Boxes.HotPathAttribute").FirstOrDefault() is not { } hotPath) { return; }

            INamedTypeSymbol? spinLock = start.Compilation.GetTypesByMetadataName("HakMem.Boxes.SpinLock").FirstOrDefault();
            start.RegisterOperationBlockAction(block => Check(block, hotPath, spinLock));
        });
    }

    private static void Check(OperationBlockAnalysisContext context, INamedTypeSymbol hotPath, INamedTypeSymbol? spinLock)
    {
        if (!context.OwningSymbol.GetAttributes().Any(attribute => SymbolEqualityComparer.Default.Equals(attribute.AttributeClass, hotPath))) { return; }

        foreach (IOperation body in context.OperationBlocks.Where(static body => body.Kind != OperationKind.Attribute)) { Look(body); }

        void Look(IOperation operation)
        {
            if (operation is INameOfOperation || IsLeftOut(operation)) { return; }

            string? cost = CostOf(operation, spinLock);
            if (cost is not null)
            {
                context.ReportDiagnostic(Diagnostic.Create(Rule, operation.Syntax.GetLocation(), context.OwningSymbol.Name, cost));
                if (operation is not ILoopOperation) { return; }   // what belongs to it is no second fault
            }

            foreach (IOperation child in operation.ChildOperations) { Look(child); }
        }
    }

    // Constant data, what the compiler knows to be no object, a call that the build leaves out.
    private static bool IsLeftOut(IOperation operation) => operation switch
    {
        IConversionOperation { Type: INamedTypeSymbol { IsRefLikeType: true }, Operand: IArrayCreationOperation { Initializer.ElementValues: { } values } } => values.All(static value => value.ConstantValue.HasValue),
        IConversionOperation { Operand: IDefaultValueOperation or ILiteralOperation } => true,
        IInvocationOperation { TargetMethod: { Name: "HasFlag", ContainingType.SpecialType: SpecialType.System_Enum } } => true,
        IInvocationOperation invocation => invocation.TargetMethod.GetAttributes().Any(static attribute => attribute.AttributeClass is { Name: "ConditionalAttribute" }),
        _ => false,
    };

    private static string? CostOf(IOperation operation, INamedTypeSymbol? spinLock) => operation switch
    {
        { ConstantValue.HasValue: true } => null,
        ILoopOperation => "a loop",
        IBranchOperation { BranchKind: BranchKind.GoTo } branch when branch.Target.DeclaringSyntaxReferences.Any(label => label.Span.Start < branch.Syntax.SpanStart) => "a loop",
        ILockOperation => "a lock",
        ITryOperation or IUsingOperation or IUsingDeclarationOperation => "a try block",
        IThrowOperation => "a throw",
        IAwaitOperation => "an await",
        IReturnOperation { Kind: OperationKind.YieldReturn or OperationKind.YieldBreak } => "a yield",
        IInvocationOperation invocation => CostOf(invocation, spinLock),
        IFunctionPointerInvocationOperation => "a call through a function pointer",
        IDynamicInvocationOperation or IDynamicMemberReferenceOperation or IDynamicObjectCreationOperation or IDynamicIndexerAccessOperation => "a dynamic call",
        IPropertyReferenceOperation { Instance.Type.IsReferenceType: true } property when IsIndirect(property.Property, property.Instance) => "a virtual call",
        IObjectCreationOperation { Type.IsReferenceType: true } or IAnonymousObjectCreationOperation or IArrayCreationOperation or IDelegateCreationOperation or ITypeParameterObjectCreationOperation
            or IWithOperation { Type.IsReferenceType: true } or ICompoundAssignmentOperation { Type.SpecialType: SpecialType.System_String }
            or IInterpolatedStringOperation or IBinaryOperation { Type.SpecialType: SpecialType.System_String } or ICollectionExpressionOperation { Type.IsReferenceType: true } => "a managed allocation",
        IConversionOperation { Type.IsReferenceType: true, Operand.Type.IsValueType: true } => "a managed allocation",
        _ => null,
    };

    private static string? CostOf(IInvocationOperation invocation, INamedTypeSymbol? spinLock)
    {
        IMethodSymbol method = invocation.TargetMethod;
        if (SymbolEqualityComparer.Default.Equals(method.ContainingType, spinLock)) { return "a lock"; }

        string? type = method.ContainingType?.ContainingNamespace?.ToDisplayString() == "System.Threading" ? method.ContainingType.Name : null;
        if (type == "Interlocked" || (type == "Volatile" && method.Name.EndsWith("Barrier", System.StringComparison.Ordinal)) || (type == "Thread" && method.Name == "MemoryBarrier")) { return "an atomic"; }

        if (type is "Monitor" or "SpinLock" or "Lock" or "Mutex" or "SemaphoreSlim" or "ReaderWriterLockSlim" or "SpinWait") { return "a lock"; }

        if (method.MethodKind == MethodKind.DelegateInvoke) { return "a call through a delegate"; }

        return invocation.Instance is { } instance && IsIndirect(method, instance) ? "a virtual call" : null;
    }

    // Of a sealed type it is a direct one, of a type parameter that is a structure, too.
    private static bool IsIndirect(ISymbol member, IOperation instance) =>
        !member.IsStatic
        && (member.IsVirtual || member.IsAbstract || member.IsOverride)
        && !member.IsSealed
        && instance is not IInstanceReferenceOperation { Syntax.RawKind: (int)Microsoft.CodeAnalysis.CSharp.SyntaxKind.BaseExpression }
        && instance.Type is not ({ IsSealed: true } or { IsValueType: true });
}
