using System.Text;

namespace HakMem.Generators.Emit;

/// <summary>Writes lines of C# at the depth of the types opened so far.</summary>
internal sealed class CodeWriter
{
    private readonly StringBuilder _text = new();
    private int _depth;
    private bool _opened = true;

    /// <summary>Writes lines as they are, each at the current depth.</summary>
    public CodeWriter Lines(string lines)
    {
        foreach (string line in lines.Split('\n'))
        {
            string content = line.TrimEnd('\r', ' ');
            if (content.Length > 0) { _text.Append(' ', _depth * 4).Append(content); }

            _text.Append('\n');
        }

        _opened = false;
        return this;
    }

    /// <summary>Writes a member: a blank line before it, unless it is the first of its type.</summary>
    public CodeWriter Member(string lines)
    {
        if (!_opened) { _text.Append('\n'); }

        return Lines(lines);
    }

    /// <summary>Writes the head of a type and its opening brace.</summary>
    public CodeWriter Open(string head)
    {
        Member(head).Lines("{");
        _depth++;
        _opened = true;
        return this;
    }

    public CodeWriter Close()
    {
        _depth--;
        return Lines("}");
    }

    public override string ToString() => _text.ToString();
}
