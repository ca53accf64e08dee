using System;
using System.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.FlowAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace HakMem.Analyzers.Flow;

/// <content>Calls: those of allocators, and all others.</content>
internal sealed partial class BlockFlow
{
    // First or later words of names of methods that keep what they are given.
    private static readonly string[] Keepers =
    [
        "Add", "Adopt", "Append", "Assign", "Attach", "Bind", "Cache", "Chain", "Commit", "Connect", "Create", "Delete", "Destroy", "Dispose", "Enqueue", "Exchange", "Free", "From", "Give", "Hook",
        "Init", "Initialize", "Insert", "Install", "Keep", "Link", "Move", "New", "Own", "Post", "Prepend", "Publish", "Push", "Put", "Queue", "Register", "Release", "Replace", "Return", "Save",
        "Schedule", "Send", "Set", "Splice", "Store", "Submit", "Take", "Track", "Transfer", "Wrap",
    ];

    private BlockValue Invoke(IInvocationOperation invocation, FlowState state)
    {
        BlockValue instance = invocation.Instance is { } target ? Evaluate(target, state) : BlockValue.Unknown;
        AllocatorCall? call = _types.Of(invocation.TargetMethod);
        if (call is not null && call.Role != CallRole.Borrow) { return CallAllocator(invocation, call, state); }

        bool borrows = call is not null || IsAtomic(invocation.TargetMethod) || (invocation.Instance is { } view && _types.IsView(view.Type));
        bool keeps = !borrows && Keeps(invocation.TargetMethod);
        BlockValue inside = instance;
        if (borrows && invocation.Instance is { } used) { Use(instance, used, state); }
        else if (!AllocatorTypes.IsAddress(invocation.TargetMethod.ContainingType) || !IsWide(invocation.TargetMethod.ReturnType)) { Share(state, instance); }   // an extension of the address's type, or another form of it

        MayRaise(state);
        foreach (IArgumentOperation argument in invocation.Arguments)
        {
            BlockValue value = argument.Parameter?.RefKind is null or RefKind.None ? Evaluate(argument, state) : AddressOf(argument.Value, state);
            if (argument.Parameter?.RefKind is RefKind.Out or RefKind.Ref && VariableOf(argument.Value) is { } written)
            {
                Write(written, BlockValue.Unknown, argument, state);
                continue;
            }

            if (value.Blocks == 0) { continue; }

            // Through a pointer, a reference or a view the callee reaches the block; a view it cannot keep. A number it may keep, and cannot follow.
            bool isView = _types.IsView(argument.Parameter?.Type), reaches = isView || argument.Parameter?.Type is IPointerTypeSymbol || argument.Parameter?.RefKind is not (null or RefKind.None);
            if (reaches) { Use(value, argument.Value, state); }

            if (borrows ? !reaches : !isView && (keeps || !Lend(value, invocation, state))) { Share(state, value); }

            inside = inside.Blocks == 0 ? value : inside.Join(value);
        }

        foreach (IArgumentOperation argument in invocation.Arguments.Where(static argument => argument.Parameter?.RefKind == RefKind.Out))
        {
            if (VariableOf(argument.Value) is { } told && IsTracked(told) && _loans.TryFind(invocation.Syntax, out int loan)) { state.WriteReply(told, loan); }
        }

        IMethodSymbol method = invocation.TargetMethod;
        _ends |= method.GetAttributes().Any(static attribute => attribute.AttributeClass is { Name: "DoesNotReturnAttribute" });
        bool returnsAddress = method.ReturnsByRef || method.ReturnType is IPointerTypeSymbol || _types.IsView(method.ReturnType) || (!borrows && IsWide(method.ReturnType));
        return returnsAddress && inside.Blocks != 0 ? inside.Join(BlockValue.Unknown).At(BlockOffset.Inside) : BlockValue.Unknown;
    }

    private bool IsInHandler()
    {
        for (ControlFlowRegion? region = _at.EnclosingRegion; region is not null; region = region.EnclosingRegion)
        {
            if (region.Kind is ControlFlowRegionKind.Catch or ControlFlowRegionKind.FilterAndHandler) { return true; }
        }

        return false;
    }

    // What they are given by value is published, what by reference is read or written.
    private static bool IsAtomic(IMethodSymbol method) => method.ContainingType is { Name: "Interlocked" or "Volatile", ContainingNamespace: { Name: "Threading", ContainingNamespace.Name: "System" } };

    private static bool Keeps(IMethodSymbol method)
    {
        if (method.MethodKind is MethodKind.DelegateInvoke or MethodKind.LocalFunction or MethodKind.Constructor || method.IsVirtual || method.IsAbstract || method.IsOverride) { return true; }

        return Keepers.Any(word =>
        {
            for (int at = method.Name.IndexOf(word, StringComparison.Ordinal); at >= 0; at = method.Name.IndexOf(word, at + 1, StringComparison.Ordinal))
            {
                int end = at + word.Length;
                if (end == method.Name.Length || !char.IsLower(method.Name[end])) { return true; }
            }

            return false;
        });
    }

    // To a call that may keep the block or not: what shows is whether this method frees it afterwards.
    private bool Lend(BlockValue value, IInvocationOperation invocation, FlowState state)
    {
        int loan = _loans.Of(invocation.Syntax, invocation.Syntax);
        if (loan < 0) { return false; }

        _lent |= value.Blocks;
        for (int block = 0; block < _blocks.Count; block++)
        {
            if ((value.Blocks >> block & 1) == 0) { continue; }

            BlockStatus status = state[block];
            state[block] = new BlockStatus(status.States, status.Frees, status.Lent | (1UL << loan), status.Refused & ~(1UL << loan));
        }

        return true;
    }

    private BlockValue CallAllocator(IInvocationOperation invocation, AllocatorCall call, FlowState state)
    {
        if (call.Role != CallRole.Free) { MayRaise(state); }

        IOperation? given = null;
        IArgumentOperation? result = null;
        BlockValue value = BlockValue.Unknown;
        foreach (IArgumentOperation argument in invocation.Arguments)
        {
            if (argument.Parameter?.RefKind == RefKind.Out)
            {
                result = argument;
                continue;
            }

            BlockValue passed = Evaluate(argument, state);
            if (argument.Parameter?.Ordinal != call.BlockArgument) { continue; }

            given = argument.Value;
            value = passed;
        }

        if (given is not null && call.Role != CallRole.TryRealloc) { Free(value, given, invocation, call, state); }

        if (call.Role == CallRole.TryRealloc) { Share(state, value); }

        if (call.Role == CallRole.Free) { return BlockValue.Unknown; }

        BlockValue made = call.Role == CallRole.TryRealloc ? BlockValue.Unknown : Make(invocation, call, state);
        if (call.Role is CallRole.Alloc or CallRole.Realloc) { return made; }

        if (result is null) { return BlockValue.Unknown; }

        if (invocation.Parent is IArgumentOperation) { Share(state, made); }   // whoever is told whether there is a block deals with it, as a test does that expects none

        if (VariableOf(result.Value) is { } variable) { Write(variable, made, result, state); }
        else if (result.Value is not IDiscardOperation)
        {
            _ = Evaluate(result.Value, state);
            Share(state, made);
        }

        return BlockValue.Unknown;
    }

    private BlockValue Make(IInvocationOperation invocation, AllocatorCall call, FlowState state)
    {
        int block = _blocks.Of(invocation.Syntax, new Origin(invocation.Syntax, call.Family!.Name + "." + invocation.TargetMethod.Name, call.Family));
        if (block < 0) { return BlockValue.Unknown; }

        LookForLast(invocation, block, state);

        state.Forget(block);
        state[block] = new BlockStatus(call.Role == CallRole.TryAlloc ? BlockStates.Owned | BlockStates.Absent : BlockStates.Owned);
        return BlockValue.Of(block);
    }

    // The block of the last round of a loop, when it may be the method's still and no other variable has it than the one that gets the new.
    private void LookForLast(IInvocationOperation invocation, int block, FlowState state)
    {
        BlockStatus last = state[block];
        bool isOwned = (last.States & ~BlockStates.Absent) == BlockStates.Owned || ((last.States & (BlockStates.Owned | BlockStates.Shared)) == BlockStates.Owned && (_carried >> block & 1) != 0 && ContinuesAfter(invocation.Syntax));
        if (!_looks || !isOwned || _blocks[block].Family is not { MustBeFreed: true } || IsConditional(invocation.Syntax, out bool inLoop) || !inLoop) { return; }

        ISymbol? target = TargetOf(invocation);
        if (!state.IsKnown(block, target) && (target is null || !state.TryReadFree(target, out _))) { _losses.Add(new Loss(block, last.Lent, invocation.Syntax, true)); }
    }

    // The variable that an expression is assigned to.
    private ISymbol? TargetOf(IOperation operation)
    {
        IOperation? outer = operation.Parent;
        while (outer is IConversionOperation or IParenthesizedOperation) { outer = outer.Parent; }

        return outer is ISimpleAssignmentOperation assignment ? VariableOf(assignment.Target) : null;
    }

    // Whether a place is reached in some rounds only of the loop around it, by what the syntax says.
    private static bool IsConditional(SyntaxNode node, out bool inLoop)
    {
        inLoop = false;
        SyntaxNode inner = node;
        for (SyntaxNode? outer = node.Parent; outer is not null; inner = outer, outer = outer.Parent)
        {
            switch (outer)
            {
                case WhileStatementSyntax or ForStatementSyntax or CommonForEachStatementSyntax or DoStatementSyntax:
                    inLoop = true;
                    if (EndsItself(outer)) { return true; }

                    return outer.DescendantNodes(static child => child is not (AnonymousFunctionExpressionSyntax or LocalFunctionStatementSyntax)).Any(jump =>
                        jump.SpanStart < node.SpanStart && jump is ContinueStatementSyntax or BreakStatementSyntax or GotoStatementSyntax or ReturnStatementSyntax or YieldStatementSyntax);
                case IfStatementSyntax condition when inner != condition.Condition:
                case SwitchStatementSyntax choice when inner != choice.Expression:
                case SwitchExpressionSyntax or ConditionalExpressionSyntax or CatchClauseSyntax or TryStatementSyntax:
                case BinaryExpressionSyntax { RawKind: (int)SyntaxKind.LogicalAndExpression or (int)SyntaxKind.LogicalOrExpression or (int)SyntaxKind.CoalesceExpression }:
                    return true;
                case MemberDeclarationSyntax or AnonymousFunctionExpressionSyntax or LocalFunctionStatementSyntax:
                    return false;
                default:
                    break;
            }
        }

        return false;
    }

    private static bool ContinuesAfter(SyntaxNode node) =>
        node.Ancestors().FirstOrDefault(static outer => outer is WhileStatementSyntax or ForStatementSyntax or CommonForEachStatementSyntax or DoStatementSyntax) is { } loop
        && loop.DescendantNodes().Any(jump => jump is ContinueStatementSyntax && jump.SpanStart > node.SpanStart);

    // Whether a variable of a loop's condition gets a constant in its body, or is waited for to be more than null and gets a value, so that there may be no next round.
    private static bool EndsItself(SyntaxNode loop)
    {
        ExpressionSyntax? condition = loop switch
        {
            WhileStatementSyntax statement => statement.Condition,
            DoStatementSyntax statement => statement.Condition,
            ForStatementSyntax statement => statement.Condition,
            _ => null,
        };
        string[] names = [.. condition?.DescendantNodesAndSelf().OfType<IdentifierNameSyntax>().Select(static name => name.Identifier.ValueText) ?? []];
        bool waits = condition?.DescendantNodesAndSelf().Any(static part => part is BinaryExpressionSyntax { RawKind: (int)SyntaxKind.EqualsExpression, Right: LiteralExpressionSyntax } or IsPatternExpressionSyntax) == true;
        return loop.DescendantNodes().OfType<AssignmentExpressionSyntax>().Any(assignment =>
            assignment.Left is IdentifierNameSyntax name && names.Contains(name.Identifier.ValueText) && (waits || assignment.Right is LiteralExpressionSyntax or DefaultExpressionSyntax or PrefixUnaryExpressionSyntax { Operand: LiteralExpressionSyntax }));
    }

    private void Free(BlockValue value, IOperation given, IInvocationOperation invocation, AllocatorCall call, FlowState state)
    {
        int free = _frees.Of(invocation.Syntax, invocation.Syntax);
        ulong site = free < 0 ? 0 : 1UL << free;
        if (_looks) { Judge(value, given, invocation, call, site, state); }

        if (free >= 0 && !IsNothing(value, state) && call.Family!.IsOurs && VariableOf(given) is { } variable and not ILocalSymbol { IsRef: true } && IsTracked(variable)) { state.WriteFree(variable, free); }

        bool only = value.OnlyBlock >= 0, inHandler = IsInHandler();   // what threw has not kept the block, whatever it does else
        _freed |= value.Blocks;
        for (int block = 0; block < _blocks.Count; block++)
        {
            if ((value.Blocks >> block & 1) == 0) { continue; }

            BlockStatus status = state[block];
            if (!inHandler) { _confirmed |= status.Lent & ~status.Refused; }

            if (status.States == BlockStates.Absent) { continue; }

            state[block] = only && (!value.MayBeNull || (status.States & BlockStates.Absent) != 0)
                ? new BlockStatus((status.States & BlockStates.Absent) | BlockStates.Freed, site)
                : new BlockStatus(status.States | BlockStates.Freed, status.Frees | site, status.Lent, status.Refused);
        }
    }

    // Whether a value is null here: so it is declared, or every block that it could be of was not allocated on this way.
    private bool IsNothing(BlockValue value, FlowState state) =>
        value.IsNull || (value.IsOfBlocks && Enumerable.Range(0, _blocks.Count).All(block => (value.Blocks >> block & 1) == 0 || state[block].States == BlockStates.Absent));

    // What is wrong with a free.
    private void Judge(BlockValue value, IOperation given, IInvocationOperation invocation, AllocatorCall call, ulong site, FlowState state)
    {
        string name = given.Syntax.ToString();
        if (value.IsOnStack && call.Family!.IsOurs)
        {
            _findings.Add(new BlockFinding(BlockFault.NoBlock, given.Syntax, null, name, "is on the stack"));
            return;
        }

        if (!value.IsOfBlocks && VariableOf(given) is null) { return; }

        Origin[] origins = [.. Enumerable.Range(0, _blocks.Count).Where(block => (value.Blocks >> block & 1) != 0).Select(block => _blocks[block])];
        if (value.IsOfBlocks && value.Offset == BlockOffset.Moved && call.Family!.IsOurs && origins.All(static origin => origin.Family is not null))
        {
            _findings.Add(new BlockFinding(BlockFault.NoBlock, given.Syntax, null, name, "is behind the start of its block"));
            return;
        }

        if (value.IsOfBlocks && origins.All(origin => origin.Family is { } family && !family.IsSame(call.Family!) && (family.IsOurs || call.Family!.IsOurs)))
        {
            _findings.Add(new BlockFinding(BlockFault.WrongAllocator, given.Syntax, origins[0].Syntax, name, origins[0].Name, call.Family!.Name + "." + invocation.TargetMethod.Name));
            return;
        }

        if (!call.Family!.IsOurs) { return; }

        bool isStart = value.Offset == BlockOffset.Start;
        if ((isStart || value.Blocks == 0) && IsFreed(value, given, state, out ulong frees))
        {
            SyntaxNode? before = frees == 0 ? null : _frees[BlockValue.NumberOf(frees)];
            bool again = (frees & site) != 0 && !IsConditional(invocation.Syntax, out _);
            _findings.Add(new BlockFinding(BlockFault.FreedTwice, given.Syntax, again ? null : before, name, again ? "is freed in each round of the loop" : before is null ? "was freed before" : "was freed in line " + LineOf(before)));
        }
        else if (isStart && value.OnlyBlock is >= 0 and int block && !value.MayBeNull && (state[block].Frees & site) != 0 && (state[block].States & BlockStates.Freed) != 0 && !IsConditional(invocation.Syntax, out bool inLoop) && inLoop)
        {
            _findings.Add(new BlockFinding(BlockFault.FreedTwice, given.Syntax, null, name, "is freed in each round of the loop"));
        }
    }

    // The number of the call that was lent a block, when an expression is what it returned or a variable that holds that.
    private int? LoanOf(IOperation operation, FlowState state)
    {
        while (operation is IConversionOperation or IParenthesizedOperation or IAwaitOperation)
        {
            operation = operation is IConversionOperation conversion ? conversion.Operand : operation is IAwaitOperation awaited ? awaited.Operation : ((IParenthesizedOperation)operation).Operand;
        }

        return operation switch
        {
            IInvocationOperation invocation when _loans.TryFind(invocation.Syntax, out int loan) => loan,
            ILocalReferenceOperation { Local: { } local } when state.TryReadReply(local, out int loan) => loan,
            _ => null,
        };
    }

    // The number of the block that is there when an attempt succeeds.
    private int? AttemptOf(IOperation operation) =>
        operation is IInvocationOperation invocation && _types.Of(invocation.TargetMethod) is { Role: CallRole.TryAlloc } call
            && _blocks.Of(invocation.Syntax, new Origin(invocation.Syntax, call.Family!.Name + "." + invocation.TargetMethod.Name, call.Family)) is >= 0 and int block
            ? block
            : null;
}
