using System;
using System.IO;
using System.IO.Compression;
using System.Text;
using HakMem.Bench.Traces;

namespace HakMem.Bench.Tests.Traces;

/// <summary>Writes traces by hand, wrong ones too.</summary>
internal sealed class TraceWriter
{
    private readonly MemoryStream _body = new();
    private ulong _events;
    private ulong _blocks;

    public string Magic { get; init; } = "HKT1";

    public uint ThreadCount { get; init; } = 1;

    /// <summary>What the header says; the truth if null.</summary>
    public ulong? PromisedEvents { get; init; }

    public ulong? PromisedBlocks { get; init; }

    public TraceWriter Alloc(ulong size, ulong thread = 0) => Event(1, creates: true, thread, size);

    public TraceWriter Free(ulong backReference, ulong thread = 0) => Event(2, creates: false, thread, backReference);

    public TraceWriter Realloc(ulong backReference, ulong size, ulong thread = 0) => Event(3, creates: true, thread, backReference, size);

    public TraceWriter AllocZeroed(ulong size, ulong thread = 0) => Event(4, creates: true, thread, size);

    public TraceWriter AlignedAlloc(ulong size, ulong log2, ulong thread = 0) => Event(5, creates: true, thread, size, log2);

    public TraceWriter Event(byte operation, bool creates, params ulong[] numbers)
    {
        _events++;
        _blocks += creates ? 1u : 0u;
        return Raw([operation]).Numbers(numbers);
    }

    public TraceWriter Raw(params byte[] bytes)
    {
        _body.Write(bytes);
        return this;
    }

    public byte[] Uncompressed()
    {
        using var file = new MemoryStream();
        using var writer = new BinaryWriter(file);
        writer.Write(Encoding.ASCII.GetBytes(Magic));
        writer.Write(ThreadCount);
        writer.Write(PromisedEvents ?? _events);
        writer.Write(PromisedBlocks ?? _blocks);
        writer.Write(_body.ToArray());
        writer.Flush();
        return file.ToArray();
    }

    public byte[] Compressed() => Compress(Uncompressed());

    public Trace Decode(string name = "made.hkt.gz") => TraceReader.Read(name, new MemoryStream(Compressed()));

    public string Save(string name)
    {
        string folder = Directory.CreateTempSubdirectory("hakmem-bench-").FullName;
        string path = Path.Combine(folder, name + ".hkt.gz");
        File.WriteAllBytes(path, Compressed());
        return path;
    }

    public static byte[] Compress(ReadOnlySpan<byte> bytes)
    {
        using var file = new MemoryStream();
        using (var gzip = new GZipStream(file, CompressionLevel.Fastest, leaveOpen: true))
            gzip.Write(bytes);
        return file.ToArray();
    }

    private TraceWriter Numbers(ulong[] numbers)
    {
        foreach (ulong number in numbers)
        {
            ulong rest = number;
            for (; rest >= 0x80; rest >>= 7)
                _body.WriteByte((byte)(rest | 0x80));
            _body.WriteByte((byte)rest);
        }

        return this;
    }
}
