using System;
using HakMem.Boxes;
using static HakMem.Preload.PreloadAllocator;

namespace HakMem.Preload;

/// <summary>What <c>malloc_stats</c> and <c>HAKMEM_SHOW_STATS</c> print.</summary>
internal static unsafe class StatisticsReport
{
    /// <summary>Reads the numbers of the composition. False, and all zero, in a thread that is inside the allocator.</summary>
    internal static bool TryRead(AllocatorStatistics* statistics)
    {
        *statistics = default;
        SlowPath path = default;
        if (!path.TryEnter(Trampolines.GetSlot())) return false;
        HeapRegistry.ReadStatistics<Config>(path.Heap, statistics);
        path.Leave();
        return true;
    }

    /// <summary>Writes the report to a file descriptor.</summary>
    internal static void Write(int file)
    {
        AllocatorStatistics statistics;
        if (!TryRead(&statistics)) return;
        TextBuffer text = default;
        text.Append("hakmem "u8);
        text.Append(BuildVersion.Text);
        text.Append(", process "u8);
        text.Append((ulong)LibC.getpid());
        text.Append("\n"u8);
        Line(ref text, "  in use              "u8, statistics.InUseBytes, statistics.InUseBlocks);
        Line(ref text, "    large, >32 KiB    "u8, statistics.LargeBytes, statistics.LargeBlocks);
        Line(ref text, "    own mappings      "u8, statistics.BigBytes, statistics.BigBlocks);
        Line(ref text, "  cached              "u8, statistics.CachedBytes, 0);
        Line(ref text, "  committed           "u8, statistics.CommittedBytes, 0);
        Line(ref text, "  purged so far       "u8, statistics.PurgedBytes, 0);
        text.Append("  heaps               "u8);
        text.Append(statistics.Heaps, 16);
        text.Append(", "u8);
        text.Append(statistics.FreeHeaps);
        text.Append(" without a thread; "u8);
        text.Append(statistics.Adoptions);
        text.Append(" taken over, "u8);
        text.Append(statistics.Migrations);
        text.Append(" slabs migrated\n"u8);
        text.WriteFile(file);
        for (uint sizeClass = 1; sizeClass < SizeClasses.Count; sizeClass++)
        {
            if (statistics.ClassBlocks[sizeClass] == 0) continue;
            text.Append("  class of "u8);
            text.Append(SizeClasses.SizeOf(sizeClass), 5);
            text.Append(" bytes "u8);
            text.Append(statistics.ClassBlocks[sizeClass], 15);
            text.Append(" blocks\n"u8);
            text.WriteFile(file);
        }

        DiagnosticsText diagnostics = new(file);
        PreloadAllocator.VisitDiagnostics(ref diagnostics);
    }

    private static void Line(ref TextBuffer text, ReadOnlySpan<byte> name, ulong bytes, ulong blocks)
    {
        text.Append(name);
        text.Append(bytes, 16);
        text.Append(" bytes"u8);
        if (blocks != 0)
        {
            text.Append(", "u8);
            text.Append(blocks);
            text.Append(" blocks"u8);
        }

        text.Append("\n"u8);
    }
}
