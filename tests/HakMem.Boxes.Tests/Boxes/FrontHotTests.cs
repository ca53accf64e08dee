using Xunit;
using Config = HakMem.Boxes.Tests.TestHeap.Config;

namespace HakMem.Boxes.Tests;

public unsafe class FrontHotTests
{
    [Fact]
    public void The_newest_block_comes_first_and_full_and_empty_are_said() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        ThreadHeap* heap = TestHeap.CurrentHeap();
        Assert.False(FrontHot.TryPop<Config>(heap, 4, out void* block));
        Assert.True(block == null);
        Assert.False(FrontHot.TryPush<Config>(heap, 4, (void*)1));   // it has no place yet
        Assert.True(FrontHot.TryGrow<Config>(heap, 4));
        for (nint i = 1; i <= 16; i++) Assert.True(FrontHot.TryPush<Config>(heap, 4, (void*)i));
        Assert.False(FrontHot.TryPush<Config>(heap, 4, (void*)17));
        for (nint i = 16; i >= 1; i--) Assert.True(FrontHot.TryPop<Config>(heap, 4, out block) && (nint)block == i);
        Assert.False(FrontHot.TryPop<Config>(heap, 4, out _));
    });

    [Fact]
    public void Stacks_of_all_classes_grow_and_shrink_without_touching_each_other() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        ThreadHeap* heap = TestHeap.CurrentHeap();
        for (uint sizeClass = 1; sizeClass < SizeClasses.Count; sizeClass++)
        {
            uint size = SizeClasses.SizeOf(sizeClass);
            uint most = System.Math.Clamp(65536 / size, 4, 256);
            Assert.Equal(most, FrontHot.Of(heap, sizeClass)->MaxCapacity);
            Assert.Equal(0u, Capacity(heap, sizeClass));
            Assert.True(FrontHot.TryGrow<Config>(heap, sizeClass));
            Assert.Equal(System.Math.Min(16, most), Capacity(heap, sizeClass));
            Fill(heap, sizeClass);
            while (FrontHot.TryGrow<Config>(heap, sizeClass)) Fill(heap, sizeClass);
            Assert.Equal(most, Capacity(heap, sizeClass));
        }

        Assert.InRange(((FrontHot.HeapState*)Config.FrontOf(heap))->Share.Bytes, 1u, Config.HeapFrontBytes);
        for (uint sizeClass = 1; sizeClass < SizeClasses.Count; sizeClass++)
        {
            FrontHot.Shrink<Config>(heap, sizeClass);   // full: keeps its contents
            for (uint i = Capacity(heap, sizeClass); i-- != 0;) Assert.True(FrontHot.TryPop<Config>(heap, sizeClass, out void* block) && (nuint)block == (sizeClass << 16) + i);
            for (int i = 0; i < 5; i++) FrontHot.Shrink<Config>(heap, sizeClass);
            Assert.InRange(Capacity(heap, sizeClass), 4u, 16u);
        }

        Assert.Equal(0u, ((FrontHot.HeapState*)Config.FrontOf(heap))->Share.Bytes);
    });

    [Fact]
    public void Stacks_get_their_places_in_the_order_of_their_first_blocks() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        ThreadHeap* heap = TestHeap.CurrentHeap();
        uint[] order = [66, 8, 24];   // powers of two, which nobody lends to
        foreach (uint sizeClass in order) Assert.True(TestHeap.Alloc(SizeClasses.SizeOf(sizeClass)) != null);
        void** first = FrontHot.Of(heap, order[0])->Bottom;
        Assert.Equal(0u, (nuint)first % 64);
        foreach (uint sizeClass in order)
        {
            Assert.True(first == FrontHot.Of(heap, sizeClass)->Bottom);
            Assert.NotEqual(0u, Capacity(heap, sizeClass));
            first += Capacity(heap, sizeClass);
        }
    });

    [Fact]
    public void A_block_of_a_class_that_the_heap_never_allocated_is_kept_when_it_is_freed() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        ThreadHeap* heap = TestHeap.CurrentHeap();
        void* block = TestHeap.Alloc(128);
        uint sizeClass = SizeClasses.ClassOf(128);
        FrontHot.Attach<Config>(heap);   // what a heap that adopted the block's slab finds: no stack of that class
        UnifiedCacheRefill.Flush<Config>(heap, sizeClass, block);
        Assert.True(FrontHot.TryPop<Config>(heap, sizeClass, out void* back) && back == block);
    });

    /// <summary>Whoever looks at another thread's stack may come between the two stores of a move, which are made in this order: the stack is empty then, and never larger than it can be.</summary>
    [Fact]
    public void A_stack_that_is_being_moved_counts_as_empty() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        ThreadHeap* heap = TestHeap.CurrentHeap();
        Assert.True(FrontHot.TryGrow<Config>(heap, 4));
        FrontHot.BinState* bin = FrontHot.Of(heap, 4);
        int moves = 0;
        while (true)
        {
            Fill(heap, 4);
            FrontHot.BinState before = *bin;
            if (!FrontHot.TryGrow<Config>(heap, 4)) break;
            Assert.True(bin->Bottom >= before.Bottom);   // what makes a top too low, never too high, for a bottom that is read after it
            if (bin->Bottom == before.Bottom) continue;
            FrontHot.BinState after = *bin;
            moves++;
            bin->Top = before.Top;
            Assert.Equal((0u, 0u), (FrontHot.Count<Config>(heap, 4), FrontHot.CopyTo<Config>(heap, 4, null, 0)));
            *bin = after;
        }

        Assert.Equal(2, moves);   // to the medium slots, to the large ones
        FrontHot.Clear<Config>(heap, 4);
    });

    [Fact]
    public void The_bytes_of_all_stacks_are_bounded() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        ThreadHeap* heap = TestHeap.CurrentHeap();
        Assert.True(FrontHot.TryGrow<Config>(heap, 1));   // its first place counts for nothing
        ((FrontHot.HeapState*)Config.FrontOf(heap))->Share.Bytes = Config.HeapFrontBytes - 255;
        Assert.False(FrontHot.TryGrow<Config>(heap, 1));   // 16 more blocks of 16 bytes
        ((FrontHot.HeapState*)Config.FrontOf(heap))->Share.Bytes = Config.HeapFrontBytes - 256;
        Assert.True(FrontHot.TryGrow<Config>(heap, 1));
        Assert.Equal(Config.HeapFrontBytes, ((FrontHot.HeapState*)Config.FrontOf(heap))->Share.Bytes);
    });

    [Fact]
    public void Hits_misses_and_pushes_are_counted() => OwnThread.RunFresh(TestHeap.Reset, static () =>
    {
        void* block = TestHeap.Alloc(1024);
        for (int i = 0; i < 10; i++)
        {
            TestHeap.Free(block);
            Assert.True(TestHeap.Alloc(1024) == block);
        }

        DebugCounters.HeapState counters = TestHeap.ReadDebugCounters();
        Assert.Equal((10UL, 1UL, 10UL), (counters.FrontHits, counters.FrontMisses, counters.FrontFrees));
    });

    private static uint Capacity(ThreadHeap* heap, uint sizeClass) => (uint)(FrontHot.Of(heap, sizeClass)->Limit - FrontHot.Of(heap, sizeClass)->Bottom);

    private static void Fill(ThreadHeap* heap, uint sizeClass)
    {
        while (FrontHot.TryPush<Config>(heap, sizeClass, (void*)(nuint)((sizeClass << 16) + FrontHot.Count<Config>(heap, sizeClass)))) { }
    }
}
