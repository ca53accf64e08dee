using System;
using System.Numerics;

namespace HakMem.Preload;

/// <summary>A text of up to 1 KiB on the stack, for messages and reports: nothing is allocated. What does not fit is cut off.</summary>
internal unsafe ref struct TextBuffer
{
    private const int Room = 1024;

    private fixed byte _text[Room + 1];   // and a zero for C
    private int _length;

    /// <summary>Adds text.</summary>
    internal void Append(ReadOnlySpan<byte> text)
    {
        for (int i = 0; i < text.Length; i++) Append(text[i]);
    }

    /// <summary>Adds text that ends with 0.</summary>
    internal void Append(byte* text)
    {
        for (; *text != 0; text++) Append(*text);
    }

    /// <summary>Adds a number in decimal, right-aligned when <paramref name="width"/> is more than its digits.</summary>
    internal void Append(ulong number, int width = 0)
    {
        byte* digits = stackalloc byte[20];
        int count = 0;
        do
        {
            digits[count++] = (byte)('0' + (uint)(number % 10));
            number /= 10;
        }
        while (number != 0);
        for (; width > count; width--) Append((byte)' ');
        while (count != 0) Append(digits[--count]);
    }

    /// <summary>Adds a number in hexadecimal, without a prefix.</summary>
    internal void AppendHexadecimal(nuint number)
    {
        int shift = BitOperations.Log2((ulong)number | 1) & ~3;
        for (; shift >= 0; shift -= 4) Append("0123456789abcdef"u8[(int)((number >> shift) & 15)]);
    }

    /// <summary>Writes the text to standard error and begins anew.</summary>
    internal void WriteError() => WriteFile(LibC.StandardError);

    /// <summary>Writes the text to a file descriptor and begins anew.</summary>
    internal void WriteFile(int file)
    {
        fixed (byte* text = _text) _ = LibC.write(file, text, (nuint)_length);
        _length = 0;
    }

    /// <summary>Writes the text to a stream of the C library and begins anew.</summary>
    internal void WriteStream(void* stream)
    {
        fixed (byte* text = _text)
        {
            text[_length] = 0;
            _ = LibC.fputs(text, stream);
        }

        _length = 0;
    }

    private void Append(byte character)
    {
        if (_length < Room) _text[_length++] = character;
    }
}
