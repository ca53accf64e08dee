using System.Collections.Generic;
using System.Linq;
using Xunit;

namespace HakMem.Tests.Heaps;

/// <summary>Writes a walk down and checks that what it says is possible, of a process at rest or running.</summary>
internal sealed class WalkRecord(bool quiescent = true) : IHeapVisitor
{
    private readonly List<SlabInfo> _slabs = [];
    private readonly HashSet<nint> _seen = [];
    private SlabInfo _slab;
    private uint _cut, _free;

    public List<HeapInfo> Heaps { get; } = [];

    public List<BlockInfo> Blocks { get; } = [];

    public IReadOnlyList<SlabInfo> Slabs => _slabs;

    /// <summary>How many blocks are said to be with users, for each usable size of the size classes.</summary>
    public Dictionary<nuint, ulong> LiveByClass { get; } = [];

    public IEnumerable<BlockInfo> Live() => Blocks.Where(block => block.State == BlockState.Live);

    public void VisitHeap(in HeapInfo heap)
    {
        Assert.Empty(_slabs);
        Heaps.Add(heap);
    }

    public void VisitSlab(in SlabInfo slab)
    {
        EndSlab();
        if (_slabs.Count != 0) Assert.True(slab.Address >= _slabs[^1].Address + (nint)_slabs[^1].Bytes, "slabs out of order");
        Assert.True(slab.FreeBlocks <= slab.CutBlocks && slab.CutBlocks <= slab.Blocks, slab.ToString());
        Assert.True(slab.Blocks * slab.BlockBytes <= slab.Bytes, slab.ToString());
        if (quiescent) Assert.Contains(slab.HeapId, Heaps.Select(heap => heap.Id));
        _slabs.Add(slab);
        _slab = slab;
        _cut = _free = 0;
    }

    public void VisitBlock(in BlockInfo block)
    {
        Assert.True(_seen.Add(block.Address), $"{block} was reported twice");
        Blocks.Add(block);
        if (block.Address - _slab.Address >= (nint)_slab.Bytes || block.Address < _slab.Address)
        {
            // Large or big; for an alignment above 2 MiB even a small block is one.
            Assert.Equal(BlockState.Live, block.State);
            return;
        }

        if (block.State == BlockState.Live) LiveByClass[block.Bytes] = LiveByClass.GetValueOrDefault(block.Bytes) + 1;
        Assert.Equal((_slab.BlockBytes, _slab.HeapId), (block.Bytes, block.HeapId));
        Assert.Equal(_slab.Address + (nint)(_cut * _slab.BlockBytes), block.Address);
        _cut++;
        if (block.State == BlockState.Free) _free++;
    }

    /// <summary>The end of the walk.</summary>
    public WalkRecord End()
    {
        EndSlab();
        _slab = default;
        _cut = _free = 0;
        return this;
    }

    private void EndSlab() => Assert.Equal((_slab.CutBlocks, _slab.FreeBlocks), (_cut, _free));
}
