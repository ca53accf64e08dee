using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;
using System.Threading;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.FlowAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace HakMem.Analyzers.Flow;

/// <summary>
/// Follows the blocks of a method, or of a lambda or local function, along its ways. A block is told by the place that allocates it; what a way may do is added up until nothing
/// changes; then each place is looked at once more, and what is wrong there on every way is found. An exception that the method does not throw itself leads to its handlers and finally regions, but is no way out.
/// </summary>
internal sealed partial class BlockFlow
{
    private readonly ControlFlowGraph _graph;
    private readonly AllocatorTypes _types;
    private readonly ISymbol _function;
    private readonly Variables _variables;
    private readonly CancellationToken _cancellation;
    private readonly Numbers<Origin> _blocks = new(BlockValue.MaxBlocks);
    private readonly Numbers<SyntaxNode> _frees = new(64), _loans = new(64);
    private readonly Dictionary<CaptureId, ISymbol?> _captured = [];   // variables that are captured to be written; null where it is another each time
    private readonly List<BlockFinding> _findings = [];
    private readonly SortedDictionary<int, (int Last, FlowState State)> _entries = [];   // of finally regions, from all sides together
    private readonly List<Loss> _losses = [];
    private ulong _shared, _freed, _lent, _left;   // blocks that somebody else is ever given, that are freed anywhere, lent to a call, the method's where it ends
    private ulong _carried;                        // blocks that were the method's on a way back to the beginning of a loop
    private ulong _confirmed;                      // calls that only borrow
    private FlowState?[] _ins;
    private FlowState? _out;   // of a finally region
    private SortedSet<int>? _waiting;
    private readonly bool[] _visited;
    private BasicBlock _at;
    private int _first, _last;
    private bool _looks, _ends;   // it finds what is wrong; the rest of the block is never reached

    private BlockFlow(ControlFlowGraph graph, AllocatorTypes types, ISymbol function, Variables variables, CancellationToken cancellation)
    {
        _graph = graph;
        _types = types;
        _function = function;
        _variables = variables;
        _cancellation = cancellation;
        _ins = new FlowState?[graph.Blocks.Length];
        _visited = new bool[graph.Blocks.Length];
        _last = graph.Blocks.Length - 1;
        _at = graph.Blocks[0];
    }

    /// <summary>What is wrong in a body and in the functions inside it.</summary>
    public static ImmutableArray<BlockFinding> Find(ControlFlowGraph graph, IOperation body, AllocatorTypes types, ISymbol function, CancellationToken cancellation)
    {
        ImmutableArray<BlockFinding>.Builder found = ImmutableArray.CreateBuilder<BlockFinding>();
        Variables variables = Variables.Of(body, types, function);
        Visit(graph, function);
        return found.ToImmutable();

        void Visit(ControlFlowGraph inner, ISymbol owner)
        {
            if (variables.Calls(owner)) { found.AddRange(new BlockFlow(inner, types, owner, variables, cancellation).Run()); }

            foreach (IMethodSymbol local in inner.LocalFunctions) { Visit(inner.GetLocalFunctionControlFlowGraph(local, cancellation), local); }

            foreach (IFlowAnonymousFunctionOperation lambda in inner.Blocks.SelectMany(static block => block.Operations.Concat(block.BranchValue is { } value ? [value] : []))
                         .SelectMany(static operation => operation.DescendantsAndSelf()).OfType<IFlowAnonymousFunctionOperation>())
            {
                Visit(inner.GetAnonymousFunctionControlFlowGraph(lambda, cancellation), lambda.Symbol);
            }
        }
    }

    private IEnumerable<BlockFinding> Run()
    {
        FlowState state = new();
        foreach (IParameterSymbol parameter in (_function as IMethodSymbol)?.Parameters ?? [])
        {
            if (parameter.RefKind == RefKind.None && IsTracked(parameter) && _variables.IsFreed(parameter)) { state.Write(parameter, SomebodysBlock(state, parameter, parameter)); }
        }

        _ = RunRegion(0, _graph.Blocks.Length - 1, state, true);
        LookIntoFinally();
        FindLosses();
        return _findings;
    }

    // To the end of a stretch of blocks from its first, until nothing changes. Returns what a finally region leaves behind.
    private FlowState? RunRegion(int first, int last, FlowState state, bool looks)
    {
        (FlowState?[] ins, FlowState? end, int outerFirst, int outerLast, bool outerLooks, bool outerEnds, BasicBlock at) = (_ins, _out, _first, _last, _looks, _ends, _at);
        (_ins, _out, _first, _last, _looks) = (new FlowState?[_graph.Blocks.Length], null, first, last, false);
        _ins[first] = state;
        SortedSet<int> waiting = [first];
        while (waiting.Count != 0)
        {
            _cancellation.ThrowIfCancellationRequested();
            int next = waiting.Min;
            _ = waiting.Remove(next);
            _waiting = waiting;
            Pass(_graph.Blocks[next]);
        }

        if (looks)
        {
            _looks = true;
            _waiting = null;
            for (int i = first; i <= last; i++)
            {
                if (_ins[i] is not null) { Pass(_graph.Blocks[i]); }
            }
        }

        FlowState? result = _out;
        (_ins, _out, _first, _last, _looks, _ends, _at) = (ins, end, outerFirst, outerLast, outerLooks, outerEnds, at);
        return result;
    }

    // What is wrong in a finally region is so from whichever side it is entered; what is lost in it was found on the way. A region inside of another comes after it, and is entered from there once more.
    private void LookIntoFinally()
    {
        int losses = _losses.Count;
        for (int at = 0; _entries.Keys.Where(entry => entry > at).DefaultIfEmpty(-1).First() is > 0 and int next; at = next)
        {
            _waiting = null;
            _ = RunRegion(next, _entries[next].Last, _entries[next].State.Copy(), true);
        }

        _losses.RemoveRange(losses, _losses.Count - losses);
    }

    private bool IsTracked(ISymbol variable) => _variables.IsTracked(variable, _function);

    private void Pass(BasicBlock block)
    {
        _at = block;
        _ends = false;
        _visited[block.Ordinal] = true;
        FlowState state = _ins[block.Ordinal]!.Copy();
        SyntaxNode? where = null;
        foreach (IOperation operation in block.Operations)
        {
            _ = Evaluate(operation, state);
            if (_ends)
            {
                _visited[block.Ordinal] = false;
                return;
            }

            where = operation.Syntax;
            Sweep(state, where);
        }

        BlockValue value = block.BranchValue is { } branchValue ? Evaluate(branchValue, state) : BlockValue.Unknown;
        if (_ends) { return; }

        where = block.BranchValue?.Syntax ?? where;
        if (block.ConditionKind != ControlFlowConditionKind.None && block.BranchValue is { } condition)
        {
            bool jumps = block.ConditionKind == ControlFlowConditionKind.WhenTrue;
            if (block.ConditionalSuccessor is { } conditional && Refine(state.Copy(), condition, jumps) is { } taken) { Follow(conditional, taken, where); }

            if (block.FallThroughSuccessor is { } other && Refine(state, condition, !jumps) is { } passed) { Follow(other, passed, where); }
        }
        else if (block.FallThroughSuccessor is { } next)
        {
            if (next.Semantics is ControlFlowBranchSemantics.Return or ControlFlowBranchSemantics.Throw) { Share(state, value); }

            if (next.Semantics == ControlFlowBranchSemantics.Return && block.BranchValue is { } returned && _function is IMethodSymbol { RefKind: not RefKind.None }) { Share(state, AddressOf(returned, state)); }

            Follow(next, state, where);
        }
    }

    private void Follow(ControlFlowBranch branch, FlowState state, SyntaxNode? where)
    {
        switch (branch.Semantics)
        {
            case ControlFlowBranchSemantics.StructuredExceptionHandling when branch.Destination is null:
                if (_out is null) { _out = state; }
                else { _ = _out.Join(state); }

                return;
            case ControlFlowBranchSemantics.Throw:
                if (!Raise(state, out FlowState? thrown) && thrown is not null) { End(thrown, where); }

                return;
            case ControlFlowBranchSemantics.Regular or ControlFlowBranchSemantics.Return or ControlFlowBranchSemantics.StructuredExceptionHandling:
                break;
            default:
                return;
        }

        BasicBlock from = _at;
        foreach (ControlFlowRegion region in branch.FinallyRegions)
        {
            if (RunFinally(region, state) is not { } after) { return; }

            state = after;
        }

        _at = from;
        if (branch.Destination is not { } destination) { return; }

        if (destination.Kind == BasicBlockKind.Exit)
        {
            End(state, where);
            return;
        }

        foreach (ControlFlowRegion region in branch.LeavingRegions)
        {
            foreach (ILocalSymbol local in region.Locals) { state.Drop(local); }

            foreach (CaptureId capture in region.CaptureIds) { state.Drop(capture); }
        }

        if (where is not null) { Sweep(state, where); }

        if (destination.Ordinal <= from.Ordinal) { Carry(state); }

        Arrive(destination.Ordinal, state);
    }

    private void Carry(FlowState state)
    {
        for (int block = 0; block < _blocks.Count; block++)
        {
            if (state[block].States == BlockStates.Owned) { _carried |= 1UL << block; }
        }
    }

    private void Arrive(int block, FlowState state)
    {
        if (block < _first || block > _last || _waiting is null) { return; }

        bool changed = true;
        if (_ins[block] is { } before) { changed = before.Join(state); }
        else { _ins[block] = state.Copy(); }

        if (changed) { _ = _waiting.Add(block); }
    }

    private FlowState? RunFinally(ControlFlowRegion region, FlowState state)
    {
        SortedSet<int>? waiting = _waiting;
        int findings = _findings.Count;
        FlowState? after = RunRegion(region.FirstBlockOrdinal, region.LastBlockOrdinal, state.Copy(), _looks);
        if (_looks)
        {
            _findings.RemoveRange(findings, _findings.Count - findings);
            if (_entries.TryGetValue(region.FirstBlockOrdinal, out (int Last, FlowState State) entry)) { _ = entry.State.Join(state); }
            else { _entries.Add(region.FirstBlockOrdinal, (region.LastBlockOrdinal, state.Copy())); }
        }

        _waiting = waiting;
        return after;
    }

    // To the handlers around, through the finally regions before them. False when there is none: what is left behind then, or null when nothing is.
    private bool Raise(FlowState state, out FlowState? thrown)
    {
        thrown = state;
        for (ControlFlowRegion? region = _at.EnclosingRegion; region is not null; region = region.EnclosingRegion)
        {
            if (region.Kind != ControlFlowRegionKind.Try || region.EnclosingRegion is not { } whole) { continue; }

            if (whole.Kind == ControlFlowRegionKind.TryAndCatch)
            {
                foreach (ControlFlowRegion handler in whole.NestedRegions.Where(nested => nested != region)) { Arrive(handler.FirstBlockOrdinal, thrown); }

                return true;
            }

            BasicBlock from = _at;
            FlowState? after = RunFinally(whole.NestedRegions[1], thrown);
            _at = from;
            if (after is null)
            {
                thrown = null;
                return false;
            }

            thrown = after;
        }

        return false;
    }

    // Before a call that may throw, if anything in the method catches.
    private void MayRaise(FlowState state)
    {
        for (ControlFlowRegion? region = _at.EnclosingRegion; region is not null; region = region.EnclosingRegion)
        {
            if (region.Kind != ControlFlowRegionKind.Try || region.EnclosingRegion is not { Kind: ControlFlowRegionKind.TryAndCatch } whole) { continue; }

            // Whoever goes along a finally region for others leaves what is raised in it to the one who comes by.
            if (_waiting is null || whole.FirstBlockOrdinal < _first || whole.LastBlockOrdinal > _last) { return; }

            bool looks = _looks;
            _looks = false;
            _ = Raise(state.Copy(), out _);
            _looks = looks;
            return;
        }
    }

    private void End(FlowState state, SyntaxNode? where)
    {
        state.DropAll();
        for (int block = 0; block < _blocks.Count; block++)
        {
            if ((state[block].States & BlockStates.Owned) != 0) { _left |= 1UL << block; }
        }

        if (where is not null || _looks) { Sweep(state, where ?? _graph.OriginalOperation.Syntax); }
    }

    // A block that the method owns on every way here, and that no variable knows any more, is lost here. One that is freed and that none knows is past.
    private void Sweep(FlowState state, SyntaxNode where)
    {
        for (int block = 0; block < _blocks.Count; block++)
        {
            BlockStatus status = state[block];
            if (status.States == BlockStates.Freed && !state.IsKnown(block)) { state[block] = new BlockStatus(BlockStates.Absent); }

            if (status.States != BlockStates.Owned || _blocks[block].Family is not { MustBeFreed: true } || state.IsKnown(block)) { continue; }

            if (_looks) { _losses.Add(new Loss(block, status.Lent, where, false)); }

            state[block] = status.As(BlockStates.Shared);
        }
    }

    private void FindLosses()
    {
        HashSet<int> told = [];
        foreach (Loss loss in _losses)
        {
            if ((loss.Lent & ~_confirmed) == 0 && told.Add(loss.Block)) { Tell(loss.Block, loss.Where, loss.InRound); }
        }

        // Allocated on some ways only, but neither freed nor given away on any. What is reached by an exception alone is not looked at, and may free it.
        if (_graph.Blocks.Any(block => !_visited[block.Ordinal] && block.Operations.SelectMany(static operation => operation.DescendantsAndSelf()).OfType<IInvocationOperation>().Any(call => _types.Of(call.TargetMethod) is { BlockArgument: >= 0 }))) { return; }

        for (int block = 0; block < _blocks.Count; block++)
        {
            ulong bit = 1UL << block;
            if (_blocks[block].Family is { MustBeFreed: true } && ((_shared | _freed | _lent | ~_left) & bit) == 0 && told.Add(block)) { Tell(block, null, false); }
        }

        void Tell(int block, SyntaxNode? where, bool inRound)
        {
            Origin origin = _blocks[block];
            bool atOnce = !inRound && where is not null && where.Span.Contains(origin.Syntax.Span) && where.Span.Length <= origin.Syntax.Span.Length + 1;
            string how = inRound ? "lost in the next round of the loop" : atOnce ? "lost at once" : where is null ? "freed on no way" : "lost in line " + LineOf(where);
            _findings.Add(new BlockFinding(BlockFault.Lost, origin.Syntax, atOnce || inRound ? null : where, origin.Name, how));
        }
    }

    private static int LineOf(SyntaxNode node) => node.GetLocation().GetLineSpan().StartLinePosition.Line + 1;

    /// <summary>Where a block comes from: the call that allocates it, or for a block of somebody else the variable that holds it.</summary>
    private sealed class Origin(SyntaxNode syntax, string name, AllocatorFamily? family)
    {
        public SyntaxNode Syntax { get; } = syntax;

        public string Name { get; } = name;

        public AllocatorFamily? Family { get; } = family;
    }

    private sealed class Loss(int block, ulong lent, SyntaxNode where, bool inRound)
    {
        public bool InRound { get; } = inRound;

        public int Block { get; } = block;

        public ulong Lent { get; } = lent;

        public SyntaxNode Where { get; } = where;
    }

    /// <summary>Small numbers for things, up to a limit.</summary>
    private sealed class Numbers<T>(int most)
    {
        private readonly Dictionary<object, int> _numbers = [];
        private readonly List<T> _things = [];

        public int Count => _things.Count;

        public T this[int number] => _things[number];

        public bool TryFind(object key, out int number) => _numbers.TryGetValue(key, out number);

        public int Of(object key, T thing)
        {
            if (_numbers.TryGetValue(key, out int number)) { return number; }

            if (_things.Count == most) { return -1; }

            _things.Add(thing);
            _numbers.Add(key, _things.Count - 1);
            return _things.Count - 1;
        }
    }
}
