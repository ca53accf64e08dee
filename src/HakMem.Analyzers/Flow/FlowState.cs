using System;
using System.Collections.Generic;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.FlowAnalysis;

namespace HakMem.Analyzers.Flow;

/// <summary>What a block may be at a place in a method.</summary>
[Flags]
internal enum BlockStates
{
    /// <summary>Nothing is known: no way here has been seen.</summary>
    None = 0,

    /// <summary>Not allocated, or the allocation failed.</summary>
    Absent = 1,

    /// <summary>Allocated, and the method's to free.</summary>
    Owned = 2,

    /// <summary>Freed.</summary>
    Freed = 4,

    /// <summary>Known to others, who may free it.</summary>
    Shared = 8,
}

/// <summary>What is known of a block at a place: its states, the frees that led there, and the calls that it was passed to.</summary>
internal readonly struct BlockStatus(BlockStates states, ulong frees = 0, ulong lent = 0, ulong refused = 0) : IEquatable<BlockStatus>
{
    public BlockStates States { get; } = states;

    /// <summary>By their numbers.</summary>
    public ulong Frees { get; } = frees;

    /// <summary>By their numbers.</summary>
    public ulong Lent { get; } = lent;

    /// <summary>Those of <see cref="Lent"/> that returned false on the way here: what takes a block over tells so by true.</summary>
    public ulong Refused { get; } = refused;

    public BlockStatus Join(BlockStatus other) => new(States | other.States, Frees | other.Frees, Lent | other.Lent, Refused | other.Refused);

    public BlockStatus As(BlockStates states) => new(states, Frees, Lent, Refused);

    public bool Equals(BlockStatus other) => States == other.States && Frees == other.Frees && Lent == other.Lent && Refused == other.Refused;

    public override bool Equals(object? obj) => obj is BlockStatus other && Equals(other);

    public override int GetHashCode() => (int)States ^ Frees.GetHashCode();
}

/// <summary>What variables and blocks may be at a place in a method. A variable that is not in it has no value there.</summary>
internal sealed class FlowState
{
    private readonly Dictionary<ISymbol, BlockValue> _variables;
    private readonly Dictionary<CaptureId, BlockValue> _captures;
    private readonly Dictionary<ISymbol, int> _answers;   // of attempts: the number of the block that is there if the variable is true
    private readonly Dictionary<ISymbol, int> _frees;     // of variables that were freed and are as they were: the number of the free
    private readonly Dictionary<ISymbol, int> _replies;   // of calls that were lent a block: the number of the call
    private readonly Dictionary<ISymbol, int> _flags;     // that are constant: 0 or 1
    private readonly BlockStatus[] _blocks;

    public FlowState()
    {
        _variables = new(SymbolEqualityComparer.Default);
        _captures = [];
        _answers = new(SymbolEqualityComparer.Default);
        _frees = new(SymbolEqualityComparer.Default);
        _replies = new(SymbolEqualityComparer.Default);
        _flags = new(SymbolEqualityComparer.Default);
        _blocks = new BlockStatus[BlockValue.MaxBlocks];
        for (int i = 0; i < _blocks.Length; i++) { _blocks[i] = new BlockStatus(BlockStates.Absent); }
    }

    private FlowState(FlowState other)
    {
        _variables = new(other._variables, SymbolEqualityComparer.Default);
        _captures = new(other._captures);
        _answers = new(other._answers, SymbolEqualityComparer.Default);
        _frees = new(other._frees, SymbolEqualityComparer.Default);
        _replies = new(other._replies, SymbolEqualityComparer.Default);
        _flags = new(other._flags, SymbolEqualityComparer.Default);
        _blocks = (BlockStatus[])other._blocks.Clone();
    }

    public FlowState Copy() => new(this);

    public BlockStatus this[int block]
    {
        get => _blocks[block];
        set => _blocks[block] = value;
    }

    public BlockValue Read(ISymbol variable) => _variables.TryGetValue(variable, out BlockValue value) ? value : BlockValue.Unknown;

    public BlockValue Read(CaptureId capture) => _captures.TryGetValue(capture, out BlockValue value) ? value : BlockValue.Unknown;

    public void Write(ISymbol variable, BlockValue value)
    {
        ForgetAbout(variable);
        _variables[variable] = value;
    }

    /// <summary>What is known better of what a variable holds as before.</summary>
    public void Refine(ISymbol variable, BlockValue value) => _variables[variable] = value;

    public void Write(CaptureId capture, BlockValue value) => _captures[capture] = value;

    public void WriteAnswer(ISymbol variable, int block) => _answers[variable] = block;

    public void WriteReply(ISymbol variable, int loan) => _replies[variable] = loan;

    public bool TryReadReply(ISymbol variable, out int loan) => _replies.TryGetValue(variable, out loan);

    public void WriteFlag(ISymbol variable, bool value) => _flags[variable] = value ? 1 : 0;

    public bool TryReadFlag(ISymbol variable, out int value) => _flags.TryGetValue(variable, out value);

    public void WriteFree(ISymbol variable, int free) => _frees[variable] = free;

    /// <summary>On this way the variable is null: what was freed was nothing.</summary>
    public void ForgetFree(ISymbol variable) => _frees.Remove(variable);

    public bool TryReadFree(ISymbol variable, out int free) => _frees.TryGetValue(variable, out free);

    public bool TryReadAnswer(ISymbol variable, out int block) => _answers.TryGetValue(variable, out block);

    public void Drop(ISymbol variable)
    {
        ForgetAbout(variable);
        _ = _variables.Remove(variable);
    }

    private void ForgetAbout(ISymbol variable)
    {
        _ = _answers.Remove(variable);
        _ = _frees.Remove(variable);
        _ = _replies.Remove(variable);
        _ = _flags.Remove(variable);
    }

    public void Drop(CaptureId capture) => _captures.Remove(capture);

    public void DropAll()
    {
        _variables.Clear();
        _captures.Clear();
        _answers.Clear();
        _frees.Clear();
        _replies.Clear();
        _flags.Clear();
    }

    /// <summary>Whether a variable, but for one, may hold an address in a block.</summary>
    public bool IsKnown(int block, ISymbol? but = null)
    {
        ulong bit = 1UL << block;
        foreach (KeyValuePair<ISymbol, BlockValue> variable in _variables)
        {
            if ((variable.Value.Blocks & bit) != 0 && !SymbolEqualityComparer.Default.Equals(variable.Key, but)) { return true; }
        }

        foreach (BlockValue value in _captures.Values)
        {
            if ((value.Blocks & bit) != 0) { return true; }
        }

        return false;
    }

    /// <summary>A block is not there on this way: what could hold nothing else is null.</summary>
    public void Miss(int block)
    {
        List<ISymbol>? holders = null;
        foreach (KeyValuePair<ISymbol, BlockValue> variable in _variables)
        {
            if (variable.Value.OnlyBlock == block) { (holders ??= []).Add(variable.Key); }
        }

        foreach (ISymbol holder in holders ?? []) { _variables[holder] = BlockValue.Null; }
    }

    /// <summary>A block comes anew from where it came before: what holds the old one holds anything.</summary>
    public void Forget(int block)
    {
        ulong bit = 1UL << block;
        Replace(_variables, bit, block);
        Replace(_captures, bit, block);
    }

    /// <summary>Adds what may be on another way to the same place. Returns whether that is new.</summary>
    public bool Join(FlowState other)
    {
        bool changed = Join(_variables, other._variables) | Join(_captures, other._captures);
        for (int i = 0; i < _blocks.Length; i++)
        {
            BlockStatus joined = _blocks[i].Join(other._blocks[i]);
            if (joined.Equals(_blocks[i])) { continue; }

            _blocks[i] = joined;
            changed = true;
        }

        return Meet(_answers, other._answers, true) | Meet(_frees, other._frees, false) | Meet(_replies, other._replies, true) | Meet(_flags, other._flags, true) | changed;
    }

    // Keeps what is known on both ways.
    private static bool Meet(Dictionary<ISymbol, int> numbers, Dictionary<ISymbol, int> others, bool same)
    {
        List<ISymbol>? gone = null;
        foreach (KeyValuePair<ISymbol, int> number in numbers)
        {
            if (!others.TryGetValue(number.Key, out int other) || (same && other != number.Value)) { (gone ??= []).Add(number.Key); }
        }

        foreach (ISymbol variable in gone ?? []) { _ = numbers.Remove(variable); }

        return gone is not null;
    }

    private static bool Join<TKey>(Dictionary<TKey, BlockValue> values, Dictionary<TKey, BlockValue> others)
        where TKey : notnull
    {
        bool changed = false;
        foreach (KeyValuePair<TKey, BlockValue> other in others)
        {
            BlockValue joined = values.TryGetValue(other.Key, out BlockValue value) ? value.Join(other.Value) : other.Value;
            if (values.ContainsKey(other.Key) && joined.Equals(value)) { continue; }

            values[other.Key] = joined;
            changed = true;
        }

        return changed;
    }

    private static void Replace<TKey>(Dictionary<TKey, BlockValue> values, ulong bit, int block)
        where TKey : notnull
    {
        List<TKey>? holders = null;
        foreach (KeyValuePair<TKey, BlockValue> value in values)
        {
            if ((value.Value.Blocks & bit) != 0) { (holders ??= []).Add(value.Key); }
        }

        if (holders is null) { return; }

        foreach (TKey holder in holders) { values[holder] = values[holder].WithoutBlock(block); }
    }
}
