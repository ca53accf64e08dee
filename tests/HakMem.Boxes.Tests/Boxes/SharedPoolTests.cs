using System.Threading;
using Xunit;
using Config = HakMem.Boxes.Tests.TestHeap.Config;

namespace HakMem.Boxes.Tests;

public unsafe class SharedPoolTests
{
    private static readonly int[] s_held = new int[1024];

    [Fact]
    public void The_stack_serves_before_the_arena_and_overflows_into_it() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        ThreadHeap* heap = TestHeap.CurrentHeap();
        ChunkSpan* spans = stackalloc ChunkSpan[33];
        for (uint i = 0; i < 33; i++) Assert.Equal(1u, Config.TryTakeSpans(1, false, 1, spans + i));
        long before = SharedLockCount.Taken;
        for (uint i = 0; i < 32; i++) SharedPool.Release<Config>(spans[i].FirstChunk, true);
        Assert.Equal((before, 32), (SharedLockCount.Taken, Config.SharedPoolState->Stacked));
        SharedPool.Release<Config>(spans[32].FirstChunk, true);
        Assert.Equal((before + 1, 32), (SharedLockCount.Taken, Config.SharedPoolState->Stacked));
        ChunkSpan span;
        for (uint i = 32; i-- != 0;)
        {
            Assert.Equal(1u, SharedPool.Acquire<Config>(heap, 8, 4, &span, out Slab* partial));
            Assert.Equal((spans[i].FirstChunk, 1u, true), (span.FirstChunk, span.Chunks, span.Dirty));
            Assert.True(partial == null);
        }

        Assert.Equal(1u, SharedPool.Acquire<Config>(heap, 8, 1, &span, out _));
        Assert.Equal(spans[32].FirstChunk, span.FirstChunk);
    });

    [Fact]
    public void Drain_gives_the_stack_to_the_arena() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        _ = TestHeap.CurrentHeap();
        ChunkSpan* spans = stackalloc ChunkSpan[5];
        Assert.Equal(5u, Config.TryTakeSpans(1, false, 1, spans) + Config.TryTakeSpans(1, false, 4, spans + 1));
        for (uint i = 0; i < 5; i++) SharedPool.Release<Config>(spans[i].FirstChunk, true);
        SharedPool.Drain<Config>();
        Assert.Equal((0, 0UL, 5UL), (Config.SharedPoolState->Stacked, Config.PageArenaState->UsedChunks, Config.PageArenaState->DirtyChunks));
    });

    [Fact]
    public void A_prefill_takes_one_lock_for_its_batch() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        for (int i = 0; i < 57; i++) _ = TestHeap.Alloc(8192);   // the first SuperSlab; batches of 1, 2 and 4 slabs, and another
        long locks = SharedLockCount.Taken;
        WarmPoolStats.HeapState before = TestHeap.ReadWarmPoolStats();
        for (int i = 0; i < 7 * 26; i++) _ = TestHeap.Alloc(8192);
        WarmPoolStats.HeapState after = TestHeap.ReadWarmPoolStats();
        ulong batches = after.Prefills - before.Prefills;
        Assert.InRange(batches, 4UL, 8UL);
        Assert.Equal(4 * batches, after.PrefilledSlabs - before.PrefilledSlabs);
        Assert.Equal((long)batches, SharedLockCount.Taken - locks);
    });

    [Fact]
    public void No_slab_has_two_takers() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        _ = TestHeap.CurrentHeap();
        System.Array.Clear(s_held);
        OwnThread.Handle[] threads = new OwnThread.Handle[3];
        for (int i = 0; i < threads.Length; i++) threads[i] = OwnThread.Start(static () => PassSlabsAround());
        foreach (OwnThread.Handle thread in threads) thread.Join();
        TestHeap.Trim();
        Assert.Equal((0, 0UL), (Config.SharedPoolState->Stacked, Config.PageArenaState->UsedChunks));
    });

    private static void PassSlabsAround()
    {
        ThreadHeap* heap = TestHeap.CurrentHeap();
        ChunkSpan* spans = stackalloc ChunkSpan[4];
        for (int round = 0; round < 15_000; round++)
        {
            uint got = SharedPool.Acquire<Config>(heap, 20, (uint)(round % 4) + 1, spans, out _);
            for (uint i = 0; i < got; i++) Assert.Equal(0, Interlocked.Exchange(ref s_held[spans[i].FirstChunk], 1));
            if (round % 64 == 0) Thread.Yield();
            for (uint i = 0; i < got; i++)
            {
                Volatile.Write(ref s_held[spans[i].FirstChunk], 0);
                SharedPool.Release<Config>(spans[i].FirstChunk, true);
            }
        }
    }
}
