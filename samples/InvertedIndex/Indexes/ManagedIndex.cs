using System;

namespace InvertedIndexSample.Indexes;

/// <summary>The same index in arrays of the garbage collector: the same table, the same doubling, one array for each text and each list of postings.</summary>
internal sealed class ManagedIndex : IIndex
{
    private const int FirstCapacity = 1024, FirstPostingBytes = 16;

    private Entry[] _entries = new Entry[FirstCapacity];

    public int TermCount { get; private set; }

    public long PayloadBytes { get; private set; }

    public void Add(ReadOnlySpan<byte> term, uint document, uint position)
    {
        ref Entry entry = ref Find(term, TermHash.Of(term));
        if (entry.Text is null) entry = ref Insert(ref entry, term);
        if (entry.Postings.Length - entry.PostingBytes < PostingWriter.MaxBytes)
        {
            byte[] larger = GC.AllocateUninitializedArray<byte>(Math.Max(FirstPostingBytes, entry.Postings.Length * 2));
            entry.Postings.AsSpan(0, entry.PostingBytes).CopyTo(larger);
            entry.Postings = larger;
        }

        int written = entry.Writer.Write(entry.Postings.AsSpan(entry.PostingBytes), document, position);
        entry.PostingBytes += written;
        PayloadBytes += written;
    }

    public bool TryFind(ReadOnlySpan<byte> term, out ReadOnlySpan<byte> postings, out uint documents)
    {
        ref Entry entry = ref Find(term, TermHash.Of(term));
        postings = entry.Postings.AsSpan(0, entry.PostingBytes);
        documents = entry.Writer.Documents;
        return entry.Text is not null;
    }

    public ulong Fingerprint()
    {
        ulong sum = 0;
        foreach (Entry entry in _entries)
        {
            if (entry.Text is not null) sum += TermHash.Of(entry.Text, entry.Postings.AsSpan(0, entry.PostingBytes));
        }

        return sum;
    }

    public void Dispose() => _entries = [];

    private ref Entry Find(ReadOnlySpan<byte> term, ulong hash)
    {
        ObjectDisposedException.ThrowIf(_entries.Length == 0, this);
        for (int i = (int)hash & (_entries.Length - 1); ; i = (i + 1) & (_entries.Length - 1))
        {
            ref Entry entry = ref _entries[i];
            if (entry.Text is null || (entry.Hash == hash && term.SequenceEqual(entry.Text))) return ref entry;
        }
    }

    private ref Entry Insert(ref Entry entry, ReadOnlySpan<byte> term)
    {
        ulong hash = TermHash.Of(term);
        if (TermCount >= _entries.Length / 4 * 3)
        {
            GrowTable();
            entry = ref Find(term, hash);
        }

        entry = new Entry { Hash = hash, Text = term.ToArray(), Postings = [] };
        TermCount++;
        PayloadBytes += term.Length;
        return ref entry;
    }

    private void GrowTable()
    {
        Entry[] entries = new Entry[_entries.Length * 2];
        foreach (Entry entry in _entries)
        {
            if (entry.Text is null) continue;
            int i = (int)entry.Hash & (entries.Length - 1);
            while (entries[i].Text is not null) i = (i + 1) & (entries.Length - 1);
            entries[i] = entry;
        }

        _entries = entries;
    }

    private struct Entry
    {
        public ulong Hash;
        public byte[]? Text;
        public byte[] Postings;
        public int PostingBytes;
        public PostingWriter Writer;
    }
}
