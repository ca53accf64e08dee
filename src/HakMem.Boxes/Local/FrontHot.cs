using System.Runtime.CompilerServices;

namespace HakMem.Boxes;

/// <summary>
/// Box of layer Local: the array stack of free blocks in front of each bin. A hit touches the bin's line and the slot, not the block.
/// Belongs to the running thread alone. State: the first 24 bytes of each <see cref="Bin"/>, and <see cref="HeapState"/> for the slots:
/// every stack starts with at most 16 slots close to the others', and moves to a place of its own when it grows.
/// </summary>
[Box(BoxLayer.Local)]
public static unsafe class FrontHot
{
    private const uint SmallSlots = 16;
    private const uint LargeSlots = 5120;

    /// <summary>What the front keeps in each heap: the slots of its stacks.</summary>
    public struct HeapState
    {
        private fixed ulong _small[(int)(SizeClasses.Count * SmallSlots)];
        private fixed ulong _large[(int)LargeSlots];

        internal static void** Small(HeapState* state, uint sizeClass) => (void**)state + (sizeClass * SmallSlots);

        internal static void** Large(HeapState* state) => (void**)state + (SizeClasses.Count * SmallSlots);
    }

    /// <summary>Takes the newest block. 3 loads, 1 store, 1 branch; the heap is passed down.</summary>
    [HotPath]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryPop<TConfig>(ThreadHeap* heap, uint sizeClass, out void* block)
        where TConfig : struct, IAllocatorConfig
    {
        Bin* bin = ThreadHeap.BinOf(heap, sizeClass);
        void** top = bin->Top;
        if (top == bin->Bottom)
        {
            block = null;
            return false;
        }

        bin->Top = --top;
        block = *top;
        return true;
    }

    /// <summary>Puts a block on top. 2 loads, 2 stores, 1 branch. False when the stack is full.</summary>
    [HotPath]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryPush<TConfig>(ThreadHeap* heap, uint sizeClass, void* block)
        where TConfig : struct, IAllocatorConfig
    {
        Bin* bin = ThreadHeap.BinOf(heap, sizeClass);
        void** top = bin->Top;
        if (top == bin->Limit) return false;
        *top = block;
        bin->Top = top + 1;
        return true;
    }

    /// <summary>Makes the stacks of a new heap: empty, at their first capacity.</summary>
    public static void Attach<TConfig>(ThreadHeap* heap)
        where TConfig : struct, IAllocatorConfig
    {
        HeapState* state = TConfig.FrontOf(heap);
        for (uint sizeClass = 1; sizeClass < SizeClasses.Count; sizeClass++)
        {
            Bin* bin = ThreadHeap.BinOf(heap, sizeClass);
            uint capacity = CapacityOf<TConfig>(sizeClass);
            bin->MaxCapacity = (ushort)capacity;
            bin->Bottom = bin->Top = HeapState.Small(state, sizeClass);
            bin->Limit = bin->Bottom + (capacity < SmallSlots ? capacity : SmallSlots);
        }
    }

    /// <summary>Doubles a stack, contents kept. False at its largest capacity, or when the heap's stacks hold their share of bytes.</summary>
    public static bool TryGrow<TConfig>(ThreadHeap* heap, uint sizeClass)
        where TConfig : struct, IAllocatorConfig
    {
        Bin* bin = ThreadHeap.BinOf(heap, sizeClass);
        uint capacity = (uint)(bin->Limit - bin->Bottom);
        if (capacity >= bin->MaxCapacity) return false;
        uint grown = capacity * 2 < bin->MaxCapacity ? capacity * 2 : bin->MaxCapacity;
        uint bytes = (grown - capacity) * TConfig.Classes[sizeClass].SizeBytes;
        if (heap->GrownBytes + bytes > TConfig.HeapFrontBytes) return false;
        void** bottom = bin->Bottom;
        if (capacity <= SmallSlots)
        {
            uint offset = LargeOffsetOf<TConfig>(sizeClass);
            if (offset + bin->MaxCapacity > LargeSlots) return false;
            bottom = HeapState.Large(TConfig.FrontOf(heap)) + offset;
        }

        MoveTo(bin, bottom, grown);
        heap->GrownBytes += bytes;
        return true;
    }

    /// <summary>Halves a stack that grew and has room, down to its first capacity; contents kept.</summary>
    public static void Shrink<TConfig>(ThreadHeap* heap, uint sizeClass)
        where TConfig : struct, IAllocatorConfig
    {
        Bin* bin = ThreadHeap.BinOf(heap, sizeClass);
        uint capacity = (uint)(bin->Limit - bin->Bottom);
        uint shrunk = capacity / 2 > SmallSlots ? capacity / 2 : SmallSlots;
        if (capacity <= SmallSlots || bin->Top - bin->Bottom > shrunk) return;
        MoveTo(bin, shrunk == SmallSlots ? HeapState.Small(TConfig.FrontOf(heap), sizeClass) : bin->Bottom, shrunk);
        heap->GrownBytes -= (capacity - shrunk) * TConfig.Classes[sizeClass].SizeBytes;
    }

    private static void MoveTo(Bin* bin, void** bottom, uint capacity)
    {
        nint count = (nint)(bin->Top - bin->Bottom);
        if (bottom != bin->Bottom)
        {
            for (nint i = 0; i < count; i++) bottom[i] = bin->Bottom[i];
        }

        bin->Bottom = bottom;
        bin->Top = bottom + count;
        bin->Limit = bottom + capacity;
    }

    private static uint CapacityOf<TConfig>(uint sizeClass)
        where TConfig : struct, IAllocatorConfig
    {
        uint capacity = TConfig.FrontBytes / TConfig.Classes[sizeClass].SizeBytes;
        if (capacity < 4) capacity = 4;
        return capacity < TConfig.FrontCapacity ? capacity : TConfig.FrontCapacity;
    }

    private static uint LargeOffsetOf<TConfig>(uint sizeClass)
        where TConfig : struct, IAllocatorConfig
    {
        uint offset = 0;
        for (uint before = 1; before < sizeClass; before++)
        {
            uint capacity = CapacityOf<TConfig>(before);
            if (capacity > SmallSlots) offset += capacity;
        }

        return offset;
    }
}
