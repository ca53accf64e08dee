using Xunit;
using Config = HakMem.Boxes.Tests.TestHeap.Config;

namespace HakMem.Boxes.Tests;

public unsafe class PageMapTests
{
    [Fact]
    public void Addresses_and_chunks_answer_each_other() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        _ = TestHeap.CurrentHeap();
        Assert.Equal((nuint)1024, Config.ChunkCount);
        for (uint chunk = 0; chunk < 1024; chunk += 31)
        {
            byte* start = PageMap.Address<Config>(chunk);
            Assert.Equal((nuint)chunk, PageMap.ChunkOf<Config>(start));
            Assert.Equal((nuint)chunk, PageMap.ChunkOf<Config>(start + Chunk.Bytes - 1));
            Assert.Equal(0u, PageMap.Get<Config>(chunk));
        }

        Assert.True(PageMap.ChunkOf<Config>(Config.Base - 1) >= Config.ChunkCount);
        Assert.True(PageMap.ChunkOf<Config>(Config.Base + (1024 * Chunk.Bytes)) >= Config.ChunkCount);
        Assert.True(PageMap.ChunkOf<Config>(null) >= Config.ChunkCount);
    });

    [Fact]
    public void An_entry_is_there_before_the_first_block() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        ThreadHeap* heap = TestHeap.CurrentHeap();
        byte* block = (byte*)TestHeap.Alloc(1024);
        nuint chunk = PageMap.ChunkOf<Config>(block);
        Assert.Equal(heap->IdShifted | SizeClasses.ClassOf(1024), PageMap.Get<Config>(chunk));
        Assert.Equal(0u, PageMap.Get<Config>(chunk + 40));
        byte* large = (byte*)TestHeap.Alloc(200_000);
        chunk = PageMap.ChunkOf<Config>(large);
        Assert.Equal((Config.Composition->Id << 8) | SizeClasses.LargeHead, PageMap.Get<Config>(chunk));
        for (nuint i = 1; i < 4; i++) Assert.Equal((Config.Composition->Id << 8) | SizeClasses.LargeInterior, PageMap.Get<Config>(chunk + i));
        TestHeap.Free(large);
        for (nuint i = 0; i < 4; i++) Assert.Equal(0u, PageMap.Get<Config>(chunk + i));
    });
}
