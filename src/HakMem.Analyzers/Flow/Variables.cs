using System.Collections.Generic;
using System.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace HakMem.Analyzers.Flow;

/// <summary>Which variables of a function can be followed, and which of them are freed.</summary>
internal sealed class Variables
{
    private readonly HashSet<ISymbol> _untracked = new(SymbolEqualityComparer.Default);
    private readonly HashSet<ISymbol> _freed = new(SymbolEqualityComparer.Default);
    private readonly ISymbol _function;

    private Variables(ISymbol function) => _function = function;

    /// <summary>Whether anything is allocated or freed at all.</summary>
    public bool HasCalls { get; private set; }

    /// <summary>Whether all that happens to a variable is seen: it is the function's own, no other function sees it, and nobody has its address.</summary>
    public bool IsTracked(ISymbol variable) =>
        !_untracked.Contains(variable)
        && variable is ILocalSymbol or IParameterSymbol { RefKind: RefKind.None }
        && SymbolEqualityComparer.Default.Equals(variable.ContainingSymbol, _function);

    /// <summary>Whether a variable is given to a call that frees.</summary>
    public bool IsFreed(ISymbol variable) => _freed.Contains(variable) && IsTracked(variable);

    public static Variables Of(IOperation body, AllocatorTypes types, ISymbol function)
    {
        Variables variables = new(function);
        variables.Look(body, types, function is IMethodSymbol { MethodKind: MethodKind.LocalFunction or MethodKind.AnonymousFunction } ? null : function);
        return variables;
    }

    // Inside is the function that the operation is of, null while it is another.
    private void Look(IOperation operation, AllocatorTypes types, ISymbol? inside)
    {
        switch (operation)
        {
            case ILocalFunctionOperation local:
                inside = local.Symbol;
                break;
            case IAnonymousFunctionOperation lambda:
                inside = lambda.Symbol;
                break;
            case ILocalReferenceOperation { Local: { } variable } when !SymbolEqualityComparer.Default.Equals(variable.ContainingSymbol, inside):
                if (inside is not null) { _ = _untracked.Add(variable); }

                break;
            case IParameterReferenceOperation { Parameter: { } variable } when !SymbolEqualityComparer.Default.Equals(variable.ContainingSymbol, inside):
                if (inside is not null) { _ = _untracked.Add(variable); }

                break;
            case IAddressOfOperation { Reference: { } reference } when VariableOf(reference) is { } variable:
                _ = _untracked.Add(variable);
                break;
            case IArgumentOperation { Parameter.RefKind: not (RefKind.None or RefKind.Out) } argument when VariableOf(argument.Value) is { } variable:
                _ = _untracked.Add(variable);
                break;
            case IVariableDeclaratorOperation { Symbol.IsRef: true, Initializer.Value: { } value } when VariableOf(value) is { } variable:
                _ = _untracked.Add(variable);
                break;
            case ISimpleAssignmentOperation { IsRef: true, Value: { } value } when VariableOf(value) is { } variable:
                _ = _untracked.Add(variable);
                break;
            case IInvocationOperation invocation when types.Of(invocation.TargetMethod) is { Role: not CallRole.Borrow } call:
                HasCalls |= SymbolEqualityComparer.Default.Equals(inside, _function);
                if (call.BlockArgument >= 0 && invocation.Arguments.FirstOrDefault(argument => argument.Parameter?.Ordinal == call.BlockArgument) is { } freed
                    && VariableOf(freed.Value) is { } given)
                {
                    _ = _freed.Add(given);
                }

                break;
            default:
                break;
        }

        foreach (IOperation child in operation.ChildOperations) { Look(child, types, inside); }
    }

    /// <summary>The variable that an expression is, whatever it is converted to.</summary>
    public static ISymbol? VariableOf(IOperation? operation) => operation switch
    {
        IConversionOperation conversion => VariableOf(conversion.Operand),
        IParenthesizedOperation parenthesized => VariableOf(parenthesized.Operand),
        IDeclarationExpressionOperation declaration => VariableOf(declaration.Expression),
        ILocalReferenceOperation local => local.Local,
        IParameterReferenceOperation parameter => parameter.Parameter,
        _ => null,
    };
}
