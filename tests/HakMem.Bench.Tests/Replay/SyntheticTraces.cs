using System;
using System.Collections.Generic;
using HakMem.Bench.Tests.Traces;

namespace HakMem.Bench.Tests.Replay;

/// <summary>Random but valid traces.</summary>
internal static class SyntheticTraces
{
    public static TraceWriter Random(int seed, int events, int threads)
    {
        var random = new Random(seed);
        var writer = new TraceWriter { ThreadCount = (uint)threads };
        var live = new List<long>();
        long created = 0;
        for (int i = 0; i < events; i++)
        {
            ulong thread = (ulong)random.Next(threads);
            int choice = live.Count == 0 ? 0 : random.Next(10);
            if (choice >= 5)
            {
                int index = random.Next(live.Count);
                ulong backReference = (ulong)(created - live[index]);
                live.RemoveAt(index);
                if (choice == 5)
                    writer.Realloc(backReference, Size(random), thread);
                else
                    writer.Free(backReference, thread);
                if (choice != 5)
                    continue;
            }
            else if (choice < 3)
            {
                writer.Alloc(Size(random), thread);
            }
            else if (choice == 3)
            {
                writer.AllocZeroed(Size(random), thread);
            }
            else
            {
                writer.AlignedAlloc(Size(random), (ulong)random.Next(0, 13), thread);
            }

            live.Add(created++);
        }

        return writer;
    }

    private static ulong Size(Random random) => (ulong)random.Next(0, 1 << random.Next(1, 15));
}
