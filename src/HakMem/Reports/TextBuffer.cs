using System;

namespace HakMem;

/// <summary>
/// A text of up to 1 KiB in UTF-8, on the stack: nothing is allocated. What does not fit is cut off. Compiled into the .NET library and into <c>libhakmem.so</c>, which adds ways out, and
/// whose frames must stay below a page: methods with such a text are not inlined into each other.
/// </summary>
internal unsafe ref partial struct TextBuffer
{
    private const int Room = 1024;

    private fixed byte _text[Room + 1];   // and a zero for C
    private int _length;

    /// <summary>Adds text, filled up with blanks to <paramref name="width"/>.</summary>
    internal void Append(ReadOnlySpan<byte> text, int width = 0)
    {
        for (int i = 0; i < text.Length; i++) Append(text[i]);
        for (int i = text.Length; i < width; i++) Append((byte)' ');
    }

    /// <summary>Adds text behind as many blanks as it takes to fill <paramref name="width"/>.</summary>
    internal void AppendRight(ReadOnlySpan<byte> text, int width)
    {
        for (int i = text.Length; i < width; i++) Append((byte)' ');
        Append(text);
    }

    /// <summary>Adds a number in decimal, right-aligned when <paramref name="width"/> is more than its digits.</summary>
    internal void Append(ulong number, int width = 0)
    {
        ulong power = 1;
        int digits = 1;
        for (; number / power >= 10; power *= 10) digits++;
        for (; width > digits; width--) Append((byte)' ');
        for (; power != 0; power /= 10) Append((byte)('0' + (uint)(number / power % 10)));
    }

    /// <summary>Adds a number of tenths with its decimal point, right-aligned.</summary>
    internal void AppendTenths(ulong tenths, int width)
    {
        Append(tenths / 10, width - 2);
        Append((byte)'.');
        Append((byte)('0' + (uint)(tenths % 10)));
    }

    /// <summary>Gives the text to a table as a line and begins anew.</summary>
    internal void EndLine<TTable>(ref TTable table)
        where TTable : struct, ITableOutput
    {
        fixed (byte* text = _text) table.WriteLine(new ReadOnlySpan<byte>(text, _length));
        _length = 0;
    }

    private void Append(byte character)
    {
        if (_length < Room) _text[_length++] = character;
    }
}
