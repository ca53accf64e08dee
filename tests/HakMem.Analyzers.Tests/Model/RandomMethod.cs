using System;
using System.Collections.Generic;
using System.Text;

namespace HakMem.Analyzers.Tests;

/// <summary>What a statement of a random method does.</summary>
internal enum Step
{
    Alloc,
    Null,
    Copy,
    Realloc,
    Free,
    Use,
    Keep,
    SetFlag,
    ClearFlag,
    Break,
    Continue,
    Return,
    If,
    While,
    DoWhile,
    TryFinally,
}

/// <summary>What a condition asks.</summary>
internal enum Ask
{
    Anything,
    Flag,
    IsNull,
    TryAlloc,
}

/// <summary>A condition: of a variable or a flag, and whether it is to be false.</summary>
internal sealed record Question(Ask Ask, int Of, bool Not);

/// <summary>A statement of a random method, of a line of its own in the text.</summary>
internal sealed record Statement(Step Step, int To = 0, int From = 0, Question? Asks = null, List<Statement>? Body = null, List<Statement>? Else = null)
{
    public int Line { get; set; }
}

/// <summary>A method of random statements about three pointers and two flags, as a tree and as C#. The same seed gives the same.</summary>
internal sealed class RandomMethod
{
    public const int Variables = 3, Flags = 2;
    private const int MaxDepth = 3;

    private readonly Random _random;
    private readonly StringBuilder _text = new();
    private int _left;
    private int _line = 1;

    public RandomMethod(int seed)
    {
        _random = new Random(seed);
        _left = 6 + _random.Next(10);
        Body = Block(0, false, false);
        while (_left > 0) { Body.AddRange(Block(0, false, false)); }

        Write(0, $"static byte* M{seed}()");
        Write(0, "{");
        Write(1, "void* v0 = null, v1 = null, v2 = null; bool f0 = false, f1 = false;");
        foreach (Statement statement in Body) { Write(1, statement); }

        Write(1, "return null;");
        Write(0, "}");
    }

    public List<Statement> Body { get; }

    /// <summary>The lines begin with 1.</summary>
    public string Text => _text.ToString();

    private List<Statement> Block(int depth, bool inLoop, bool inFinally)
    {
        List<Statement> block = [];
        for (int count = 1 + _random.Next(3); count > 0; count--) { block.Add(Next(depth, inLoop, inFinally)); }

        return block;
    }

    private Statement Next(int depth, bool inLoop, bool inFinally)
    {
        _left--;
        int to = _random.Next(Variables), from = _random.Next(Variables);
        switch (_random.Next(depth < MaxDepth && _left > 0 ? 24 : 16))
        {
            case < 4: return new Statement(Step.Alloc, to);
            case 4: return new Statement(Step.Null, to);
            case 5: return new Statement(Step.Copy, to, from);
            case 6: return new Statement(Step.Realloc, to, from);
            case < 10: return new Statement(Step.Free, to);
            case < 12: return new Statement(Step.Use, to);
            case 12: return new Statement(Step.Keep, to);
            case 13: return new Statement(_random.Next(2) == 0 ? Step.SetFlag : Step.ClearFlag, _random.Next(Flags));
            case 14 when inLoop: return new Statement(_random.Next(2) == 0 ? Step.Break : Step.Continue);
            case 15 when !inFinally: return new Statement(Step.Return, to);
            case < 20: return new Statement(Step.If, Asks: Asking(), Body: Block(depth + 1, inLoop, inFinally), Else: _random.Next(2) == 0 ? Block(depth + 1, inLoop, inFinally) : null);
            case < 22: return new Statement(_random.Next(3) == 0 ? Step.DoWhile : Step.While, Asks: Asking(), Body: Block(depth + 1, true, inFinally));
            default: return new Statement(Step.TryFinally, Body: Block(depth + 1, inLoop, inFinally), Else: Block(depth + 1, false, true));
        }
    }

    private Question Asking() => _random.Next(8) switch
    {
        0 => new Question(Ask.TryAlloc, _random.Next(Variables), _random.Next(2) == 0),
        < 3 => new Question(Ask.IsNull, _random.Next(Variables), _random.Next(2) == 0),
        < 5 => new Question(Ask.Flag, _random.Next(Flags), _random.Next(2) == 0),
        _ => new Question(Ask.Anything, 0, false),
    };

    private void Write(int indent, string text)
    {
        _ = _text.Append(' ', indent * 4).Append(text).Append('\n');
        _line++;
    }

    private void Write(int indent, Statement statement)
    {
        statement.Line = _line;
        string to = "v" + statement.To, condition = statement.Asks is { } asks ? (asks.Not ? "!(" : "(") + TextOf(asks) + ")" : "";
        switch (statement.Step)
        {
            case Step.If or Step.While:
                Write(indent, (statement.Step == Step.If ? "if (" : "while (") + condition + ") {");
                Inside(statement.Body!);
                if (statement.Else is { } otherwise)
                {
                    Write(indent, "} else {");
                    Inside(otherwise);
                }

                Write(indent, "}");
                break;
            case Step.DoWhile:
                Write(indent, "do {");
                Inside(statement.Body!);
                statement.Line = _line;   // that of its condition
                Write(indent, "} while (" + condition + ");");
                break;
            case Step.TryFinally:
                Write(indent, "try {");
                Inside(statement.Body!);
                Write(indent, "} finally {");
                Inside(statement.Else!);
                Write(indent, "}");
                break;
            default:
                Write(indent, statement.Step switch
                {
                    Step.Alloc => to + " = HakMemory.Alloc(8);",
                    Step.Null => to + " = null;",
                    Step.Copy => $"{to} = v{statement.From};",
                    Step.Realloc => $"{to} = HakMemory.Realloc(v{statement.From}, 16);",
                    Step.Free => $"HakMemory.Free({to});",
                    Step.Use => $"((byte*){to})[1] = 1;",
                    Step.Keep => $"s_kept = (byte*){to};",
                    Step.SetFlag => $"f{statement.To} = true;",
                    Step.ClearFlag => $"f{statement.To} = false;",
                    Step.Break => "if (Maybe()) break;",
                    Step.Continue => "if (Maybe()) continue;",
                    _ => $"if (Maybe()) return (byte*){to};",
                });
                break;
        }

        void Inside(List<Statement> body)
        {
            foreach (Statement inner in body) { Write(indent + 1, inner); }
        }
    }

    private static string TextOf(Question asks) => asks.Ask switch
    {
        Ask.TryAlloc => $"HakMemory.TryAlloc(8, out v{asks.Of})",
        Ask.IsNull => $"v{asks.Of} == null",
        Ask.Flag => "f" + asks.Of,
        _ => "Maybe()",
    };
}
