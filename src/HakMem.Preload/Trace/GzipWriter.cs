namespace HakMem.Preload;

/// <summary>Writes a file in gzip's format without compressing it: stored blocks between a header and a checksum. Everything is on the stack.</summary>
internal unsafe ref struct GzipWriter
{
    private const int Room = 2048;   // a frame of more than a page would need a probe of the stack
    private const int Interrupted = 4;   // EINTR

    private fixed byte _buffer[Room];
    private fixed uint _table[16];
    private readonly int _file;
    private int _length;
    private uint _checksum, _total;
    private bool _refused;

    /// <summary>Writes the header to an open file.</summary>
    internal GzipWriter(int file)
    {
        _file = file;
        _checksum = uint.MaxValue;
        for (uint i = 0; i < 16; i++)
        {
            uint entry = i;
            for (int bit = 0; bit < 4; bit++) entry = (entry >> 1) ^ ((entry & 1) == 0 ? 0 : 0xEDB8_8320);
            _table[i] = entry;
        }

        ulong* header = stackalloc ulong[2];
        header[0] = 0x0000_0000_0008_8B1F;   // magic, deflate, no flags, no time
        header[1] = 0x0300;                  // no hint, Unix
        WriteAll((byte*)header, 10);
    }

    /// <summary>Adds a byte.</summary>
    internal void Add(byte value)
    {
        _buffer[_length++] = value;
        uint low = _table[(int)((_checksum ^ value) & 15)] ^ (_checksum >> 4);
        _checksum = _table[(int)((low ^ (uint)(value >> 4)) & 15)] ^ (low >> 4);
        _total++;
        if (_length == Room) Flush(false);
    }

    /// <summary>Adds a number of fixed length, lowest byte first.</summary>
    internal void AddFixed(ulong value, int bytes)
    {
        for (; bytes != 0; bytes--, value >>= 8) Add((byte)value);
    }

    /// <summary>Adds a number of seven bits a byte.</summary>
    internal void AddVarint(ulong value)
    {
        for (; value >= 0x80; value >>= 7) Add((byte)(value | 0x80));
        Add((byte)value);
    }

    /// <summary>Writes what is left and the checksum. False when the system refused any of it.</summary>
    internal bool TryFinish()
    {
        Flush(true);
        uint* trailer = stackalloc uint[2];
        trailer[0] = ~_checksum;
        trailer[1] = _total;
        WriteAll((byte*)trailer, 8);
        return !_refused;
    }

    private void Flush(bool last)
    {
        byte* head = stackalloc byte[5];
        head[0] = (byte)(last ? 1 : 0);
        head[1] = (byte)_length;
        head[2] = (byte)(_length >> 8);
        head[3] = (byte)~_length;
        head[4] = (byte)(~_length >> 8);
        WriteAll(head, 5);
        fixed (byte* buffer = _buffer) WriteAll(buffer, (nuint)_length);
        _length = 0;
    }

    private void WriteAll(byte* bytes, nuint count)
    {
        while (count != 0)
        {
            nint written = LibC.write(_file, bytes, count);
            if (written < 0 && *LibC.Errno() == Interrupted) continue;
            if (written <= 0)
            {
                _refused = true;
                return;
            }

            bytes += written;
            count -= (nuint)written;
        }
    }
}
