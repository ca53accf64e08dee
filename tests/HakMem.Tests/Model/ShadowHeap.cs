using System.Collections.Generic;
using System.Threading;

namespace HakMem.Tests.Model;

/// <summary>A live block as the model knows it.</summary>
internal sealed unsafe class ShadowBlock(nint address, nuint size, nuint usable, ulong seed)
{
    public nint Address => address;

    public nuint Size => size;

    public nuint Usable => usable;

    public ulong Seed => seed;

    public byte* Start => (byte*)address;

    public override string ToString() => $"block 0x{address:x} of {size} bytes, {usable} usable";
}

/// <summary>
/// Every live block of all threads, sorted by address. A block is admitted after the allocator returned it and dismissed before it is
/// given back, so two that overlap are with users at the same time.
/// </summary>
internal sealed unsafe class ShadowHeap(IHeapSubject subject)
{
    private readonly Lock _lock = new();
    private readonly List<ShadowBlock> _live = [];
    private ulong _seed;

    public int Count => _live.Count;

    /// <summary>Checks a new block, fills it and adds it.</summary>
    public ShadowBlock Admit(void* start, nuint size, nuint alignment)
    {
        if (start == null) throw new ModelViolationException($"null for {size} bytes");
        if (((nuint)start & (alignment - 1)) != 0) throw new ModelViolationException($"misaligned: 0x{(nuint)start:x} for {size} bytes at {alignment}");
        nuint usable = subject.UsableSize(start);
        if (usable < size) throw new ModelViolationException($"too small: {usable} usable bytes for {size}");
        if (size != 0 && subject.GoodSize(size) < size) throw new ModelViolationException($"the good size of {size} is {subject.GoodSize(size)}");

        ulong seed = (Interlocked.Increment(ref _seed) * 0xD6E8_FEB8_6659_FD93UL) | 1;
        ShadowBlock block = new((nint)start, size, usable, seed);
        lock (_lock)
        {
            int at = IndexAtOrAfter(block.Address);
            if (at < _live.Count && _live[at].Address < block.Address + (nint)usable) throw Overlap(block, _live[at]);
            if (at > 0 && _live[at - 1].Address + (nint)_live[at - 1].Usable > block.Address) throw Overlap(block, _live[at - 1]);
            _live.Insert(at, block);
        }

        BlockPattern.Write(block.Start, size, seed);
        return block;
    }

    /// <summary>Checks a block's contents and takes it out; the caller gives it back afterwards.</summary>
    public void Dismiss(ShadowBlock block)
    {
        Verify(block);
        lock (_lock) _live.RemoveAt(IndexAtOrAfter(block.Address));
    }

    public static void Verify(ShadowBlock block)
    {
        if (!BlockPattern.Holds(block.Start, block.Size, block.Size, block.Seed)) throw new ModelViolationException($"contents changed: {block}");
    }

    /// <summary>Checks that what was in a dismissed block is at a new place.</summary>
    public static void VerifyMoved(ShadowBlock old, void* start, nuint size)
    {
        if (!BlockPattern.Holds((byte*)start, old.Size, nuint.Min(old.Size, size), old.Seed))
        {
            throw new ModelViolationException($"contents lost in realloc to {size} bytes: {old}");
        }
    }

    /// <summary>What a walk finds live beyond the blocks of before is what the model holds. Nobody may run meanwhile.</summary>
    public void Compare(IReadOnlyDictionary<nint, nuint> before, IReadOnlyDictionary<nint, nuint> now)
    {
        foreach (ShadowBlock block in _live)
        {
            if (!now.TryGetValue(block.Address, out nuint bytes)) throw new ModelViolationException($"not live in the walk: {block}");
            if (bytes != block.Usable) throw new ModelViolationException($"the walk says {bytes} bytes: {block}");
        }

        if (now.Count != before.Count + _live.Count) throw new ModelViolationException($"the walk finds {now.Count} live blocks, not {before.Count} of before and {_live.Count}");
    }

    private static ModelViolationException Overlap(ShadowBlock block, ShadowBlock other) => new($"overlap: {block} with {other}");

    private int IndexAtOrAfter(nint address)
    {
        int low = 0, high = _live.Count;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (_live[middle].Address < address) low = middle + 1;
            else high = middle;
        }

        return low;
    }
}
