using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;

namespace HakMem.Faults;

/// <summary>The operating system refuses: limits of the process, set when it already runs.</summary>
internal static unsafe class Limits
{
    private const int RlimitData = 2, RlimitAs = 9;
    private const ulong Mib = 1 << 20;

    private static readonly nuint[] s_sizes = [0, 16, 1000, 5000, 32768, 100_000, 2 << 20, 3 << 20];

    public static Dictionary<string, Action> Cases { get; } = new()
    {
        // No range can be reserved: mappings of their own serve.
        ["no-range"] = () =>
        {
            _ = NewBlocks();   // compiled while there is memory, not called yet
            Limit(RlimitAs, "VmSize:", 700 * Mib);
            void* block = HakMemory.Alloc(16);
            if (HakMemory.GetStatistics().BigBlocks != 1) throw new InvalidOperationException("the range was reserved all the same");
            HakMemory.Free(block);
            UseAllSizes();
            UseAllSizes();
        },

        // A range that fits leaves no room for its tables: a smaller one is taken.
        ["little-room-100"] = () => UseLittleRoom(100),
        ["little-room-160"] = () => UseLittleRoom(160),
        ["little-room-256"] = () => UseLittleRoom(256),
        ["memory-runs-out-tiny"] = () => RunOut(512),
        ["memory-runs-out-mid"] = () => RunOut(20_000),
        ["memory-runs-out-large"] = () => RunOut(300_000),
        ["memory-runs-out-big"] = () => RunOut(5 << 20),
    };

    private static void RunOut(nuint size)
    {
        UseAllSizes();
        HakMemory.Trim();
        HakMemStatistics before = HakMemory.GetStatistics();
        nint[] blocks = new nint[1 << 20];
        Array.Fill(blocks, 1);
        int count = 0;
        ulong old = Limit(RlimitData, "VmData:", 64 * Mib);
        while (count < blocks.Length && HakMemory.TryAlloc(size, out void* block)) *(nint*)(blocks[count++] = (nint)block) = count;
        bool again = HakMemory.TryAlloc(size, out void* more);
        if (count > 0 && HakMemory.TryRealloc((void*)blocks[0], 40 << 20, out void* grown)) throw new InvalidOperationException($"grown to {(nuint)grown:x}");
        Restore(RlimitData, old);
        if (again) HakMemory.Free(more);
        if (count == 0 || count == blocks.Length) throw new InvalidOperationException($"{count} blocks until memory ran out");
        if (blocks.Take(count).Distinct().Count() != count) throw new InvalidOperationException("a block was handed out twice");
        for (int i = 0; i < count; i++)
        {
            if (*(nint*)blocks[i] != i + 1) throw new InvalidOperationException("contents changed");
            HakMemory.Free((void*)blocks[i]);
        }

        HakMemStatistics after = HakMemory.GetStatistics();
        if (after.InUseBlocks != before.InUseBlocks || after.InUseBytes != before.InUseBytes) throw new InvalidOperationException($"{before} became {after}");
        UseAllSizes();
    }

    private static void UseLittleRoom(uint mebibytes)
    {
        Limit(RlimitAs, "VmSize:", mebibytes * Mib);
        foreach (nuint size in s_sizes)
        {
            if (!HakMemory.TryAlloc(size, out void* block)) throw new InvalidOperationException($"{size} bytes are refused");
            if (!HakMemory.TryRealloc(block, size + 40, out block)) throw new InvalidOperationException($"{size + 40} bytes are refused");
            HakMemory.Free(block);
        }

        HakMemory.Trim();
        if (HakMemory.GetStatistics().InUseBlocks != 0) throw new InvalidOperationException($"left: {HakMemory.GetStatistics()}");
    }

    private static void UseAllSizes()
    {
        List<(nint Block, nuint Size)> blocks = NewBlocks();
        for (int round = 0; round < 20; round++)
        {
            foreach (nuint size in s_sizes)
            {
                byte* block = (byte*)(round % 3 == 0 ? HakMemory.AllocZeroed(size) : round % 3 == 1 ? HakMemory.Alloc(size) : HakMemory.AlignedAlloc(size, 64));
                if (size != 0) block[0] = block[size - 1] = (byte)round;
                block = (byte*)HakMemory.Realloc(block, size + 40);
                if (size != 0 && (block[0] != (byte)round || block[size - 1] != (byte)round)) throw new InvalidOperationException($"contents of {size} bytes lost");
                blocks.Add(((nint)block, size));
            }
        }

        foreach ((nint block, nuint size) in blocks)
        {
            if (HakMemory.UsableSize((void*)block) < size) throw new InvalidOperationException($"less than {size} bytes");
            HakMemory.Free((void*)block);
        }

        HakMemory.Trim();
        if (HakMemory.GetStatistics().InUseBlocks != 0) throw new InvalidOperationException($"left: {HakMemory.GetStatistics()}");
    }

    private static List<(nint Block, nuint Size)> NewBlocks() => new(1000);

    private static ulong Limit(int resource, string line, ulong moreBytes)
    {
        string used = File.ReadLines("/proc/self/status").First(text => text.StartsWith(line, StringComparison.Ordinal));
        ulong usedBytes = ulong.Parse(used.AsSpan(line.Length, used.Length - line.Length - " kB".Length).Trim(), CultureInfo.InvariantCulture) * 1024;
        ulong[] limit = new ulong[2];
        if (getrlimit(resource, limit) != 0) throw new InvalidOperationException("getrlimit failed");
        ulong old = limit[0];
        limit[0] = usedBytes + moreBytes;
        if (setrlimit(resource, limit) != 0) throw new InvalidOperationException("setrlimit failed");
        return old;
    }

    private static void Restore(int resource, ulong old)
    {
        ulong[] limit = new ulong[2];
        _ = getrlimit(resource, limit);
        limit[0] = old;
        _ = setrlimit(resource, limit);
    }

    [DllImport("libc")]
    private static extern int getrlimit(int resource, [Out] ulong[] limit);

    [DllImport("libc")]
    private static extern int setrlimit(int resource, ulong[] limit);
}
