using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Threading;
using HakMem.Boxes;

namespace HakMem.Faults;

/// <summary>
/// What small programs cost: prints the process's resident memory, and the part of it that lies in the allocator's own mappings, both in bytes.
/// The same with the allocator <c>none</c> touches nothing: the difference of the first number is what HakMem adds to a process, its compiled code included.
/// </summary>
internal static unsafe class MemoryScenario
{
    private const int Classes = 40, StackBytes = 256 * 1024;

    public static int Run(string scenario, string allocator)
    {
        bool hakmem = allocator == "hakmem";
        if (!hakmem && allocator != "none") return 2;
        switch (scenario)
        {
            case "one-block":
                Touch(hakmem, 32);
                Report(hakmem);
                return 0;
            case "threads-16":
                OnThreads(16, hakmem);
                return 0;
            case "threads-1000":
                OnThreads(1000, hakmem);
                return 0;
            default:
                return 2;
        }
    }

    // All threads hold their blocks while the process is measured.
    private static void OnThreads(int count, bool hakmem)
    {
        using CountdownEvent ready = new(count);
        using ManualResetEventSlim done = new();
        Thread[] threads = new Thread[count];
        for (int i = 0; i < count; i++)
        {
            threads[i] = new Thread(
                () =>
                {
                    for (uint sizeClass = 1; sizeClass <= Classes; sizeClass++) Touch(hakmem, SizeClasses.SizeOf(sizeClass));
                    ready.Signal();
                    done.Wait();
                },
                StackBytes);
            threads[i].Start();
        }

        ready.Wait();
        Report(hakmem);
        done.Set();
        foreach (Thread thread in threads) thread.Join();
    }

    private static void Touch(bool hakmem, nuint size)
    {
        if (hakmem) *(byte*)HakMemory.Alloc(size) = 1;
    }

    private static void Report(bool hakmem)
    {
        string rollup = File.ReadAllText("/proc/self/smaps_rollup");
        string[] maps = hakmem ? File.ReadAllLines("/proc/self/smaps") : [];
        Console.WriteLine($"{KibOf(rollup.Split('\n').First(IsRss)) << 10} {OwnBytes(maps)}");
    }

    private static long OwnBytes(string[] maps)
    {
        if (maps.Length == 0) return 0;
        List<(nuint Start, nuint End)> own = OwnMappings();
        long bytes = 0;
        nuint start = 0, end = 0;
        foreach (string line in maps)
        {
            int dash = line.IndexOf('-');
            if (dash > 0 && nuint.TryParse(line.AsSpan(0, dash), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out nuint first))
            {
                start = first;
                end = nuint.Parse(line.AsSpan(dash + 1, line.IndexOf(' ') - dash - 1), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            }
            else if (IsRss(line))
            {
                // The kernel joins neighbours of the same kind: no more can be ours than the part that overlaps.
                long overlap = own.Sum(range => Math.Max(0, (long)nuint.Min(end, range.End) - (long)nuint.Max(start, range.Start)));
                bytes += Math.Min(overlap, KibOf(line) << 10);
            }
        }

        return bytes;
    }

    private static List<(nuint Start, nuint End)> OwnMappings()
    {
        SpaceState* space = OtherAllocator.Space;
        List<(nuint Start, nuint End)> own =
        [
            ((nuint)space, (nuint)space + (nuint)sizeof(SpaceState) + (nuint)(sizeof(SizeClass) * SizeClasses.Count)),
            ((nuint)space->Base, (nuint)space->Base + (space->ChunkCount << Chunk.Log2)),
            ((nuint)space->Tables, (nuint)space->Tables + space->TableBytes),
        ];
        for (byte* mapping = space->MetaMappings; mapping != null; mapping = *(byte**)mapping)
        {
            own.Add(((nuint)mapping, (nuint)mapping + *(nuint*)(mapping + sizeof(void*))));
        }

        return own;
    }

    private static bool IsRss(string line) => line.StartsWith("Rss:", StringComparison.Ordinal);

    private static long KibOf(string line) => long.Parse(line.AsSpan(4, line.Length - 4 - " kB".Length).Trim(), CultureInfo.InvariantCulture);
}
