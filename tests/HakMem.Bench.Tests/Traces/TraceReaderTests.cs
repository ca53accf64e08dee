using System;
using System.IO;
using System.Linq;
using HakMem.Bench.Traces;
using Xunit;

namespace HakMem.Bench.Tests.Traces;

public class TraceReaderTests
{
    [Fact]
    public void Every_operation_is_decoded()
    {
        using Trace trace = new TraceWriter { ThreadCount = 300 }
            .Alloc(100)
            .AllocZeroed(7, thread: 299)
            .Realloc(backReference: 2, size: 1_000_000)
            .AlignedAlloc(64, log2: 12)
            .Free(backReference: 1)
            .Free(backReference: 3, thread: 5)
            .Decode("folder/some.hkt.gz");

        Assert.Equal("some", trace.Name);
        Assert.Equal((300, 6L, 4u), (trace.ThreadCount, trace.EventCount, trace.BlockCount));
        Assert.Equal((1_000_071UL, 3u), (trace.PeakLiveBytes, trace.PeakLiveBlocks));
        TraceEvent realloc = trace.Events[2];
        Assert.Equal((TraceOperation.Realloc, 0u, 2u, 1_000_000UL), (realloc.Operation, realloc.EndedBlock, realloc.CreatedBlock, realloc.SizeBytes));
        Assert.Equal(12, trace.Events[3].AlignmentLog2);
        Assert.Equal((1u, (ushort)5), (trace.Events[5].EndedBlock, trace.Events[5].Thread));
    }

    [Fact]
    public void An_empty_trace_is_a_trace()
    {
        using Trace trace = new TraceWriter().Decode();
        Assert.Equal((0L, 0u, 0UL), (trace.EventCount, trace.BlockCount, trace.PeakLiveBytes));
    }

    [Fact]
    public void Unknown_operation() =>
        Refused(new TraceWriter().Alloc(1).Event(6, creates: false, 0, 1), 1, "unknown operation 6");

    [Fact]
    public void Thread_out_of_range() =>
        Refused(new TraceWriter { ThreadCount = 2 }.Alloc(1, thread: 2), 0, "thread 2 does not exist; the header promises 2");

    [Fact]
    public void Back_reference_to_no_block() =>
        Refused(new TraceWriter().Alloc(1).Free(2), 1, "frees the block 2 before the next, which does not exist; 1 blocks were created so far");

    [Fact]
    public void Back_reference_of_zero() =>
        Refused(new TraceWriter().Alloc(1).Realloc(0, 5), 1, "reallocates the block 0 before the next, which does not exist; 1 blocks were created so far");

    [Fact]
    public void Block_freed_twice() =>
        Refused(new TraceWriter().Alloc(1).Alloc(2).Free(2).Free(2), 3, "frees block 0, which an earlier event freed or reallocated");

    [Fact]
    public void Block_used_after_realloc() =>
        Refused(new TraceWriter().Alloc(1).Realloc(1, 9).Realloc(2, 9), 2, "reallocates block 0, which an earlier event freed or reallocated");

    [Fact]
    public void More_blocks_than_promised() =>
        Refused(new TraceWriter { PromisedBlocks = 1 }.Alloc(1).Alloc(1), 1, "creates block 1; the header promises only 1 blocks");

    [Fact]
    public void Size_beyond_the_limit() =>
        Refused(new TraceWriter().Alloc(1UL << 36), 0, "size 68719476736 is above the limit of 68719476735 bytes");

    [Fact]
    public void Alignment_beyond_the_limit() =>
        Refused(new TraceWriter().AlignedAlloc(1, 31), 0, "alignment 2^31 is above the limit of 2^30");

    [Fact]
    public void Number_of_more_than_64_bits() =>
        Refused(
            new TraceWriter { PromisedEvents = 1, PromisedBlocks = 1 }.Raw(1, 0).Raw([.. Enumerable.Repeat((byte)0xFF, 11)]),
            0,
            "the size is a number of more than 64 bits");

    [Fact]
    public void File_that_ends_between_events() =>
        Refused(new TraceWriter { PromisedEvents = 3, PromisedBlocks = 1 }.Alloc(1), 1, "the file ends here; the header promises 3 events");

    [Fact]
    public void File_that_ends_inside_an_event() =>
        Refused(new TraceWriter { PromisedEvents = 2, PromisedBlocks = 2 }.Alloc(1).Raw(1, 0), 1, "the file ends inside the size; the header promises 2 events");

    [Fact]
    public void Block_count_that_is_too_high() =>
        Refused(new TraceWriter { PromisedBlocks = 2 }.Alloc(1).Free(1), null, "the header promises 2 blocks, the events create 1");

    [Fact]
    public void More_blocks_than_events() =>
        Refused(new TraceWriter { PromisedBlocks = 2 }.Alloc(1), null, "the header promises 2 blocks from 1 events");

    [Fact]
    public void Bytes_after_the_last_event() =>
        Refused(new TraceWriter { PromisedEvents = 1 }.Alloc(1).Free(1), null, "there are more bytes after the 1 events that the header promises");

    [Fact]
    public void No_threads() =>
        Refused(new TraceWriter { ThreadCount = 0 }, null, "the header promises 0 threads; 1 to 65535 can be replayed");

    [Fact]
    public void Absurd_event_count() =>
        Refused(new TraceWriter { PromisedEvents = ulong.MaxValue }, null, "the header promises 18446744073709551615 events; at most 1073741824 can be replayed");

    [Fact]
    public void Another_magic() =>
        Refused(new TraceWriter { Magic = "HKT2" }, null, "not an HKT1 trace: it begins with 48 4B 54 32, not with 48 4B 54 31 (\"HKT1\")");

    [Fact]
    public void Header_cut_short() =>
        Refused(TraceWriter.Compress("HKT1 and no more"u8), null, "cut short inside the header");

    [Fact]
    public void Not_compressed() =>
        Refused(new TraceWriter().Alloc(1).Uncompressed(), null, "not a gzip-compressed trace");

    [Fact]
    public void Empty_file() => Refused([], null, "not a gzip-compressed trace");

    [Fact]
    public void Compressed_data_cut_short()
    {
        byte[] whole = Long().Compressed();
        var refused = Assert.Throws<TraceFormatException>(() => TraceReader.Read("made.hkt.gz", new MemoryStream(whole[..(whole.Length / 2)])));
        Assert.InRange(refused.EventIndex!.Value, 10_000, 90_000);
        Assert.StartsWith($"made.hkt.gz: event {refused.EventIndex}: ", refused.Message, StringComparison.Ordinal);
        Assert.Contains("; the header promises 100000 events", refused.Message, StringComparison.Ordinal);
    }

    /// <summary>A gzip file ends with four bytes of checksum and four of length; the last of the data hold no event, only their end.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(7)]
    [InlineData(8)]
    [InlineData(9)]
    public void Compressed_file_without_its_last_bytes(int missing)
    {
        foreach (byte[] whole in new[] { new TraceWriter().Alloc(1).Free(1).Compressed(), Long().Compressed() })
            Refused(whole[..^missing], null, "the compressed file is cut short behind the last event, or other bytes follow its end");
    }

    [Fact]
    public void Bytes_behind_the_compressed_file()
    {
        foreach (byte[] whole in new[] { new TraceWriter().Alloc(1).Free(1).Compressed(), Long().Compressed() })
        {
            Refused([.. whole, .. "junk"u8], null, "the compressed file is cut short behind the last event, or other bytes follow its end");
            Refused([.. whole, .. new byte[100_000]], null, "the compressed file is cut short behind the last event, or other bytes follow its end");
        }
    }

    [Fact]
    public void Compressed_file_of_several_members_is_a_trace()
    {
        byte[] contents = new TraceWriter().Alloc(1).Free(1).Uncompressed();
        using Trace trace = TraceReader.Read("made.hkt.gz", new MemoryStream([.. TraceWriter.Compress(contents.AsSpan(..10)), .. TraceWriter.Compress(contents.AsSpan(10..))]));
        Assert.Equal(2, trace.EventCount);
    }

    [Theory]
    [InlineData(6)]
    [InlineData(2)]
    public void Checksum_or_length_that_is_not_the_contents(int fromEnd)
    {
        byte[] whole = new TraceWriter().Alloc(1).Free(1).Compressed();
        whole[^fromEnd] ^= 0xFF;
        Refused(whole, null, "the compressed data are damaged: they cannot be unpacked, or their checksum is not theirs");
    }

    private static TraceWriter Long()
    {
        var writer = new TraceWriter();
        var random = new Random(1);
        for (int i = 0; i < 100_000; i++)
            writer.Alloc((ulong)random.Next(1, 1 << 30));
        return writer;
    }

    private static void Refused(TraceWriter writer, long? eventIndex, string? problem) => Refused(writer.Compressed(), eventIndex, problem);

    private static void Refused(byte[] file, long? eventIndex, string? problem)
    {
        var refused = Assert.Throws<TraceFormatException>(() => TraceReader.Read("made.hkt.gz", new MemoryStream(file)));
        Assert.Equal(eventIndex, refused.EventIndex);
        Assert.Equal(eventIndex is null ? $"made.hkt.gz: {problem}" : $"made.hkt.gz: event {eventIndex}: {problem}", refused.Message);
    }
}
