using System;
using System.Runtime;
using HakMem.Boxes;
using static HakMem.Preload.PreloadAllocator;

namespace HakMem.Preload;

/// <summary>What the program can ask about the allocator, and the few things it can tell it.</summary>
internal static unsafe class InfoExports
{
    // As in <malloc.h>: numbers of blocks and bytes, most of them about a way of working that is not this one.
    private struct MallocNumbers<T>
        where T : unmanaged
    {
        public T Arena, FreeChunks, FastChunks, Mappings, MappedBytes, MostUsed, FastBytes, UsedBytes, FreeBytes, TopBytes;
    }

    // As in hakmem.h.
    private struct Statistics
    {
        public ulong InUseBytes, InUseBlocks, CachedBytes, CommittedBytes, ReservedBytes, PurgedBytes, LargeBytes, LargeBlocks, BigBytes, BigBlocks, Heaps, FreeHeaps;
    }

    [RuntimeExport("hm_version")]
    private static byte* Version()
    {
        fixed (byte* text = BuildVersion.Text) return text;   // in the image, with a zero behind it
    }

    /// <summary>Writes the first <paramref name="bytes"/> of the numbers, so that older and newer programs get what they know. Returns the bytes written.</summary>
    [RuntimeExport("hm_stats")]
    private static nuint Stats(Statistics* result, nuint bytes)
    {
        AllocatorStatistics all;
        if (!StatisticsReport.TryRead(&all)) return 0;
        Statistics statistics;
        statistics.InUseBytes = all.InUseBytes;
        statistics.InUseBlocks = all.InUseBlocks;
        statistics.CachedBytes = all.CachedBytes;
        statistics.CommittedBytes = all.CommittedBytes;
        statistics.ReservedBytes = all.ReservedBytes;
        statistics.PurgedBytes = all.PurgedBytes;
        statistics.LargeBytes = all.LargeBytes;
        statistics.LargeBlocks = all.LargeBlocks;
        statistics.BigBytes = all.BigBytes;
        statistics.BigBlocks = all.BigBlocks;
        statistics.Heaps = all.Heaps;
        statistics.FreeHeaps = all.FreeHeaps;
        if (bytes > (nuint)sizeof(Statistics)) bytes = (nuint)sizeof(Statistics);
        LibC.memmove(result, &statistics, bytes);
        return bytes;
    }

    [RuntimeExport("hm_trim")]
    private static void Trim(ThreadHeap* heap)
    {
        SlowPath path = default;
        if (!path.TryEnter(heap)) return;
        HeapRegistry.Trim<Config>(path.Heap);
        path.Leave();
    }

    /// <summary>Gives everything unused back. Returns 1 when there was something to give; how much to keep is not looked at.</summary>
    [RuntimeExport("hm_malloc_trim")]
    private static int MallocTrim(nuint keep, ThreadHeap* heap)
    {
        _ = keep;
        SlowPath path = default;
        if (!path.TryEnter(heap)) return 0;
        ulong before = Backed();
        HeapRegistry.Trim<Config>(path.Heap);
        ulong after = Backed();
        path.Leave();
        return after < before ? 1 : 0;
    }

    /// <summary>Takes every option, does nothing about it and returns 1, as glibc does with those that it does not know.</summary>
    [RuntimeExport("hm_mallopt")]
    private static int Mallopt(int option, int value)
    {
        _ = option;
        _ = value;
        return 1;
    }

    [RuntimeExport("hm_mallinfo")]
    private static void* Mallinfo(MallocNumbers<int>* result)
    {
        MallocNumbers<ulong> wide;
        _ = Mallinfo2(&wide);
        ulong* from = (ulong*)&wide;
        int* to = (int*)result;
        for (int i = 0; i < sizeof(MallocNumbers<int>) / sizeof(int); i++) to[i] = from[i] > int.MaxValue ? int.MaxValue : (int)from[i];
        return result;
    }

    [RuntimeExport("hm_mallinfo2")]
    private static void* Mallinfo2(MallocNumbers<ulong>* result)
    {
        AllocatorStatistics statistics;
        _ = StatisticsReport.TryRead(&statistics);
        *result = default;
        result->Mappings = statistics.BigBlocks;
        result->MappedBytes = statistics.BigBytes;
        result->UsedBytes = statistics.InUseBytes - statistics.BigBytes;
        result->Arena = statistics.CommittedBytes > statistics.BigBytes ? statistics.CommittedBytes - statistics.BigBytes : 0;   // read one after the other, while others free
        result->FreeBytes = result->Arena > result->UsedBytes ? result->Arena - result->UsedBytes : 0;
        return result;
    }

    [RuntimeExport("hm_malloc_stats")]
    private static void MallocStats() => StatisticsReport.Write(LibC.StandardError);

    /// <summary>Writes the numbers to a stream as XML. Returns 0, or EINVAL for options other than 0.</summary>
    [RuntimeExport("hm_malloc_info")]
    private static int MallocInfo(int options, void* stream)
    {
        if (options != 0) return LibC.InvalidArgument;
        AllocatorStatistics statistics;
        _ = StatisticsReport.TryRead(&statistics);
        TextBuffer text = default;
        text.Append("<malloc version=\"hakmem-1\">\n<sizes>\n"u8);
        text.WriteStream(stream);
        for (uint sizeClass = 1; sizeClass < SizeClasses.Count; sizeClass++)
        {
            if (statistics.ClassBlocks[sizeClass] == 0) continue;
            text.Append("<size bytes=\""u8);
            text.Append(SizeClasses.SizeOf(sizeClass));
            text.Append("\" blocks=\""u8);
            text.Append(statistics.ClassBlocks[sizeClass]);
            text.Append("\"/>\n"u8);
            text.WriteStream(stream);
        }

        text.Append("</sizes>\n"u8);
        Total(ref text, "inuse"u8, statistics.InUseBlocks, statistics.InUseBytes);
        Total(ref text, "large"u8, statistics.LargeBlocks, statistics.LargeBytes);
        Total(ref text, "big"u8, statistics.BigBlocks, statistics.BigBytes);
        Total(ref text, "cached"u8, 0, statistics.CachedBytes);
        text.Append("<system type=\"current\" size=\""u8);
        text.Append(statistics.CommittedBytes);
        text.Append("\"/>\n<aspace type=\"total\" size=\""u8);
        text.Append(statistics.ReservedBytes);
        text.Append("\"/>\n</malloc>\n"u8);
        text.WriteStream(stream);
        return 0;
    }

    private static void Total(ref TextBuffer text, ReadOnlySpan<byte> type, ulong count, ulong bytes)
    {
        text.Append("<total type=\""u8);
        text.Append(type);
        text.Append("\" count=\""u8);
        text.Append(count);
        text.Append("\" size=\""u8);
        text.Append(bytes);
        text.Append("\"/>\n"u8);
    }

    private static ulong Backed()
    {
        if (Config.Composition == null) return 0;
        ulong bytes = MemoryLimit.Committed<Config>();
        for (ThreadHeap* heap = Config.FirstHeap(); heap != null; heap = heap->NextInComposition) bytes -= (ulong)heap->PurgedPages * Chunk.OsPageBytes;
        return bytes;
    }
}
