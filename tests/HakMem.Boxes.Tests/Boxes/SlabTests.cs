using Xunit;
using Config = HakMem.Boxes.Tests.TestHeap.Config;

namespace HakMem.Boxes.Tests;

public unsafe class SlabTests
{
    [Fact]
    public void A_new_header_of_every_class_is_valid_and_empty() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        ThreadHeap* heap = TestHeap.CurrentHeap();
        for (uint sizeClass = 1; sizeClass < SizeClasses.Count; sizeClass++)
        {
            uint chunks = Config.Classes[sizeClass].Chunks;
            ChunkSpan span;
            Assert.Equal(1u, Config.TryTakeSpans(chunks, chunks > 1, 1, &span));
            Assert.Equal(0u, span.FirstChunk % chunks);
            Slab* slab = Make(heap, sizeClass, span.FirstChunk);
            Assert.True(Slab.IsValid<Config>(slab));
            Assert.Equal((0u, 0u), (slab->Carved, slab->FreeBlocks));
            for (uint chunk = 0; chunk < chunks; chunk++) Assert.True(Slab.Of<Config>(span.FirstChunk + chunk, Config.Classes + sizeClass) == slab);
            for (uint word = 0; word < Config.Classes[sizeClass].Words; word++) Assert.Equal((0UL, 0UL), (slab->Bits[word], slab->Remote[word]));
            PageMap.Set<Config>(span.FirstChunk, chunks, 0);
            Config.ReturnSpan(span.FirstChunk, chunks, false);
        }
    });

    [Fact]
    public void Every_contradiction_is_seen() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        ThreadHeap* heap = TestHeap.CurrentHeap();
        ChunkSpan span;
        Assert.Equal(1u, Config.TryTakeSpans(1, false, 1, &span));
        Slab* slab = Make(heap, 5, span.FirstChunk);
        slab->Carved = 100;
        slab->Bits[0] = 0b1011;
        slab->FreeBlocks = 3;
        Assert.True(Slab.IsValid<Config>(slab));
        slab->FreeBlocks = 4;
        Assert.False(Slab.IsValid<Config>(slab));
        slab->FreeBlocks = 3;
        slab->Carved = 2;
        Assert.False(Slab.IsValid<Config>(slab));
        slab->Carved = slab->Blocks + 1;
        Assert.False(Slab.IsValid<Config>(slab));
        slab->Carved = 100;
        slab->Hint = 1;
        Assert.False(Slab.IsValid<Config>(slab));
        slab->Bits[0] = 0;
        slab->FreeBlocks = 0;
        Assert.True(Slab.IsValid<Config>(slab));
        slab->Place = SlabPlace.Partial;
        Assert.False(Slab.IsValid<Config>(slab));   // what is freed there does not set it back
        slab->Place = SlabPlace.Adrift;
        slab->Hint = 0;
        slab->Class = 6;
        Assert.False(Slab.IsValid<Config>(slab));
        slab->Class = 0;
        Assert.False(Slab.IsValid<Config>(slab));
        slab->Class = 5;
        slab->Owner++;
        Assert.False(Slab.IsValid<Config>(slab));
        slab->Owner--;
        Assert.True(Slab.IsValid<Config>(slab));
    });

    [Fact]
    public void The_parts_of_owner_and_senders_share_no_cache_line()
    {
        Slab slab;
        byte* at = (byte*)&slab;
        Assert.Equal(128, (byte*)&slab.Remote - at);
        Assert.True((byte*)&slab.Zeroed - at < 64 && (byte*)&slab.Owner - at >= 128);
        Assert.True(sizeof(Slab) <= (int)Slab.Stride && (Slab.Stride & (Slab.Stride - 1)) != 0 && Slab.Stride % 64 == 0);
    }

    private static Slab* Make(ThreadHeap* heap, uint sizeClass, uint chunk)
    {
        Slab* slab = Slab.At<Config>(chunk);
        Slab.Init<Config>(slab, chunk, sizeClass, heap->Id, true);
        PageMap.Set<Config>(chunk, Config.Classes[sizeClass].Chunks, heap->IdShifted | sizeClass);
        return slab;
    }
}
