using System;

namespace HakMem.Bench.Memory;

/// <summary>A sorted set of 4 KiB pages in memory of the harness's own, which is touched before anything is measured.</summary>
internal sealed unsafe class PageSet(long capacity) : IDisposable
{
    public const int PageBytes = 4096;
    private const int PageShift = 12;

    private readonly MappedArray<ulong> _pages = new(capacity, populate: true);

    public int Count { get; private set; }

    /// <summary>Adds the pages that a block overlaps; duplicates stay until <see cref="Sort"/>.</summary>
    public void Add(void* block, nuint byteCount)
    {
        for (ulong page = (ulong)block >> PageShift; page <= ((ulong)block + byteCount - 1) >> PageShift; page++)
            _pages[Count++] = page;
    }

    public void Sort()
    {
        Span<ulong> pages = new(_pages.Pointer, Count);
        pages.Sort();
        int kept = 0;
        foreach (ulong page in pages)
        {
            if (kept == 0 || pages[kept - 1] != page)
                pages[kept++] = page;
        }

        Count = kept;
    }

    /// <summary>Takes out the pages of another set; both are sorted.</summary>
    public void Except(PageSet other)
    {
        int kept = 0, theirs = 0;
        for (int i = 0; i < Count; i++)
        {
            while (theirs < other.Count && other._pages[theirs] < _pages[i])
                theirs++;
            if (theirs == other.Count || other._pages[theirs] != _pages[i])
                _pages[kept++] = _pages[i];
        }

        Count = kept;
    }

    /// <summary>How many of the pages have memory behind them.</summary>
    public int CountResident()
    {
        int resident = 0;
        for (int i = 0; i < Count; i++)
        {
            byte inCore = 0;
            // Fails with ENOMEM where nothing is mapped any more.
            if (LibC.MemoryInCore((void*)(_pages[i] << PageShift), PageBytes, &inCore) == 0 && (inCore & 1) != 0)
                resident++;
        }

        return resident;
    }

    public void Dispose() => _pages.Dispose();
}
