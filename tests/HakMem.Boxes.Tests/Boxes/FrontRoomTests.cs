using System.Linq;
using Xunit;

namespace HakMem.Boxes.Tests;

/// <summary>Which stacks or lists have the room that all of a heap share: the same for both kinds of front.</summary>
public unsafe class FrontRoomTests
{
    /// <summary>Else what a program did first would decide for ever which classes have large stacks.</summary>
    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public void A_front_that_is_not_used_gives_its_room_to_one_that_is(bool lists, bool frees)
    {
        if (lists) GivesRoom<Lists>(frees);
        else GivesRoom<Stacks>(frees);
    }

    private static void GivesRoom<TFront>(bool frees)
        where TFront : IFront
        => OwnThread.RunFresh(TFront.Reset, () =>
    {
        ThreadHeap* heap = TFront.Heap();
        uint idle = SizeClasses.ClassOf(1024), used = SizeClasses.ClassOf(512), small = SizeClasses.ClassOf(64);
        void** blocks = stackalloc void*[4000];
        TFront.Share(heap)->Bytes = TFront.MostBytes;   // as if other classes held it all
        if (frees)
        {
            for (int i = 0; i < 4000; i++) blocks[i] = TFront.Alloc(64);
        }

        TFront.Share(heap)->Bytes = 0;
        InTurn<TFront>(1024, 60);
        while (TFront.TryGrow(heap, idle) || TFront.TryGrow(heap, used)) { }
        InTurn<TFront>(1024, 60);
        Assert.InRange(TFront.Count(heap, idle), 60u, 64u);
        Assert.Equal((64u, 128u), (TFront.Capacity(heap, idle), TFront.Capacity(heap, used)));
        Assert.InRange(TFront.Capacity(heap, small), 0u, 16u);
        TFront.Share(heap)->Bytes = TFront.MostBytes;
        (TFront.Share(heap)->Refused, TFront.Share(heap)->Hand) = (0, 0);
        for (int i = 0; i < 4000; i++)
        {
            if (frees) TFront.Free(blocks[i]);   // flushes only
            else blocks[i] = TFront.Alloc(64);   // refills only
            if (i % 50 == 0) ThreadHeap.BinOf(heap, used)->LastMove = FrontMove.Flushed;   // as if it were used now and then
            Assert.InRange(TFront.Share(heap)->Bytes, 1u, TFront.MostBytes);
            Assert.Equal(128u, TFront.Capacity(heap, used));
        }

        Assert.Equal((256u, 0u), (TFront.Capacity(heap, small), TFront.Count(heap, idle)));
        Assert.InRange(TFront.Capacity(heap, idle), 16u, 32u);
        TFront.AssertValid();
    });

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Room_is_made_of_a_front_that_two_looks_find_unused(bool lists)
    {
        if (lists) TwoLooks<Lists>();
        else TwoLooks<Stacks>();
    }

    private static void TwoLooks<TFront>()
        where TFront : IFront
        => OwnThread.RunFresh(TFront.Reset, static () =>
    {
        ThreadHeap* heap = TFront.Heap();
        uint[] classes = [SizeClasses.ClassOf(128), SizeClasses.ClassOf(256), SizeClasses.ClassOf(512), SizeClasses.ClassOf(1024)];
        for (int i = 0; i < 4; i++)
        {
            InTurn<TFront>(128u << i, 60);
            while (TFront.TryGrow(heap, classes[i])) { }
            InTurn<TFront>(128u << i, 60);
        }

        Look(classes[0], 63);
        Assert.Equal([256, 256, 128, 64], Capacities());   // refused too seldom to look
        ThreadHeap.BinOf(heap, classes[3])->LastMove = FrontMove.None;
        Look(classes[0], 64);
        Assert.Equal([256, 256, 128, 64], Capacities());   // nobody has looked before, whatever it saw twice in this look
        ThreadHeap.BinOf(heap, classes[1])->LastMove = FrontMove.Refilled;
        Assert.True(TFront.TryPop(heap, classes[2], out void* popped));
        Look(classes[0], 64);
        Assert.Equal([256, 256, 128, 32], Capacities());   // one's own, one that was filled, one that holds fewer; one that is not used
        Assert.Equal(0u, TFront.Count(heap, classes[3]));
        Assert.True(TFront.Count(heap, classes[0]) > 0 && TFront.Count(heap, classes[1]) > 0);
        TFront.Free(popped);
        TFront.AssertValid();

        void Look(uint own, uint refusals)
        {
            (TFront.Share(heap)->Refused, TFront.Share(heap)->Hand) = (refusals, 0);
            TFront.MakeRoom(heap, own);
        }

        uint[] Capacities() => [.. classes.Select(sizeClass => TFront.Capacity(heap, sizeClass))];
    });

    /// <summary>With few stacks a look comes round to where it began.</summary>
    [Theory]
    [InlineData(64, 64, 1000)]
    [InlineData(64, 128, 300)]
    [InlineData(512, 512, 500)]
    [InlineData(64, 512, 400)]
    public void Little_room_for_all_serves(int one, int other, int count)
    {
        Serve<TightStacks>(one, other, count);
        Serve<TightLists>(one, other, count);
    }

    private static void Serve<TFront>(int one, int other, int count)
        where TFront : IAllocator
        => OwnThread.RunFresh(TFront.Reset, () =>
    {
        nint[] blocks = new nint[count];
        for (int round = 0; round < 500; round++)
        {
            for (int i = 0; i < count; i++) blocks[i] = (nint)TFront.Alloc((nuint)(i % 2 == 0 ? one : other));
            Assert.Equal(count, blocks.Distinct().Count());
            for (int i = 0; i < count; i++) TFront.Free((void*)blocks[i]);
        }

        TFront.AssertValid();
    });

    private static void InTurn<TFront>(nuint size, int count)
        where TFront : IFront
    {
        void** blocks = stackalloc void*[count];
        for (int i = 0; i < count; i++) blocks[i] = TFront.Alloc(size);
        for (int i = 0; i < count; i++) TFront.Free(blocks[i]);
    }

    private interface IAllocator
    {
        static abstract void Reset();

        static abstract void* Alloc(nuint size);

        static abstract void Free(void* block);

        static abstract void AssertValid();
    }

    private interface IFront : IAllocator
    {
        static abstract uint MostBytes { get; }

        static abstract ThreadHeap* Heap();

        static abstract bool TryGrow(ThreadHeap* heap, uint sizeClass);

        static abstract bool TryPop(ThreadHeap* heap, uint sizeClass, out void* block);

        static abstract uint Count(ThreadHeap* heap, uint sizeClass);

        static abstract uint Capacity(ThreadHeap* heap, uint sizeClass);

        static abstract FrontShare* Share(ThreadHeap* heap);

        static abstract void MakeRoom(ThreadHeap* heap, uint own);
    }

    private readonly struct Stacks : IFront
    {
        public static uint MostBytes => TestHeap.Config.HeapFrontBytes;

        public static void Reset() => TestHeap.Reset();

        public static void* Alloc(nuint size) => TestHeap.Alloc(size);

        public static void Free(void* block) => TestHeap.Free(block);

        public static void AssertValid() => HeapWalk.AssertValid<TestHeap.Config>();

        public static ThreadHeap* Heap() => TestHeap.CurrentHeap();

        public static bool TryGrow(ThreadHeap* heap, uint sizeClass) => FrontHot.TryGrow<TestHeap.Config>(heap, sizeClass);

        public static bool TryPop(ThreadHeap* heap, uint sizeClass, out void* block) => FrontHot.TryPop<TestHeap.Config>(heap, sizeClass, out block);

        public static uint Count(ThreadHeap* heap, uint sizeClass) => FrontHot.Count<TestHeap.Config>(heap, sizeClass);

        public static uint Capacity(ThreadHeap* heap, uint sizeClass) => (uint)(FrontHot.Of(heap, sizeClass)->Limit - FrontHot.Of(heap, sizeClass)->Bottom);

        public static void MakeRoom(ThreadHeap* heap, uint own) => UnifiedCacheRefill.MakeRoom<TestHeap.Config>(heap, own);

        public static FrontShare* Share(ThreadHeap* heap) => &((FrontHot.HeapState*)TestHeap.Config.FrontOf(heap))->Share;
    }

    private readonly struct Lists : IFront
    {
        public static uint MostBytes => ListHeap.Config.HeapFrontBytes;

        public static void Reset() => ListHeap.Reset();

        public static void* Alloc(nuint size) => ListHeap.Alloc(size);

        public static void Free(void* block) => ListHeap.Free(block);

        public static void AssertValid() => HeapWalk.AssertValid<ListHeap.Config>();

        public static ThreadHeap* Heap() => ListHeap.CurrentHeap();

        public static bool TryGrow(ThreadHeap* heap, uint sizeClass) => FrontList.TryGrow<ListHeap.Config>(heap, sizeClass);

        public static bool TryPop(ThreadHeap* heap, uint sizeClass, out void* block) => FrontList.TryPop<ListHeap.Config>(heap, sizeClass, out block);

        public static uint Count(ThreadHeap* heap, uint sizeClass) => FrontList.Count<ListHeap.Config>(heap, sizeClass);

        public static uint Capacity(ThreadHeap* heap, uint sizeClass) => FrontList.Of(heap, sizeClass)->Capacity;

        public static void MakeRoom(ThreadHeap* heap, uint own) => UnifiedCacheRefill.MakeRoom<ListHeap.Config>(heap, own);

        public static FrontShare* Share(ThreadHeap* heap) => &((FrontList.HeapState*)ListHeap.Config.FrontOf(heap))->Share;
    }

    private readonly struct TightStacks : IAllocator
    {
        public static void Reset() => TightFrontHeap.Reset();

        public static void* Alloc(nuint size) => TightFrontHeap.Alloc(size);

        public static void Free(void* block) => TightFrontHeap.Free(block);

        public static void AssertValid() => HeapWalk.AssertValid<TightFrontHeap.Config>();
    }

    private readonly struct TightLists : IAllocator
    {
        public static void Reset() => TightListHeap.Reset();

        public static void* Alloc(nuint size) => TightListHeap.Alloc(size);

        public static void Free(void* block) => TightListHeap.Free(block);

        public static void AssertValid() => HeapWalk.AssertValid<TightListHeap.Config>();
    }
}
