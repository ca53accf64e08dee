using System;
using System.Runtime.CompilerServices;

namespace InvertedIndexSample.Indexes;

/// <summary>
/// The index outside the garbage-collected heap: an open-addressing table of entries, a block for each term's text, and a block for its postings that doubles by
/// <c>Realloc</c> as it fills. The collector sees one object, however large the index is.
/// </summary>
internal sealed unsafe class UnmanagedIndex<TMemory> : IIndex
    where TMemory : struct, IUnmanagedMemory
{
    private const int FirstCapacity = 1024, FirstPostingBytes = 16;

    private Entry* _entries;
    private int _capacity = FirstCapacity;

    public UnmanagedIndex() => _entries = (Entry*)TMemory.AllocZeroed((nuint)FirstCapacity * (nuint)sizeof(Entry));

    ~UnmanagedIndex() => Release();

    public int TermCount { get; private set; }

    public long PayloadBytes { get; private set; }

    public void Add(ReadOnlySpan<byte> term, uint document, uint position)
    {
        Entry* entry = Find(term, TermHash.Of(term));
        if (entry->Text == null) entry = Insert(entry, term);
        if (entry->PostingCapacity - entry->PostingBytes < PostingWriter.MaxBytes) Grow(entry);
        int written = entry->Writer.Write(new Span<byte>(entry->Postings + entry->PostingBytes, PostingWriter.MaxBytes), document, position);
        entry->PostingBytes += written;
        PayloadBytes += written;
    }

    public bool TryFind(ReadOnlySpan<byte> term, out ReadOnlySpan<byte> postings, out uint documents)
    {
        Entry* entry = Find(term, TermHash.Of(term));
        postings = new ReadOnlySpan<byte>(entry->Postings, entry->PostingBytes);
        documents = entry->Writer.Documents;
        return entry->Text != null;
    }

    public ulong Fingerprint()
    {
        ulong sum = 0;
        for (Entry* entry = _entries; entry < _entries + _capacity; entry++)
        {
            if (entry->Text != null) sum += TermHash.Of(entry->Term, new ReadOnlySpan<byte>(entry->Postings, entry->PostingBytes));
        }

        return sum;
    }

    public void Dispose()
    {
        Release();
        GC.SuppressFinalize(this);
    }

    /// <summary>The entry of a term, or the free one where it belongs.</summary>
    private Entry* Find(ReadOnlySpan<byte> term, ulong hash)
    {
        ObjectDisposedException.ThrowIf(_entries == null, this);
        for (int i = (int)hash & (_capacity - 1); ; i = (i + 1) & (_capacity - 1))
        {
            Entry* entry = _entries + i;
            if (entry->Text == null || (entry->Hash == hash && entry->Term.SequenceEqual(term))) return entry;
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private Entry* Insert(Entry* entry, ReadOnlySpan<byte> term)
    {
        ulong hash = TermHash.Of(term);
        if (TermCount >= _capacity / 4 * 3)
        {
            GrowTable();
            entry = Find(term, hash);
        }

        byte* text = (byte*)TMemory.Alloc((nuint)term.Length);
        term.CopyTo(new Span<byte>(text, term.Length));
        *entry = new Entry { Hash = hash, Text = text, TextBytes = term.Length };
        TermCount++;
        PayloadBytes += term.Length;
        return entry;
    }

    private static void Grow(Entry* entry)
    {
        int capacity = Math.Max(FirstPostingBytes, entry->PostingCapacity * 2);
        entry->Postings = (byte*)TMemory.Realloc(entry->Postings, (nuint)capacity);
        entry->PostingCapacity = capacity;
    }

    private void GrowTable()
    {
        int capacity = _capacity * 2;
        Entry* entries = (Entry*)TMemory.AllocZeroed((nuint)capacity * (nuint)sizeof(Entry));
        for (Entry* entry = _entries; entry < _entries + _capacity; entry++)
        {
            if (entry->Text == null) continue;
            int i = (int)entry->Hash & (capacity - 1);
            while (entries[i].Text != null) i = (i + 1) & (capacity - 1);
            entries[i] = *entry;
        }

        TMemory.Free(_entries);
        _entries = entries;
        _capacity = capacity;
    }

    private void Release()
    {
        if (_entries == null) return;
        for (Entry* entry = _entries; entry < _entries + _capacity; entry++)
        {
            TMemory.Free(entry->Text);
            TMemory.Free(entry->Postings);
        }

        TMemory.Free(_entries);
        _entries = null;
    }

    private struct Entry
    {
        public ulong Hash;
        public byte* Text;
        public byte* Postings;
        public int TextBytes;
        public int PostingBytes;
        public int PostingCapacity;
        public PostingWriter Writer;

        public readonly ReadOnlySpan<byte> Term => new(Text, TextBytes);
    }
}
