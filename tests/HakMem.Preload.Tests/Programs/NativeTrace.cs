using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO;
using System.IO.Compression;
using Xunit;

namespace HakMem.Preload.Tests.Programs;

/// <summary>A trace that the library wrote, read by a reader of the tests' own, which fails at any contradiction in it.</summary>
internal sealed class NativeTrace
{
    private readonly Dictionary<ulong, ulong> _allocs = [], _frees = [], _alignments = [];

    private NativeTrace(uint threads, ulong events) => (Threads, Events) = (threads, events);

    public uint Threads { get; }

    public ulong Events { get; }

    /// <summary>Blocks that another thread ended than made them.</summary>
    public ulong Crossed { get; private set; }

    public int LiveAtEnd { get; private set; }

    public static NativeTrace Read(string file)
    {
        using FileStream packed = File.OpenRead(file);
        using GZipStream gzip = new(packed, CompressionMode.Decompress);
        MemoryStream plain = new();
        gzip.CopyTo(plain);
        return Read(plain.ToArray());
    }

    /// <summary>How many blocks of this size were allocated.</summary>
    public ulong AllocsOf(ulong size) => _allocs.GetValueOrDefault(size);

    /// <summary>How many blocks allocated with this size were freed.</summary>
    public ulong FreesOf(ulong size) => _frees.GetValueOrDefault(size);

    /// <summary>The alignment asked for with this size, of the last such block.</summary>
    public ulong AlignmentOf(ulong size) => _alignments.GetValueOrDefault(size);

    private static NativeTrace Read(byte[] bytes)
    {
        Assert.Equal("HKT1"u8.ToArray(), bytes[..4]);
        NativeTrace trace = new(BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(4)), BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(8)));
        ulong blocks = BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(16));
        int at = 24;
        ulong created = 0;
        Dictionary<ulong, (ulong Maker, ulong Size)> live = [];
        for (ulong i = 0; i < trace.Events; i++)
        {
            byte operation = bytes[at++];
            Assert.InRange(operation, 1, 5);
            ulong thread = Number(bytes, ref at);
            Assert.True(thread < trace.Threads);
            if (operation is 2 or 3)
            {
                Assert.True(live.Remove(created - Number(bytes, ref at), out (ulong Maker, ulong Size) ended), $"event {i} ends a block that is not live");
                if (ended.Maker != thread) trace.Crossed++;
                if (operation == 2) Count(trace._frees, ended.Size);
            }

            if (operation == 2) continue;
            ulong size = Number(bytes, ref at);
            if (operation == 5) trace._alignments[size] = 1ul << (int)Number(bytes, ref at);
            if (operation != 3) Count(trace._allocs, size);
            live.Add(created++, (thread, size));
        }

        Assert.Equal((bytes.Length, blocks), (at, created));
        trace.LiveAtEnd = live.Count;
        return trace;
    }

    private static void Count(Dictionary<ulong, ulong> counts, ulong size) => counts[size] = counts.GetValueOrDefault(size) + 1;

    private static ulong Number(byte[] bytes, ref int at)
    {
        ulong value = 0;
        for (int shift = 0; ; shift += 7)
        {
            byte part = bytes[at++];
            value |= (ulong)(part & 0x7F) << shift;
            if (part < 0x80) return value;
        }
    }
}
