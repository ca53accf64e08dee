using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO;
using System.IO.Compression;
using HakMem.Preload.Tests.Programs;
using Xunit;

namespace HakMem.Preload.Tests.Shape;

/// <summary>The library that records: what a program of several threads did becomes a trace without contradictions, and nothing else is left behind.</summary>
[Collection(ExtraPublish.Name)]
public sealed class TraceTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("hakmem-trace-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [NativeFact]
    public void A_programs_history_is_recorded()
    {
        string library = ExtraPublish.Make(_folder, "traced", "-p:HakMemTrace=true");
        string trace = Path.Combine(_folder, "fuzz.hkt.gz");
        NativeResult run = NativeProcess.Run(
            NativeToolchain.Compiled("fuzz"),
            ["--seconds", "1", "--threads", "2", "--seed", "7"],
            [("LD_PRELOAD", library), ("HAKMEM_TRACE", trace)],
            TimeSpan.FromMinutes(1));
        Assert.True(run.ExitCode == 0, run.ToString());
        Assert.False(File.Exists(trace + ".log"));
        using FileStream file = File.OpenRead(trace);
        using GZipStream gzip = new(file, CompressionMode.Decompress);
        MemoryStream plain = new();
        gzip.CopyTo(plain);
        AssertWhole(plain.ToArray());
    }

    private static void AssertWhole(byte[] bytes)
    {
        Assert.Equal("HKT1"u8.ToArray(), bytes[..4]);
        uint threads = BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(4));
        ulong events = BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(8)), blocks = BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(16));
        Assert.InRange(threads, 2u, 1000u);
        Assert.True(events > 1000, $"{events} events");
        int at = 24;
        ulong created = 0, crossed = 0;
        Dictionary<ulong, ulong> live = [];
        for (ulong i = 0; i < events; i++)
        {
            byte operation = bytes[at++];
            Assert.InRange(operation, 1, 5);
            ulong thread = Number(bytes, ref at);
            Assert.True(thread < threads);
            if (operation is 2 or 3)
            {
                Assert.True(live.Remove(created - Number(bytes, ref at), out ulong maker), $"event {i} ends a block that is not live");
                if (maker != thread) crossed++;
            }

            if (operation == 2) continue;
            _ = Number(bytes, ref at);
            if (operation == 5) _ = Number(bytes, ref at);
            live.Add(created++, thread);
        }

        Assert.Equal((bytes.Length, blocks), (at, created));
        Assert.True(crossed > 0, "no block was freed by another thread");
    }

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
