using System;
using System.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace HakMem.Analyzers.Flow;

/// <content>Calls: those of allocators, and all others.</content>
internal sealed partial class BlockFlow
{
    // First or later words of names of methods that keep what they are given.
    private static readonly string[] Keepers =
    [
        "Add", "Adopt", "Append", "Assign", "Attach", "Bind", "Cache", "Create", "Delete", "Destroy", "Dispose", "Enqueue", "Exchange", "Free", "From", "Give", "Init", "Initialize", "Insert",
        "Keep", "New", "Own", "Post", "Publish", "Push", "Put", "Register", "Release", "Replace", "Return", "Send", "Set", "Store", "Take", "Track", "Transfer", "Wrap",
    ];

    private BlockValue Invoke(IInvocationOperation invocation, FlowState state)
    {
        BlockValue instance = invocation.Instance is { } target ? Evaluate(target, state) : BlockValue.Unknown;
        AllocatorCall? call = _types.Of(invocation.TargetMethod);
        if (call is not null && call.Role != CallRole.Borrow) { return CallAllocator(invocation, call, state); }

        bool borrows = call is not null || (invocation.Instance is { } view && _types.IsView(view.Type));
        bool keeps = !borrows && Keeps(invocation.TargetMethod);
        BlockValue inside = instance;
        if (borrows && invocation.Instance is { } used) { Use(instance, used, state); }

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

            Use(value, argument.Value, state);
            if (keeps || (!borrows && !Lend(value, invocation, state))) { Share(state, value); }

            inside = inside.Blocks == 0 ? value : inside.Join(value);
        }

        IMethodSymbol method = invocation.TargetMethod;
        bool returnsAddress = method.ReturnsByRef || method.ReturnType is IPointerTypeSymbol || _types.IsView(method.ReturnType) || (!borrows && AllocatorTypes.IsAddress(method.ReturnType));
        return returnsAddress && inside.Blocks != 0 ? inside.Join(BlockValue.Unknown).At(BlockOffset.Inside) : BlockValue.Unknown;
    }

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

        state.Forget(block);
        state[block] = new BlockStatus(call.Role == CallRole.TryAlloc ? BlockStates.Owned | BlockStates.Absent : BlockStates.Owned);
        return BlockValue.Of(block);
    }

    private void Free(BlockValue value, IOperation given, IInvocationOperation invocation, AllocatorCall call, FlowState state)
    {
        int free = _frees.Of(invocation.Syntax, invocation.Syntax);
        ulong site = free < 0 ? 0 : 1UL << free;
        if (_looks) { Judge(value, given, invocation, call, site, state); }

        if (free >= 0 && call.Family!.IsOurs && VariableOf(given) is { } variable && _variables.IsTracked(variable)) { state.WriteFree(variable, free); }

        bool only = value.OnlyBlock >= 0;
        _freed |= value.Blocks;
        for (int block = 0; block < _blocks.Count; block++)
        {
            if ((value.Blocks >> block & 1) == 0) { continue; }

            BlockStatus status = state[block];
            _confirmed |= status.Lent & ~status.Refused;
            state[block] = only
                ? new BlockStatus((status.States & BlockStates.Absent) | BlockStates.Freed, site)
                : new BlockStatus(status.States | BlockStates.Freed, status.Frees | site, status.Lent, status.Refused);
        }
    }

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

        if (value.IsOfBlocks && value.Offset == BlockOffset.Moved && call.Family!.IsOurs)
        {
            _findings.Add(new BlockFinding(BlockFault.NoBlock, given.Syntax, null, name, "is behind the start of its block"));
            return;
        }

        Origin[] origins = [.. Enumerable.Range(0, _blocks.Count).Where(block => (value.Blocks >> block & 1) != 0).Select(block => _blocks[block])];
        if (value.IsOfBlocks && origins.All(origin => origin.Family is { } family && !family.IsSame(call.Family!) && (family.IsOurs || call.Family!.IsOurs)))
        {
            _findings.Add(new BlockFinding(BlockFault.WrongAllocator, given.Syntax, origins[0].Syntax, name, origins[0].Name, call.Family!.Name + "." + invocation.TargetMethod.Name));
            return;
        }

        if (!call.Family!.IsOurs) { return; }

        if (IsFreed(value, given, state, out ulong frees))
        {
            SyntaxNode? before = frees == 0 ? null : _frees[BlockValue.NumberOf(frees)];
            bool again = (frees & site) != 0;
            _findings.Add(new BlockFinding(BlockFault.FreedTwice, given.Syntax, again ? null : before, name, again ? "is freed in each round of the loop" : before is null ? "was freed before" : "was freed in line " + LineOf(before)));
        }
        else if (value.OnlyBlock is >= 0 and int block && !value.MayBeNull && (state[block].Frees & site) != 0 && (state[block].States & BlockStates.Freed) != 0)
        {
            _findings.Add(new BlockFinding(BlockFault.FreedTwice, given.Syntax, null, name, "is freed in each round of the loop"));
        }
    }

    // The number of the block that is there when an attempt succeeds.
    private int? AttemptOf(IOperation operation) =>
        operation is IInvocationOperation invocation && _types.Of(invocation.TargetMethod) is { Role: CallRole.TryAlloc } call
            && _blocks.Of(invocation.Syntax, new Origin(invocation.Syntax, call.Family!.Name + "." + invocation.TargetMethod.Name, call.Family)) is >= 0 and int block
            ? block
            : null;
}
