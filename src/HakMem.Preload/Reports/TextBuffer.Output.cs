using System.Numerics;
using HakMem.Preload;

namespace HakMem;

/// <summary>What the C library and its files want of a text.</summary>
internal unsafe ref partial struct TextBuffer
{
    /// <summary>Adds text that ends with 0.</summary>
    internal void Append(byte* text)
    {
        for (; *text != 0; text++) Append(*text);
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
        fixed (byte* text = _text) _ = Trampolines.Write(file, text, (nuint)_length);
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
}
