using System;

namespace InvertedIndexSample.Indexes;

/// <summary>Reads back what <see cref="PostingWriter"/> wrote.</summary>
internal ref struct PostingReader(ReadOnlySpan<byte> postings)
{
    private ReadOnlySpan<byte> _rest = postings;
    private uint _nextDocument;

    public uint Document { get; private set; }

    public uint Position { get; private set; }

    /// <summary>Goes to the next place; false after the last one.</summary>
    public bool MoveNext()
    {
        if (_rest.IsEmpty) return false;
        ulong number = ReadNumber();
        if ((number & 1) == 0)
        {
            Position += (uint)(number >> 1);
            return true;
        }

        _nextDocument += (uint)(number >> 1);
        Document = _nextDocument - 1;
        Position = (uint)ReadNumber();
        return true;
    }

    private ulong ReadNumber()
    {
        ulong number = 0;
        for (int shift = 0; ; shift += 7)
        {
            byte next = _rest[0];
            _rest = _rest[1..];
            number |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80) return number;
        }
    }
}
