using System.Collections.Generic;
using System.Linq;
using System.Runtime.CompilerServices;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace HakMem.Analyzers.Flow;

/// <summary>Which variables of a body's functions can be followed, which of them are freed, and which functions allocate or free.</summary>
internal sealed class Variables
{
    private readonly HashSet<ISymbol> _untracked = new(SymbolEqualityComparer.Default);
    private readonly HashSet<ISymbol> _freed = new(SymbolEqualityComparer.Default);
    private readonly HashSet<ISymbol> _callers = new(SymbolEqualityComparer.Default);

    private Variables()
    {
    }

    /// <summary>Whether a function allocates or frees at all.</summary>
    public bool Calls(ISymbol function) => _callers.Contains(function);

    /// <summary>Whether all that happens to a variable is seen: it is the function's own, no other function sees it, and nobody has its address.</summary>
    public bool IsTracked(ISymbol variable, ISymbol function) =>
        !_untracked.Contains(variable)
        && variable is ILocalSymbol or IParameterSymbol { RefKind: RefKind.None }
        && SymbolEqualityComparer.Default.Equals(variable.ContainingSymbol, function);

    /// <summary>Whether a variable is given to a call that frees.</summary>
    public bool IsFreed(ISymbol variable) => _freed.Contains(variable);

    public static Variables Of(IOperation body, AllocatorTypes types, ISymbol function)
    {
        Variables variables = new();
        variables.Look(body, types, function);
        return variables;
    }

    // Inside is the function that the operation is of.
    private void Look(IOperation operation, AllocatorTypes types, ISymbol inside)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        switch (operation)
        {
            case ILocalFunctionOperation local:
                inside = local.Symbol;
                break;
            case IAnonymousFunctionOperation lambda:
                inside = lambda.Symbol;
                break;
            case ILocalReferenceOperation { Local: { } variable } when !SymbolEqualityComparer.Default.Equals(variable.ContainingSymbol, inside):
                _ = _untracked.Add(variable);
                break;
            case IParameterReferenceOperation { Parameter: { } variable } when !SymbolEqualityComparer.Default.Equals(variable.ContainingSymbol, inside):
                _ = _untracked.Add(variable);
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
                _ = _callers.Add(inside);
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
