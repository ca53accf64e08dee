using System;
using System.Collections.Generic;
using System.Linq;
using HakMem.Tests.Support;

namespace HakMem.Faults;

/// <summary>Blocks after a burst: most freed, some kept with contents; and which OS pages that lie wholly in freed blocks have memory behind them.</summary>
internal sealed unsafe class Residency
{
    private const int Page = 4096, KeepEvery = 20;

    private readonly List<(nint Start, int Bytes)> _kept = [];
    private readonly List<(nint Start, int Bytes)> _toFree = [];
    private readonly List<nint> _freePages = [];

    /// <summary>How many OS pages lie wholly in freed blocks.</summary>
    public int FreePages => _freePages.Count;

    /// <summary>Allocates 27 MB in blocks of three sizes, and writes all of it.</summary>
    public void Allocate()
    {
        foreach ((int size, int count) in new[] { (512, 15_000), (1024, 10_000), (2048, 5_000) })
        {
            for (int i = 0; i < count; i++)
            {
                nint block = (nint)HakMemory.Alloc((nuint)size);
                new Span<byte>((void*)block, size).Fill((byte)(block >> 9));
                (i % KeepEvery == 7 ? _kept : _toFree).Add((block, size));
            }
        }
    }

    /// <summary>Frees all but one block in twenty.</summary>
    public void Free()
    {
        Dictionary<nint, int> freeBytes = [];
        foreach ((nint start, int bytes) in _toFree)
        {
            nint page = start & ~(nint)(Page - 1);   // blocks of these sizes do not straddle pages
            freeBytes[page] = freeBytes.GetValueOrDefault(page) + bytes;
            HakMemory.Free((void*)start);
        }

        _toFree.Clear();
        _freePages.AddRange(freeBytes.Where(entry => entry.Value == Page).Select(entry => entry.Key));
        if (_freePages.Count < 1000) throw new InvalidOperationException($"only {_freePages.Count} pages are wholly free");
    }

    /// <summary>How many of the wholly free pages have memory behind them.</summary>
    public int ResidentPages()
    {
        int resident = 0;
        foreach (nint page in _freePages) resident += PageResidency.Count((byte*)page, 1);
        return resident;
    }

    /// <summary>Whether at most one in twenty of the wholly free pages has memory behind it.</summary>
    public bool IsGivenBack() => ResidentPages() * 20 <= FreePages;

    /// <summary>The kept blocks have their contents.</summary>
    public void VerifyKept()
    {
        foreach ((nint start, int bytes) in _kept)
        {
            if (new ReadOnlySpan<byte>((void*)start, bytes).ContainsAnyExcept((byte)(start >> 9))) throw new InvalidOperationException($"contents of a kept block changed: {start:x}");
        }
    }

    public void FreeKept()
    {
        VerifyKept();
        foreach ((nint start, _) in _kept) HakMemory.Free((void*)start);
        _kept.Clear();
    }
}
