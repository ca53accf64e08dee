using System;

namespace InvertedIndexSample.Indexes;

/// <summary>
/// Encodes the places of one term as gaps: an even number is the gap to the next position in the same document, doubled; an odd number begins another document, as the
/// doubled gap to it plus one, and the first position follows. Numbers are little-endian base 128, so a typical place takes one or two bytes.
/// </summary>
internal struct PostingWriter
{
    /// <summary>The most bytes that one place takes.</summary>
    public const int MaxBytes = 10;

    private uint _nextDocument;
    private uint _lastPosition;

    /// <summary>In how many documents the term stands.</summary>
    public uint Documents { get; private set; }

    /// <summary>Writes a place after the ones before it.</summary>
    /// <param name="buffer">At least <see cref="MaxBytes"/> long.</param>
    /// <param name="document">The document, not before the last one.</param>
    /// <param name="position">The position, after the last one of the document.</param>
    /// <returns>How many bytes were written.</returns>
    public int Write(Span<byte> buffer, uint document, uint position)
    {
        int written;
        if (document + 1 == _nextDocument)
        {
            written = WriteNumber(buffer, (ulong)(position - _lastPosition) << 1);
        }
        else
        {
            written = WriteNumber(buffer, ((ulong)(document + 1 - _nextDocument) << 1) | 1);
            written += WriteNumber(buffer[written..], position);
            _nextDocument = document + 1;
            Documents++;
        }

        _lastPosition = position;
        return written;
    }

    private static int WriteNumber(Span<byte> buffer, ulong number)
    {
        int written = 0;
        for (; number >= 0x80; number >>= 7) buffer[written++] = (byte)(number | 0x80);
        buffer[written++] = (byte)number;
        return written;
    }
}
