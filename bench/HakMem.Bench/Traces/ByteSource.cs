using System.IO;

namespace HakMem.Bench.Traces;

/// <summary>Buffered bytes and LEB128 numbers of a stream; the end is a value, not an exception.</summary>
internal sealed class ByteSource(Stream stream)
{
    public const int End = -1;

    private readonly byte[] _buffer = new byte[64 * 1024];
    private int _position;
    private int _count;

    public enum VarintStatus
    {
        Read,
        EndOfData,
        TooLong,
    }

    /// <summary>Bytes taken from the stream so far; all of it once <see cref="NextByte"/> said <see cref="End"/>.</summary>
    public long BytesRead { get; private set; }

    public int NextByte()
    {
        if (_position == _count)
        {
            _count = stream.Read(_buffer, 0, _buffer.Length);
            _position = 0;
            BytesRead += _count;
            if (_count == 0)
                return End;
        }

        return _buffer[_position++];
    }

    public bool TryReadFixed(int byteCount, out ulong value)
    {
        value = 0;
        for (int i = 0; i < byteCount; i++)
        {
            int next = NextByte();
            if (next == End)
                return false;
            value |= (ulong)next << (8 * i);
        }

        return true;
    }

    public VarintStatus ReadVarint(out ulong value)
    {
        value = 0;
        for (int shift = 0; shift < 64; shift += 7)
        {
            int next = NextByte();
            if (next == End)
                return VarintStatus.EndOfData;
            ulong bits = (ulong)next & 0x7F;
            if (shift == 63 && bits > 1)
                return VarintStatus.TooLong;
            value |= bits << shift;
            if (next < 0x80)
                return VarintStatus.Read;
        }

        return VarintStatus.TooLong;
    }
}
