using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using InvertedIndexSample.Indexes;
using InvertedIndexSample.Texts;

namespace InvertedIndexSample;

/// <summary>
/// Indexes the documents as so many revisions of them, each in an index of its own that stays searchable, as a server does that lets its users look back; asks the last
/// one, and drops them all.
/// </summary>
/// <param name="documents">The documents.</param>
/// <param name="revisions">How often they are indexed.</param>
/// <param name="terms">The query.</param>
/// <param name="top">How many answers are wanted.</param>
internal sealed class Workload(Document[] documents, int revisions, byte[][] terms, int top)
{
    // What the first build found: an allocator may still keep, for reuse, what the build before has dropped.
    private readonly Dictionary<Contestant, long> _heldAtFirst = [];

    public BuildResult Run(Contestant contestant)
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        _heldAtFirst.TryAdd(contestant, contestant.HeldBytes());
        long managedBefore = GC.GetTotalAllocatedBytes(precise: true);
        TimeSpan pauseBefore = GC.GetTotalPauseDuration();
        int collectionsBefore = GC.CollectionCount(0);
        long start = Stopwatch.GetTimestamp();

        IIndex[] indexes = new IIndex[revisions];
        for (int i = 0; i < indexes.Length; i++) Build(indexes[i] = contestant.Create());

        TimeSpan built = Stopwatch.GetElapsedTime(start);
        BuildResult result = new()
        {
            BuildTime = built,
            PauseTime = GC.GetTotalPauseDuration() - pauseBefore,
            Collections = GC.CollectionCount(0) - collectionsBefore,
            ManagedBytes = GC.GetTotalAllocatedBytes(precise: true) - managedBefore,
            HeldBytes = contestant.HeldBytes() - _heldAtFirst[contestant],
            TermCount = indexes.Sum(static index => index.TermCount),
            PayloadBytes = indexes.Sum(static index => index.PayloadBytes),
            Fingerprint = indexes.Aggregate(0UL, static (sum, index) => sum + index.Fingerprint()),
            Hits = Search.Run(indexes[^1], terms, documents.Length, top),
        };

        long drop = Stopwatch.GetTimestamp();
        foreach (IIndex index in indexes) index.Dispose();
        return result with { DropTime = Stopwatch.GetElapsedTime(drop) };
    }

    private void Build(IIndex index)
    {
        Span<byte> buffer = stackalloc byte[Terms.MaxBytes];
        for (int document = 0; document < documents.Length; document++)
        {
            Terms found = new(documents[document].Bytes, buffer);
            for (uint position = 0; found.MoveNext(); position++) index.Add(found.Current, (uint)document, position);
        }
    }
}
