using System;

namespace InvertedIndexSample.Indexes;

/// <summary>FNV-1a, 64 bits: short terms, no dependencies, the same in every process.</summary>
internal static class TermHash
{
    private const ulong Offset = 14695981039346656037, Prime = 1099511628211;

    public static ulong Of(ReadOnlySpan<byte> bytes) => Continue(Offset, bytes);

    public static ulong Of(ReadOnlySpan<byte> term, ReadOnlySpan<byte> postings) => Continue(Continue(Offset, term) ^ (ulong)term.Length, postings);

    private static ulong Continue(ulong hash, ReadOnlySpan<byte> bytes)
    {
        foreach (byte one in bytes) hash = (hash ^ one) * Prime;
        return hash;
    }
}
