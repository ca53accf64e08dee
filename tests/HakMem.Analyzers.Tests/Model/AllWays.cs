using System;
using System.Collections.Generic;
using System.Linq;

namespace HakMem.Analyzers.Tests;

/// <summary>Runs a random method along every way that it has, each loop a few times, and notes what becomes of the blocks: what a rule may report and what it may not.</summary>
internal sealed class AllWays
{
    private const int MostChoices = 14, MostSteps = 300;

    private readonly Dictionary<int, (int Live, int Dead)> _frees = [], _uses = [];   // by lines: of how many ways the block was there, and was freed before
    private readonly HashSet<int> _lost = [], _reached = [];
    private readonly List<bool> _choices = [];
    private readonly List<Block> _blocks = [];
    private readonly int[] _values = new int[RandomMethod.Variables];   // numbers of blocks; 0 is null
    private readonly bool[] _flags = new bool[RandomMethod.Flags];
    private int _next, _steps;
    private bool _stopped;

    private AllWays()
    {
    }

    private enum Leaves
    {
        Normally,
        ByBreak,
        ByContinue,
        ByReturn,
        Never,
    }

    /// <summary>Whether ways were cut short, so that a loss may be on one of those.</summary>
    public bool IsCut { get; private set; }

    public static AllWays Of(RandomMethod method)
    {
        AllWays ways = new();
        do { ways.WalkOnce(method.Body); }
        while (ways.NextWay());

        return ways;
    }

    /// <summary>Whether a report is true: that of a free or use on all ways there, that of a loss on one.</summary>
    public bool Confirms(string id, int line, bool inLoop)
    {
        if (!_reached.Contains(line)) { return true; }   // only in a round that was cut off, or never

        return id switch
        {
            "HKM1001" => IsCut || _lost.Contains(line),
            "HKM1002" => _frees.TryGetValue(line, out (int Live, int Dead) free) && (inLoop ? IsCut || free.Dead != 0 : free.Live == 0),
            "HKM1003" => !_uses.TryGetValue(line, out (int Live, int Dead) use) || use.Live == 0,
            _ => false,
        };
    }

    /// <summary>The lines of allocations whose blocks are lost on a way.</summary>
    public IReadOnlyCollection<int> Lost => _lost;

    private bool NextWay()
    {
        _choices.RemoveRange(_next, _choices.Count - _next);
        while (_choices.Count != 0 && _choices[^1]) { _choices.RemoveAt(_choices.Count - 1); }

        if (_choices.Count == 0) { return false; }

        _choices[^1] = true;
        return true;
    }

    private void WalkOnce(List<Statement> body)
    {
        (_next, _steps, _stopped) = (0, 0, false);
        _blocks.Clear();
        _blocks.Add(new Block(0));
        Array.Clear(_values);
        Array.Clear(_flags);
        if (Run(body) == Leaves.Never) { return; }

        Array.Clear(_values);
        Sweep();
    }

    private bool Choose()
    {
        if (_next == MostChoices)
        {
            _stopped = IsCut = true;
            return false;
        }

        if (_next == _choices.Count) { _choices.Add(false); }

        return _choices[_next++];
    }

    private Leaves Run(List<Statement> body)
    {
        foreach (Statement statement in body)
        {
            Leaves leaves = Run(statement);
            if (_stopped) { return Leaves.Never; }

            if (leaves != Leaves.Normally) { return leaves; }
        }

        return Leaves.Normally;
    }

    private Leaves Run(Statement statement)
    {
        if (++_steps > MostSteps) { _stopped = IsCut = true; }

        if (_stopped) { return Leaves.Never; }

        Leaves leaves = Step(statement);
        Sweep();
        return leaves;
    }

    private Leaves Step(Statement statement)
    {
        int line = statement.Line;
        if (statement.Step is not (Tests.Step.DoWhile or Tests.Step.TryFinally)) { _ = _reached.Add(line); }

        ref int to = ref _values[statement.To];
        switch (statement.Step)
        {
            case Tests.Step.Alloc:
                to = Make(line);
                break;
            case Tests.Step.Null:
                to = 0;
                break;
            case Tests.Step.Copy:
                to = _values[statement.From];
                break;
            case Tests.Step.Realloc:
                Free(_values[statement.From], line);
                to = Make(line);
                break;
            case Tests.Step.Free:
                Free(to, line);
                break;
            case Tests.Step.Use:
                Note(_uses, to, line);
                break;
            case Tests.Step.Keep:
                _blocks[to].IsShared = true;
                break;
            case Tests.Step.SetFlag or Tests.Step.ClearFlag:
                _flags[statement.To] = statement.Step == Tests.Step.SetFlag;
                break;
            case Tests.Step.Break:
                return Choose() ? Leaves.ByBreak : Leaves.Normally;
            case Tests.Step.Continue:
                return Choose() ? Leaves.ByContinue : Leaves.Normally;
            case Tests.Step.Return:
                if (!Choose()) { break; }

                _blocks[to].IsShared = true;
                return Leaves.ByReturn;
            case Tests.Step.If:
                return Answer(statement) ? Run(statement.Body!) : Run(statement.Else ?? []);
            case Tests.Step.While:
                return Loop(statement, Answer(statement));
            case Tests.Step.DoWhile:
                return Loop(statement, true);
            default:
                Leaves leaves = Run(statement.Body!);
                return _stopped || Run(statement.Else!) == Leaves.Never ? Leaves.Never : leaves;
        }

        return Leaves.Normally;
    }

    private Leaves Loop(Statement statement, bool goesOn)
    {
        while (goesOn && !_stopped)
        {
            Leaves leaves = Run(statement.Body!);
            if (leaves == Leaves.ByBreak) { break; }

            if (leaves is not (Leaves.Normally or Leaves.ByContinue)) { return leaves; }

            if (++_steps > MostSteps) { _stopped = IsCut = true; }

            _ = _reached.Add(statement.Line);
            goesOn = Answer(statement);
        }

        return _stopped ? Leaves.Never : Leaves.Normally;
    }

    private bool Answer(Statement statement)
    {
        Question asks = statement.Asks!;
        bool answer = asks.Ask switch
        {
            Ask.Flag => _flags[asks.Of],
            Ask.IsNull => _values[asks.Of] == 0,
            Ask.TryAlloc => (_values[asks.Of] = Choose() ? Make(statement.Line) : 0) != 0,
            _ => Choose(),
        };
        Sweep();
        return answer != asks.Not;
    }

    private int Make(int line)
    {
        _blocks.Add(new Block(line));
        return _blocks.Count - 1;
    }

    private void Free(int block, int line)
    {
        Note(_frees, block, line);
        _blocks[block].IsFreed = block != 0;
    }

    private void Note(Dictionary<int, (int Live, int Dead)> ways, int block, int line)
    {
        if (block == 0) { return; }

        (int live, int dead) = ways.GetValueOrDefault(line);
        ways[line] = _blocks[block].IsFreed ? (live, dead + 1) : (live + 1, dead);
    }

    private void Sweep()
    {
        for (int block = 1; block < _blocks.Count; block++)
        {
            if (_blocks[block] is not { IsFreed: false, IsShared: false } lost || _values.Contains(block)) { continue; }

            _ = _lost.Add(lost.Line);
            lost.IsShared = true;
        }
    }

    private sealed class Block(int line)
    {
        public int Line { get; } = line;

        public bool IsFreed { get; set; }

        public bool IsShared { get; set; }
    }
}
