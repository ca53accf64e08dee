using System;

namespace InvertedIndexSample.Texts;

/// <summary>
/// The terms of a text, one after the other: runs of letters, digits and underscores, ASCII letters in lower case. Bytes from 128 count as letters, so that words of other
/// alphabets stay whole. A run is cut off after <see cref="MaxBytes"/>.
/// </summary>
/// <param name="text">The text in UTF-8.</param>
/// <param name="buffer">Where the current term is written: at least <see cref="MaxBytes"/> long.</param>
internal ref struct Terms(ReadOnlySpan<byte> text, Span<byte> buffer)
{
    /// <summary>The most bytes of a term.</summary>
    public const int MaxBytes = 64;

    private readonly ReadOnlySpan<byte> _text = text;
    private readonly Span<byte> _buffer = buffer;
    private int _at;
    private int _length;

    /// <summary>The current term; overwritten by the next.</summary>
    public readonly ReadOnlySpan<byte> Current => _buffer[.._length];

    /// <summary>Goes to the next term; false at the end of the text.</summary>
    public bool MoveNext()
    {
        int at = _at;
        while (at < _text.Length && Letter(_text[at]) == 0) at++;
        int length = 0;
        for (; at < _text.Length && Letter(_text[at]) is var letter and not 0; at++)
        {
            if (length < MaxBytes) _buffer[length++] = letter;
        }

        _at = at;
        _length = length;
        return length > 0;
    }

    /// <summary>The letter as it stands in a term; 0 for what separates terms.</summary>
    private static byte Letter(byte one) => one switch
    {
        >= (byte)'a' and <= (byte)'z' or >= (byte)'0' and <= (byte)'9' or (byte)'_' or >= 128 => one,
        >= (byte)'A' and <= (byte)'Z' => (byte)(one | 0x20),
        _ => 0,
    };
}
