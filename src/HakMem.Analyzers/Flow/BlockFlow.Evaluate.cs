using System.Linq;
using System.Runtime.CompilerServices;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.FlowAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace HakMem.Analyzers.Flow;

/// <content>What an expression does to a state, and what it is. Whatever is not known here shares the blocks that it sees.</content>
internal sealed partial class BlockFlow
{
    private BlockValue Evaluate(IOperation operation, FlowState state)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        if (operation.ConstantValue is { HasValue: true } constant) { return constant.Value is null or 0 or 0L or 0U or 0UL ? BlockValue.Null : BlockValue.Unknown; }

        return operation switch
        {
            IExpressionStatementOperation statement => Evaluate(statement.Operation, state),
            IParenthesizedOperation parenthesized => Evaluate(parenthesized.Operand, state),
            IDeclarationExpressionOperation declaration => Evaluate(declaration.Expression, state),
            IArgumentOperation { Parameter.RefKind: RefKind.Out } argument when VariableOf(argument.Value) is { } written => WriteOut(written, argument, state),
            IArgumentOperation argument => Evaluate(argument.Value, state),
            IConversionOperation conversion => Convert(conversion, state),
            ILocalReferenceOperation { Local.IsRef: true } alias => ReadThrough(alias, state),
            ILocalReferenceOperation local => Read(local.Local, state),
            IParameterReferenceOperation parameter => Read(parameter.Parameter, state),
            IFlowCaptureOperation capture => Capture(capture, state),
            IFlowCaptureReferenceOperation reference => state.Read(reference.Id),
            IDefaultValueOperation => BlockValue.Null,
            IFieldReferenceOperation { Field: { IsStatic: true, Name: "Zero" } } => BlockValue.Null,
            IFieldReferenceOperation or IArrayElementReferenceOperation or IUnaryOperation or IIsNullOperation or ISizeOfOperation => Look(operation, state),
            IIsPatternOperation pattern => Match(pattern, state),
            IImplicitIndexerReferenceOperation indexer => Slice(indexer, state),
            IDeconstructionAssignmentOperation deconstruction => Deconstruct(deconstruction, state),
            IPropertyReferenceOperation property => ReadProperty(property, state),
            IAddressOfOperation address => AddressOf(address.Reference, state),
            IBinaryOperation binary => Combine(binary, state),
            ISimpleAssignmentOperation assignment => Assign(assignment, state),
            ICompoundAssignmentOperation assignment => Move(assignment.Target, assignment.OperatorKind, assignment.Value, state, false),
            IIncrementOrDecrementOperation { Kind: OperationKind.Increment } step => Move(step.Target, BinaryOperatorKind.Add, null, state, step.IsPostfix),
            IIncrementOrDecrementOperation step => Move(step.Target, BinaryOperatorKind.Subtract, null, state, step.IsPostfix),
            IInvocationOperation invocation => Invoke(invocation, state),
            IObjectCreationOperation creation => Create(creation, state),
            IFlowAnonymousFunctionOperation or INameOfOperation or IDiscardOperation => BlockValue.Unknown,
            { Kind: OperationKind.None } => Dereference(operation, state),
            _ => ShareAll(operation, state),
        };
    }

    private BlockValue WriteOut(ISymbol variable, IOperation at, FlowState state)
    {
        Write(variable, BlockValue.Unknown, at, state);
        return BlockValue.Unknown;
    }

    private BlockValue ShareAll(IOperation operation, FlowState state)
    {
        foreach (IOperation child in operation.ChildOperations) { Share(state, Evaluate(child, state)); }

        return BlockValue.Unknown;
    }

    private BlockValue Look(IOperation operation, FlowState state)
    {
        foreach (IOperation child in operation.ChildOperations) { _ = Evaluate(child, state); }

        return BlockValue.Unknown;
    }

    // The compiler has no operation for *p, p[i] and what p->x is a field of: they have the pointer as their first child. Nor for stackalloc, which has a count.
    private BlockValue Dereference(IOperation operation, FlowState state)
    {
        bool first = true;
        foreach (IOperation child in operation.ChildOperations)
        {
            BlockValue value = Evaluate(child, state);
            if (first && child.Type is IPointerTypeSymbol) { Use(value, child, state); }
            else if (!first) { Share(state, value); }

            first = false;
        }

        return operation.Syntax.RawKind == StackAllocKind || operation.Syntax.RawKind == ImplicitStackAllocKind ? BlockValue.OnStack : BlockValue.Unknown;
    }

    private const int StackAllocKind = (int)SyntaxKind.StackAllocArrayCreationExpression;
    private const int ImplicitStackAllocKind = (int)SyntaxKind.ImplicitStackAllocArrayCreationExpression;

    private BlockValue AddressOf(IOperation reference, FlowState state)
    {
        switch (reference)
        {
            case ILocalReferenceOperation { Local.IsRef: false } or IParameterReferenceOperation { Parameter.RefKind: RefKind.None }:
                return BlockValue.OnStack;
            case ILocalReferenceOperation { Local: { } alias }:
                return Read(alias, state);
            case IFieldReferenceOperation { Instance: { } instance }:
                return AddressOf(instance, state) is { IsOnStack: false } whole ? whole.At(BlockOffset.Inside) : BlockValue.OnStack;
            case IInvocationOperation { TargetMethod.ReturnsByRef: true }:
                return Evaluate(reference, state);
            case { Kind: OperationKind.None }:
                BlockValue? pointer = null;
                foreach (IOperation child in reference.ChildOperations)
                {
                    BlockValue value = Evaluate(child, state);
                    pointer ??= child.Type is IPointerTypeSymbol ? value : BlockValue.Unknown;
                }

                return (pointer ?? BlockValue.Unknown).At(BlockOffset.Inside);
            default:
                _ = Evaluate(reference, state);
                return BlockValue.Unknown;
        }
    }

    private BlockValue Convert(IConversionOperation conversion, FlowState state)
    {
        BlockValue value = Evaluate(conversion.Operand, state);
        if (IsCarrier(conversion.Type)) { return value; }

        Share(state, value);   // a handle, a tagged or shortened address: nobody knows what becomes of it
        return BlockValue.Unknown;
    }

    // Whether a value of the type may be an address, whole, or a view of memory.
    private bool IsCarrier(ITypeSymbol? type) =>
        IsWide(type) || _types.IsView(type) || (type is INamedTypeSymbol { OriginalDefinition.SpecialType: SpecialType.System_Nullable_T } nullable && IsWide(nullable.TypeArguments[0]));

    private static bool IsWide(ITypeSymbol? type) => AllocatorTypes.IsAddress(type) || type?.SpecialType is SpecialType.System_Int64 or SpecialType.System_UInt64;

    private BlockValue ReadThrough(ILocalReferenceOperation alias, FlowState state)
    {
        BlockValue value = Read(alias.Local, state);
        Use(value, alias, state);
        return BlockValue.Unknown;
    }

    private BlockValue Match(IIsPatternOperation pattern, FlowState state)
    {
        BlockValue value = Evaluate(pattern.Value, state);
        if (pattern.Pattern.DescendantsAndSelf().Any(static part => part is IDeclarationPatternOperation or IRecursivePatternOperation or IListPatternOperation)) { Share(state, value); }

        return BlockValue.Unknown;
    }

    private BlockValue Slice(IImplicitIndexerReferenceOperation indexer, FlowState state)
    {
        BlockValue value = Evaluate(indexer.Instance, state);
        Share(state, Evaluate(indexer.Argument, state));
        if (_types.IsView(indexer.Instance.Type)) { Use(value, indexer.Instance, state); }

        return IsCarrier(indexer.Type) ? value.At(BlockOffset.Inside) : BlockValue.Unknown;
    }

    private BlockValue Deconstruct(IDeconstructionAssignmentOperation deconstruction, FlowState state)
    {
        Share(state, Evaluate(deconstruction.Value, state));
        foreach (IOperation target in deconstruction.Target.DescendantsAndSelf())
        {
            if (VariableOf(target) is { } variable && target is not IConversionOperation) { Write(variable, BlockValue.Unknown, target, state); }
        }

        return BlockValue.Unknown;
    }

    private BlockValue Read(ISymbol variable, FlowState state)
    {
        BlockValue value = IsTracked(variable) ? state.Read(variable) : BlockValue.Unknown;
        return variable is ILocalSymbol { IsRef: true } ? value.At(BlockOffset.Inside) : value;
    }

    private BlockValue Capture(IFlowCaptureOperation capture, FlowState state)
    {
        ISymbol? variable = capture.Value is ILocalReferenceOperation or IParameterReferenceOperation ? Variables.VariableOf(capture.Value) : null;
        bool same = !_captured.TryGetValue(capture.Id, out ISymbol? before) || SymbolEqualityComparer.Default.Equals(before, variable);
        _captured[capture.Id] = same ? variable : null;   // of one of several it is none
        state.Write(capture.Id, Evaluate(capture.Value, state));
        return BlockValue.Unknown;
    }

    private BlockValue ReadProperty(IPropertyReferenceOperation property, FlowState state)
    {
        BlockValue value = property.Instance is { } instance ? Evaluate(instance, state) : BlockValue.Unknown;
        foreach (IArgumentOperation argument in property.Arguments) { Share(state, Evaluate(argument, state)); }

        if (property.Arguments.Length != 0 && property.Instance is { } view && _types.IsView(view.Type)) { Use(value, view, state); }

        return IsCarrier(property.Type) || property.Property.ReturnsByRef ? value.At(BlockOffset.Inside) : BlockValue.Unknown;
    }

    private BlockValue Combine(IBinaryOperation binary, FlowState state)
    {
        BlockValue left = Evaluate(binary.LeftOperand, state), right = Evaluate(binary.RightOperand, state);
        if (binary.LeftOperand.Type is IPointerTypeSymbol && binary.RightOperand.Type is IPointerTypeSymbol)
        {
            if (binary.OperatorKind == BinaryOperatorKind.Subtract && left.Blocks != right.Blocks) { Share(state, left.Join(right)); }   // an offset, from which the address is made again

            return BlockValue.Unknown;
        }

        if (!IsWide(binary.Type)) { return BlockValue.Unknown; }

        if (right.Blocks == 0 && left.Blocks != 0) { return left.At(OffsetAfter(left, binary.OperatorKind, binary.RightOperand)); }

        if (left.Blocks == 0 && right.Blocks != 0) { return right.At(OffsetAfter(right, binary.OperatorKind, binary.LeftOperand)); }

        return left.Blocks == 0 ? BlockValue.Unknown : left.Join(right).At(BlockOffset.Inside);
    }

    private static BlockOffset OffsetAfter(BlockValue before, BinaryOperatorKind kind, IOperation? by)
    {
        while (by is IConversionOperation conversion) { by = conversion.Operand; }

        bool moves = by is null or ISizeOfOperation || (by.ConstantValue is { HasValue: true, Value: { } value } && value is (> 0 and int) or (> 0L and long) or (> 0U and uint) or (> 0UL and ulong));
        return moves && kind == BinaryOperatorKind.Add && before.Offset != BlockOffset.Inside ? BlockOffset.Moved : BlockOffset.Inside;
    }

    private BlockValue Move(IOperation target, BinaryOperatorKind kind, IOperation? by, FlowState state, bool isPostfix)
    {
        if (by is not null) { Share(state, Evaluate(by, state)); }

        BlockValue before = Evaluate(target, state), after = before.Blocks == 0 ? before : before.At(OffsetAfter(before, kind, by));
        if (VariableOf(target) is { } variable) { Write(variable, IsWide(target.Type) ? after : BlockValue.Unknown, target, state); }

        return isPostfix ? before : after;
    }

    private ISymbol? VariableOf(IOperation target) => target is IFlowCaptureReferenceOperation reference
        ? _captured.TryGetValue(reference.Id, out ISymbol? captured) ? captured : null
        : Variables.VariableOf(target);

    private BlockValue Assign(ISimpleAssignmentOperation assignment, FlowState state)
    {
        ISymbol? variable = VariableOf(assignment.Target);
        if (variable is null && assignment.Target is not IDiscardOperation) { _ = Evaluate(assignment.Target, state); }

        BlockValue value = assignment.IsRef ? AddressOf(assignment.Value, state) : Evaluate(assignment.Value, state);
        if (variable is ILocalSymbol { IsRef: true } && !assignment.IsRef)
        {
            Use(Read(variable, state), assignment.Target, state);
            variable = null;
        }

        if (variable is not null) { Write(variable, value, assignment, state); }
        else if (assignment.Target is not IDiscardOperation) { Share(state, value); }

        if (variable is not null && IsTracked(variable)) { Note(variable, assignment.Value, state); }

        return value;
    }

    // What a variable tells that is no address.
    private void Note(ISymbol variable, IOperation value, FlowState state)
    {
        if (AttemptOf(value) is { } attempt) { state.WriteAnswer(variable, attempt); }
        else if (LoanOf(value, state) is { } loan) { state.WriteReply(variable, loan); }
        else if (value.ConstantValue is { HasValue: true, Value: bool flag }) { state.WriteFlag(variable, flag); }
    }

    private void Write(ISymbol variable, BlockValue value, IOperation at, FlowState state)
    {
        if (!IsTracked(variable))
        {
            Share(state, value);
            return;
        }

        bool unknown = value.Blocks == 0 && !value.IsNull && !value.IsOnStack;
        if (unknown && _variables.IsFreed(variable) && TypeOf(variable) is IPointerTypeSymbol) { value = SomebodysBlock(state, variable, at.Syntax); }

        state.Write(variable, value);
    }

    private static ITypeSymbol? TypeOf(ISymbol variable) => variable switch
    {
        ILocalSymbol local => local.Type,
        IParameterSymbol parameter => parameter.Type,
        _ => null,
    };

    // What a variable holds that is freed here and comes from elsewhere: nobody knows whose it is, but freed twice it may not be.
    private BlockValue SomebodysBlock(FlowState state, ISymbol variable, object key)
    {
        int block = _blocks.Of(key, new Origin(key as SyntaxNode ?? _graph.OriginalOperation.Syntax, variable.Name, null));
        if (block < 0) { return BlockValue.Unknown; }

        state.Forget(block);
        state[block] = new BlockStatus(BlockStates.Shared);
        return BlockValue.Of(block);
    }

    private BlockValue Create(IObjectCreationOperation creation, FlowState state)
    {
        MayRaise(state);
        BlockValue viewed = BlockValue.Unknown;
        foreach (IArgumentOperation argument in creation.Arguments)
        {
            BlockValue value = argument.Parameter?.RefKind is null or RefKind.None or RefKind.Out ? Evaluate(argument, state) : AddressOf(argument.Value, state);
            if (!_types.IsView(creation.Type))
            {
                if (argument.Parameter?.Type is IPointerTypeSymbol) { Use(value, argument.Value, state); }

                Share(state, value);
            }
            else if (value.Blocks != 0)
            {
                Use(value, argument.Value, state);
                viewed = AreFreed(value, state, out _) ? BlockValue.Unknown : value.At(BlockOffset.Inside);
            }
        }

        if (creation.Initializer is { } initializer) { _ = ShareAll(initializer, state); }

        return viewed;
    }

    private void Share(FlowState state, BlockValue value)
    {
        _shared |= value.Blocks;
        for (int block = 0; block < _blocks.Count; block++)
        {
            BlockStates states = state[block].States;
            if ((value.Blocks >> block & 1) != 0 && (states & BlockStates.Owned) != 0) { state[block] = state[block].As((states & ~BlockStates.Owned) | BlockStates.Shared); }
        }
    }

    private void Use(BlockValue value, IOperation at, FlowState state)
    {
        if (!_looks || !IsFreed(value, at, state, out ulong frees)) { return; }

        SyntaxNode? free = frees == 0 ? null : _frees[BlockValue.NumberOf(frees)];
        _findings.Add(new BlockFinding(BlockFault.UsedAfterFree, at.Syntax, free, at.Syntax.ToString(), free is null ? "before" : "in line " + LineOf(free)));
    }

    private bool IsFreed(BlockValue value, IOperation at, FlowState state, out ulong frees)
    {
        if (VariableOf(at) is { } variable && state.TryReadFree(variable, out int free))
        {
            frees = 1UL << free;
            return true;
        }

        return AreFreed(value, state, out frees);
    }

    // Whether a value is an address in blocks that are freed on every way here.
    private bool AreFreed(BlockValue value, FlowState state, out ulong frees)
    {
        frees = 0;
        if (!value.IsOfBlocks || value.MayBeNull) { return false; }

        for (int block = 0; block < _blocks.Count; block++)
        {
            if ((value.Blocks >> block & 1) == 0) { continue; }

            if (state[block].States != BlockStates.Freed || _blocks[block].Family is { IsOurs: false }) { return false; }

            frees |= state[block].Frees;
        }

        return true;
    }
}
