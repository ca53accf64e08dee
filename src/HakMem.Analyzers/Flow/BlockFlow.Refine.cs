using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.FlowAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace HakMem.Analyzers.Flow;

/// <content>What a condition tells of variables and blocks.</content>
internal sealed partial class BlockFlow
{
    // The state where the condition is as said; null when it cannot be.
    private FlowState? Refine(FlowState state, IOperation condition, bool holds)
    {
        switch (condition)
        {
            case { ConstantValue: { HasValue: true, Value: bool constant } }:
                return constant == holds ? state : null;
            case IParenthesizedOperation parenthesized:
                return Refine(state, parenthesized.Operand, holds);
            case IConversionOperation conversion:
                return Refine(state, conversion.Operand, holds);
            case IUnaryOperation { OperatorKind: UnaryOperatorKind.Not } not:
                return Refine(state, not.Operand, !holds);
            case ISimpleAssignmentOperation assignment:
                return Refine(state, assignment.Value, holds);
            case IBinaryOperation { OperatorKind: BinaryOperatorKind.Equals or BinaryOperatorKind.NotEquals } comparison:
                bool equal = holds == (comparison.OperatorKind == BinaryOperatorKind.Equals);
                if (comparison.RightOperand.ConstantValue is { HasValue: true, Value: bool right }) { return Refine(state, comparison.LeftOperand, equal == right); }

                Refuse(state, LoanOf(comparison.LeftOperand, state) ?? LoanOf(comparison.RightOperand, state));   // which of the two means success is not known
                if (IsNull(comparison.RightOperand)) { return RefineNull(state, comparison.LeftOperand, equal); }

                return IsNull(comparison.LeftOperand) ? RefineNull(state, comparison.RightOperand, equal) : state;
            case IBinaryOperation comparison:
                Refuse(state, LoanOf(comparison.LeftOperand, state) ?? LoanOf(comparison.RightOperand, state));
                return state;
            case IIsPatternOperation { Pattern: IConstantPatternOperation { Value.ConstantValue: { HasValue: true, Value: bool wanted } } } isPattern:
                return Refine(state, isPattern.Value, holds == wanted);
            case IIsNullOperation isNull:
                return RefineNull(state, isNull.Operand, holds);
            case IIsPatternOperation { Pattern: IConstantPatternOperation pattern } isPattern when IsNull(pattern.Value):
                return RefineNull(state, isPattern.Value, holds);
            case IIsPatternOperation { Pattern: INegatedPatternOperation { Pattern: IConstantPatternOperation pattern } } isPattern when IsNull(pattern.Value):
                return RefineNull(state, isPattern.Value, !holds);
            case IInvocationOperation invocation when AttemptOf(invocation) is { } attempt:
                return RefineAttempt(state, attempt, holds);
            case IIsPatternOperation isPattern:
                Refuse(state, LoanOf(isPattern.Value, state));
                return state;
            case IInvocationOperation or IAwaitOperation:
                if (!holds) { Refuse(state, LoanOf(condition, state)); }

                return state;
            case ILocalReferenceOperation { Local: { } local }:
                return RefineFlag(state, local, holds);
            default:
                return state;
        }
    }

    private static bool IsNull(IOperation operation) => operation switch
    {
        { ConstantValue: { HasValue: true, Value: null or 0 or 0L or 0U or 0UL } } => true,
        IConversionOperation conversion => IsNull(conversion.Operand),
        IDefaultValueOperation => true,
        IFieldReferenceOperation { Field: { IsStatic: true, Name: "Zero" } } => true,
        _ => false,
    };

    private FlowState? RefineNull(FlowState state, IOperation operand, bool isNull)
    {
        while (operand is IConversionOperation or IParenthesizedOperation) { operand = operand is IConversionOperation conversion ? conversion.Operand : ((IParenthesizedOperation)operand).Operand; }

        if (operand is ISimpleAssignmentOperation assignment) { operand = assignment.Target; }

        ISymbol? variable = VariableOf(operand);
        CaptureId? capture = operand is IFlowCaptureReferenceOperation reference ? reference.Id : null;
        if (capture is null && (variable is null || !IsTracked(variable))) { return state; }

        if (isNull && variable is not null) { state.ForgetFree(variable); }

        BlockValue value = capture is { } id ? state.Read(id) : state.Read(variable!);
        if (value.IsNull) { return isNull ? state : null; }

        if (value.OnlyBlock is not (>= 0 and int block))
        {
            if (isNull && variable is not null && IsTracked(variable) && value.Blocks != 0) { RefineNoneOf(state, variable, value); }

            return state;
        }

        BlockStates states = state[block].States;
        if (isNull)
        {
            bool failed = (states & BlockStates.Absent) != 0;
            if (!failed && !value.MayBeNull && _blocks[block].Family is { IsOurs: true }) { return null; }

            if (failed && !value.MayBeNull) { state[block] = new BlockStatus(BlockStates.Absent); }
            else if (failed && states == (BlockStates.Absent | BlockStates.Owned)) { state[block] = new BlockStatus(BlockStates.Absent); }

            value = BlockValue.Null;
        }
        else
        {
            if ((states & ~BlockStates.Absent) != 0) { state[block] = state[block].As(states & ~BlockStates.Absent); }

            value = value.WithoutNull();
        }

        if (capture is { } captured) { state.Write(captured, value); }

        if (variable is not null && IsTracked(variable)) { state.Refine(variable, value); }

        return state;
    }

    // Null is an address in none of the blocks that the variable could have been of: what only it knows was not allocated on this way.
    private void RefineNoneOf(FlowState state, ISymbol variable, BlockValue value)
    {
        for (int block = 0; block < _blocks.Count; block++)
        {
            if ((value.Blocks >> block & 1) != 0 && state[block].States == (BlockStates.Absent | BlockStates.Owned) && !state.IsKnown(block, variable)) { state[block] = new BlockStatus(BlockStates.Absent); }
        }

        state.Refine(variable, BlockValue.Null);
    }

    private static FlowState RefineAttempt(FlowState state, int block, bool succeeded)
    {
        BlockStates states = state[block].States;
        if (succeeded && (states & ~BlockStates.Absent) != 0) { state[block] = state[block].As(states & ~BlockStates.Absent); }
        else if (!succeeded)
        {
            state[block] = new BlockStatus(BlockStates.Absent);
            state.Miss(block);
        }

        return state;
    }

    private FlowState? RefineFlag(FlowState state, ISymbol local, bool holds)
    {
        if (!IsTracked(local)) { return state; }

        if (state.TryReadFlag(local, out int flag)) { return flag == 1 == holds ? state : null; }

        if (state.TryReadAnswer(local, out int block)) { return RefineAttempt(state, block, holds); }

        if (!holds && state.TryReadReply(local, out int loan)) { Refuse(state, loan); }

        state.WriteFlag(local, holds);
        return state;
    }

    // What returned false did not keep the block; that it did not when it returned true is then still to be shown.
    private void Refuse(FlowState state, int? refused)
    {
        if (refused is not { } loan) { return; }

        for (int block = 0; block < _blocks.Count; block++)
        {
            BlockStatus status = state[block];
            if ((status.Lent >> loan & 1) != 0) { state[block] = new BlockStatus(status.States, status.Frees, status.Lent, status.Refused | (1UL << loan)); }
        }
    }
}
