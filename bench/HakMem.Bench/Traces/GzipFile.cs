using System.IO;
using System.IO.Compression;

namespace HakMem.Bench.Traces;

/// <summary>
/// A gzip file, read whole, so that it may come from a pipe. <see cref="GZipStream"/> alone accepts a file without its end, which holds checksum and length, and one with other bytes behind it:
/// it verifies what it meets, but needs to meet nothing.
/// </summary>
internal sealed class GzipFile
{
    private const byte FirstByte = 0x1F, SecondByte = 0x8B;

    private readonly byte[] _bytes;

    private GzipFile(byte[] bytes) => _bytes = bytes;

    /// <returns>Null if the file does not begin as gzip files do.</returns>
    public static GzipFile? Read(Stream stream)
    {
        if (stream.ReadByte() != FirstByte || stream.ReadByte() != SecondByte)
            return null;
        using var whole = new MemoryStream();
        whole.Write([FirstByte, SecondByte]);
        stream.CopyTo(whole);
        return new GzipFile(whole.ToArray());
    }

    /// <summary>The contents; ends early, without an exception, where the file does.</summary>
    public Stream Open() => Unpack(_bytes);

    /// <summary>Whether the file ends where its contents do, with the right checksum and length: a member of one byte behind the file is unpacked only then.</summary>
    /// <param name="contentBytes">How many bytes <see cref="Open"/> gave.</param>
    public bool HasProperEnd(long contentBytes)
    {
        using var behind = new MemoryStream();
        behind.Write(_bytes);
        using (var member = new GZipStream(behind, CompressionLevel.Fastest, leaveOpen: true))
            member.WriteByte(0);
        try
        {
            using Stream contents = Unpack(behind.ToArray());
            var buffer = new byte[64 * 1024];
            long count = 0;
            for (int read; (read = contents.Read(buffer)) > 0;)
                count += read;
            return count == contentBytes + 1;
        }
        catch (InvalidDataException)
        {
            return false;
        }
    }

    private static GZipStream Unpack(byte[] bytes) => new(new MemoryStream(bytes, writable: false), CompressionMode.Decompress);
}
