using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using InvertedIndexSample.Indexes;
using InvertedIndexSample.Texts;

namespace InvertedIndexSample;

/// <summary>A document that has all words of a query.</summary>
/// <param name="Document">Its number.</param>
/// <param name="Occurrences">How often the words stand in it, together.</param>
/// <param name="Score">How well it fits: rare words count more, repetition counts less and less.</param>
internal readonly record struct Hit(uint Document, int Occurrences, double Score);

/// <summary>Answers queries: the documents that have all words, best first.</summary>
internal static class Search
{
    /// <summary>The terms of what a user typed, each once.</summary>
    public static byte[][] TermsOf(IEnumerable<string> words)
    {
        List<byte[]> terms = [];
        byte[] buffer = new byte[Terms.MaxBytes];
        foreach (string word in words)
        {
            Terms found = new(Encoding.UTF8.GetBytes(word), buffer);
            while (found.MoveNext())
            {
                byte[] term = found.Current.ToArray();
                if (!terms.Any(known => known.AsSpan().SequenceEqual(term))) terms.Add(term);
            }
        }

        return [.. terms];
    }

    /// <summary>The best documents that have all terms, in the order of score and number.</summary>
    public static Hit[] Run(IIndex index, byte[][] terms, int documentCount, int top)
    {
        Dictionary<uint, Hit>? hits = null;
        foreach (byte[] term in terms)
        {
            if (!index.TryFind(term, out ReadOnlySpan<byte> postings, out uint documents)) return [];
            double weight = Math.Log(1 + ((double)documentCount / documents));
            Dictionary<uint, Hit> next = [];
            foreach ((uint document, int count) in Counts(postings))
            {
                Hit before = default;
                if (hits is not null && !hits.TryGetValue(document, out before)) continue;
                next[document] = new Hit(document, before.Occurrences + count, before.Score + (weight * (1 + Math.Log(count))));
            }

            hits = next;
        }

        return hits is null ? [] : [.. hits.Values.OrderByDescending(static hit => hit.Score).ThenBy(static hit => hit.Document).Take(top)];
    }

    private static List<(uint Document, int Count)> Counts(ReadOnlySpan<byte> postings)
    {
        List<(uint Document, int Count)> counts = [];
        PostingReader reader = new(postings);
        while (reader.MoveNext())
        {
            if (counts.Count > 0 && counts[^1].Document == reader.Document) counts[^1] = (reader.Document, counts[^1].Count + 1);
            else counts.Add((reader.Document, 1));
        }

        return counts;
    }
}
