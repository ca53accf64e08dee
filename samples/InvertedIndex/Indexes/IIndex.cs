using System;

namespace InvertedIndexSample.Indexes;

/// <summary>An inverted index: for each term, where it stands. Built by one thread; documents are added in ascending order.</summary>
internal interface IIndex : IDisposable
{
    int TermCount { get; }

    /// <summary>Bytes of terms and postings, without what their blocks have left over.</summary>
    long PayloadBytes { get; }

    /// <summary>Notes that a term stands at a position of a document.</summary>
    void Add(ReadOnlySpan<byte> term, uint document, uint position);

    /// <summary>Where a term stands, encoded as <see cref="PostingWriter"/> does.</summary>
    bool TryFind(ReadOnlySpan<byte> term, out ReadOnlySpan<byte> postings, out uint documents);

    /// <summary>A number that two indexes have in common only if they hold the same terms with the same postings, in whatever order.</summary>
    ulong Fingerprint();
}
