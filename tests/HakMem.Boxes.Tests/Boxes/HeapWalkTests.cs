using Xunit;
using BoxedWalk = HakMem.Boxes.HeapWalk;
using Config = HakMem.Boxes.Tests.SteppedHeap.Config;

namespace HakMem.Boxes.Tests;

/// <summary>What the walk finds when a block is freed under its eyes.</summary>
public unsafe class HeapWalkTests
{
    /// <summary>A large block is freed, and its first chunk becomes a slab's, between two looks at it.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_large_block_that_goes_while_it_is_looked_at_is_left_out(bool known) => OwnThread.RunFresh(SteppedHeap.Reset, () =>
    {
        const uint Blocks = 4096, Chunks = 2;
        void* block = SteppedHeap.Alloc(100_000);
        uint chunk = (uint)PageMap.ChunkOf<Config>(block), entry = PageMap.Get<Config>(chunk);
        Assert.Equal((1, (nuint)Chunks << Chunk.Log2), Walk());

        NextStep.Do(() =>
        {
            Slab.At<Config>(chunk)->Blocks = Blocks;
            if (known) Config.PageMap[chunk] = 0;
        });
        Assert.Equal((0, (nuint)0), Walk());

        // As it was: the heap is whole again.
        Config.PageMap[chunk] = entry;
        Slab.At<Config>(chunk)->Blocks = Chunks;
        Assert.Equal((1, (nuint)Chunks << Chunk.Log2), Walk());
        SteppedHeap.Free(block);
    });

    private static (int Count, nuint Bytes) Walk()
    {
        uint chunk = 0;
        WalkedSpan span;
        (int count, nuint bytes) = (0, 0);
        while (BoxedWalk.TryNext<Config>(&chunk, &span))
        {
            if (span.Class != 0) continue;
            count++;
            bytes += span.Bytes;
        }

        return (count, bytes);
    }
}
