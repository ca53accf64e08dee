using System;
using System.IO;
using HakMem.Bench.Memory;

namespace HakMem.Bench.Traces;

/// <summary>Decodes a <c>.hkt.gz</c> file (format: bench/traces/README.md) and refuses whatever could not be replayed.</summary>
internal sealed class TraceReader : IDisposable
{
    public const ulong MaxSizeBytes = (1UL << 36) - 1;
    private const uint Magic = 0x31544B48; // "HKT1"
    private const int MaxAlignmentLog2 = 30;
    private const ulong MaxEvents = 1UL << 30;
    private const ulong Ended = ulong.MaxValue;
    private const string DamagedData = "the compressed data are damaged: they cannot be unpacked, or their checksum is not theirs";

    private readonly string _file;
    private readonly ByteSource _source;
    private readonly MappedArray<TraceEvent> _events;
    private readonly MappedArray<ulong> _liveSizes;
    private readonly ulong _threadCount;
    private readonly ulong _blockCount;
    private long _eventIndex;
    private uint _created;
    private ulong _liveBytes, _peakLiveBytes;
    private uint _liveBlocks, _peakLiveBlocks;

    private TraceReader(string file, Stream stream)
    {
        _file = file;
        _source = new ByteSource(stream);
        if (!_source.TryReadFixed(4, out ulong magic))
            throw new TraceFormatException(file, "cut short inside the header");
        if (magic != Magic)
            throw new TraceFormatException(file, $"not an HKT1 trace: it begins with {Hex((uint)magic)}, not with 48 4B 54 31 (\"HKT1\")");
        if (!_source.TryReadFixed(4, out _threadCount) || !_source.TryReadFixed(8, out ulong eventCount) || !_source.TryReadFixed(8, out _blockCount))
            throw new TraceFormatException(file, "cut short inside the header");
        if (_threadCount is 0 or > ushort.MaxValue)
            throw new TraceFormatException(file, $"the header promises {_threadCount} threads; 1 to {ushort.MaxValue} can be replayed");
        if (eventCount > MaxEvents)
            throw new TraceFormatException(file, $"the header promises {eventCount} events; at most {MaxEvents} can be replayed");
        if (_blockCount > eventCount)
            throw new TraceFormatException(file, $"the header promises {_blockCount} blocks from {eventCount} events");
        _events = new MappedArray<TraceEvent>((long)eventCount);
        _liveSizes = new MappedArray<ulong>((long)_blockCount);
    }

    public static Trace Read(string path)
    {
        using FileStream file = File.OpenRead(path);
        return Read(path, file);
    }

    public static Trace Read(string path, Stream compressed)
    {
        GzipFile gzip = GzipFile.Read(compressed) ?? throw new TraceFormatException(path, "not a gzip-compressed trace");
        TraceReader? reader = null;
        try
        {
            using Stream contents = gzip.Open();
            reader = new TraceReader(path, contents);
            return reader.ReadEvents(gzip);
        }
        catch (InvalidDataException)
        {
            throw reader is null || reader._eventIndex == reader._events.Length
                ? new TraceFormatException(path, DamagedData)
                : new TraceFormatException(path, reader._eventIndex, DamagedData);
        }
        finally
        {
            reader?.Dispose();
        }
    }

    public static string NameOf(string path)
    {
        string name = Path.GetFileName(path);
        foreach (string ending in new[] { ".gz", ".hkt" })
        {
            if (name.EndsWith(ending, StringComparison.OrdinalIgnoreCase))
                name = name[..^ending.Length];
        }

        return name;
    }

    public void Dispose() => _liveSizes?.Dispose();

    private Trace ReadEvents(GzipFile gzip)
    {
        try
        {
            for (_eventIndex = 0; _eventIndex < _events.Length; _eventIndex++)
                ReadEvent(ref _events[_eventIndex]);
            if (_source.NextByte() != ByteSource.End)
                throw new TraceFormatException(_file, $"there are more bytes after the {_events.Length} events that the header promises");
            if (_created != _blockCount)
                throw new TraceFormatException(_file, $"the header promises {_blockCount} blocks, the events create {_created}");
            if (!gzip.HasProperEnd(_source.BytesRead))
                throw new TraceFormatException(_file, "the compressed file is cut short behind the last event, or other bytes follow its end");
            return new Trace(NameOf(_file), _events, (int)_threadCount, _created, _peakLiveBytes, _peakLiveBlocks);
        }
        catch
        {
            _events.Dispose();
            throw;
        }
    }

    private void ReadEvent(ref TraceEvent traced)
    {
        int operation = _source.NextByte();
        if (operation == ByteSource.End)
            throw Bad($"the file ends here; the header promises {_events.Length} events");
        if (operation is < 1 or > 5)
            throw Bad($"unknown operation {operation}");
        traced.Operation = (TraceOperation)operation;
        ulong thread = ReadNumber("the thread");
        if (thread >= _threadCount)
            throw Bad($"thread {thread} does not exist; the header promises {_threadCount}");
        traced.Thread = (ushort)thread;
        traced.EndedBlock = traced.CreatedBlock = Trace.NoBlock;
        if (traced.Operation is TraceOperation.Free or TraceOperation.Realloc)
            EndBlock(ref traced, ReadNumber("the back-reference"));
        if (traced.Operation == TraceOperation.Free)
            return;
        traced.SizeBytes = ReadNumber("the size");
        if (traced.SizeBytes > MaxSizeBytes)
            throw Bad($"size {traced.SizeBytes} is above the limit of {MaxSizeBytes} bytes");
        if (traced.Operation == TraceOperation.AlignedAlloc)
        {
            ulong log2 = ReadNumber("the alignment");
            if (log2 > MaxAlignmentLog2)
                throw Bad($"alignment 2^{log2} is above the limit of 2^{MaxAlignmentLog2}");
            traced.AlignmentLog2 = (byte)log2;
        }

        CreateBlock(ref traced);
    }

    private void EndBlock(ref TraceEvent traced, ulong backReference)
    {
        string verb = traced.Operation == TraceOperation.Free ? "frees" : "reallocates";
        if (backReference == 0 || backReference > _created)
            throw Bad($"{verb} the block {backReference} before the next, which does not exist; {_created} blocks were created so far");
        uint block = _created - (uint)backReference;
        ulong size = _liveSizes[block];
        if (size == Ended)
            throw Bad($"{verb} block {block}, which an earlier event freed or reallocated");
        _liveSizes[block] = Ended;
        _liveBytes -= size;
        _liveBlocks--;
        traced.EndedBlock = block;
    }

    private void CreateBlock(ref TraceEvent traced)
    {
        if (_created == _blockCount)
            throw Bad($"creates block {_created}; the header promises only {_blockCount} blocks");
        traced.CreatedBlock = _created;
        _liveSizes[_created++] = traced.SizeBytes;
        _liveBytes += traced.SizeBytes;
        _liveBlocks++;
        _peakLiveBytes = Math.Max(_peakLiveBytes, _liveBytes);
        _peakLiveBlocks = Math.Max(_peakLiveBlocks, _liveBlocks);
    }

    private ulong ReadNumber(string what) => _source.ReadVarint(out ulong value) switch
    {
        ByteSource.VarintStatus.Read => value,
        ByteSource.VarintStatus.EndOfData => throw Bad($"the file ends inside {what}; the header promises {_events.Length} events"),
        _ => throw Bad($"{what} is a number of more than 64 bits"),
    };

    private TraceFormatException Bad(string problem) => new(_file, _eventIndex, problem);

    private static string Hex(uint littleEndian) =>
        $"{littleEndian & 0xFF:X2} {(littleEndian >> 8) & 0xFF:X2} {(littleEndian >> 16) & 0xFF:X2} {littleEndian >> 24:X2}";
}
