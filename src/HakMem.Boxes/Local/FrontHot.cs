using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Threading;

namespace HakMem.Boxes;

/// <summary>
/// Box of layer Local: the array stack of free blocks in front of each bin. A hit touches two lines of the table of stacks and the slot, not the block.
/// Belongs to the running thread alone. State: <see cref="BinState"/> of each class, and <see cref="HeapState"/> for the slots:
/// a stack gets a place for at most 16 slots, close to the others', with its first block, moves to one of up to 64 when it grows, and from there to one of its largest capacity.
/// </summary>
[Box(BoxLayer.Local)]
public static unsafe class FrontHot
{
    private const uint SmallSlots = 16;
    private const uint MediumSlots = 64;
    private const uint AllSmallSlots = SizeClasses.Count * SmallSlots;
    private const uint AllMediumSlots = SizeClasses.Count * MediumSlots;
    private const uint LargeSlots = 6144;   // for every class at the default FrontBytes
    private const int RowBytes = ThreadHeap.FrontRowBytes;
    private const uint HeaderRest = (64 - 20) / sizeof(uint);
    private const ushort NoOffset = ushort.MaxValue;

    /// <summary>The stack of a class: a column of the front's table, whose rows are its fields.</summary>
    [StructLayout(LayoutKind.Explicit)]
    public struct BinState
    {
        /// <summary>One above the newest pointer.</summary>
        [FieldOffset(0)] public void** Top;

        /// <summary>The first slot.</summary>
        [FieldOffset(RowBytes)] public void** Bottom;

        /// <summary>One above the last slot.</summary>
        [FieldOffset(2 * RowBytes)] public void** Limit;

        /// <summary>The slots that the stack may grow to.</summary>
        [FieldOffset(3 * RowBytes)] public ushort MaxCapacity;

        /// <summary>Where its slots are among those of grown stacks, the medium ones first; <see cref="NoOffset"/> while it never grew.</summary>
        [FieldOffset((3 * RowBytes) + 2)] public ushort GrownOffset;
    }

    /// <summary>What the front keeps in each heap besides: the slots of its stacks.</summary>
    public struct HeapState
    {
        /// <summary>What the stacks hold of the bytes that they may beyond their first capacities.</summary>
        public FrontShare Share;

        /// <summary>The small slots that stacks have taken, in the order of their first blocks: so the slots of few stacks are on few pages.</summary>
        public ushort SmallUsed;

        /// <summary>The medium slots that stacks have taken, in the order in which they grew first.</summary>
        public ushort MediumUsed;

        /// <summary>The large slots that stacks have taken, each its largest capacity, likewise.</summary>
        public ushort LargeUsed;

        private fixed uint _line[(int)HeaderRest];   // the slots begin a cache line
        private fixed ulong _small[(int)AllSmallSlots];
        private fixed ulong _medium[(int)AllMediumSlots];
        private fixed ulong _large[(int)LargeSlots];

        internal static void** Small(HeapState* state) => (void**)state->_small;

        internal static void** Grown(HeapState* state) => (void**)state->_medium;
    }

    /// <summary>The stack of a class.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static BinState* Of(ThreadHeap* heap, uint sizeClass) => (BinState*)ThreadHeap.FrontColumnOf(heap, sizeClass);

    /// <summary>How many bytes at the start of a free block the front uses itself: none.</summary>
    public static uint LinkBytes() => 0;

    /// <summary>Takes the newest block. 3 loads, 1 store, 1 branch; the heap is passed down.</summary>
    [HotPath]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryPop<TConfig>(ThreadHeap* heap, uint sizeClass, out void* block)
        where TConfig : struct, IAllocatorConfig
    {
        BinState* bin = Of(heap, sizeClass);
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

    /// <summary>Puts a block on top. 2 loads, 2 stores, 1 branch. False when the stack is full: then it is grown, or its oldest are dropped, and asked again; a block that it refuses even then goes to its slab.</summary>
    [HotPath]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryPush<TConfig>(ThreadHeap* heap, uint sizeClass, void* block)
        where TConfig : struct, IAllocatorConfig
    {
        BinState* bin = Of(heap, sizeClass);
        void** top = bin->Top;
        if (top == bin->Limit) return false;
        *top = block;
        bin->Top = top + 1;
        return true;
    }

    /// <summary>Makes the stacks of a heap new: empty and without a place, whatever was in them.</summary>
    public static void Attach<TConfig>(ThreadHeap* heap)
        where TConfig : struct, IAllocatorConfig
    {
        HeapState* state = (HeapState*)TConfig.FrontOf(heap);
        state->Share = default;
        state->SmallUsed = 0;
        state->MediumUsed = 0;
        state->LargeUsed = 0;
        for (uint sizeClass = 1; sizeClass < SizeClasses.Count; sizeClass++)
        {
            BinState* bin = Of(heap, sizeClass);
            bin->MaxCapacity = (ushort)FrontShare.CapacityOf<TConfig>(sizeClass);
            bin->GrownOffset = NoOffset;
            bin->Bottom = bin->Top = bin->Limit = HeapState.Small(state);
        }
    }

    /// <summary>Doubles a stack, contents kept; one without a place gets its first. False at its largest capacity, or when the heap's stacks hold their share of bytes.</summary>
    public static bool TryGrow<TConfig>(ThreadHeap* heap, uint sizeClass)
        where TConfig : struct, IAllocatorConfig
    {
        BinState* bin = Of(heap, sizeClass);
        HeapState* state = (HeapState*)TConfig.FrontOf(heap);
        uint capacity = (uint)(bin->Limit - bin->Bottom);
        if (capacity == 0)
        {
            // Empty and full at once, so that both its pop and its push have come to the slow path. There is room for every stack once.
            capacity = bin->MaxCapacity < SmallSlots ? bin->MaxCapacity : SmallSlots;
            MoveTo(bin, HeapState.Small(state) + state->SmallUsed, capacity);
            state->SmallUsed += (ushort)capacity;
            return true;
        }

        if (capacity >= bin->MaxCapacity) return false;
        uint grown = capacity * 2 < bin->MaxCapacity ? capacity * 2 : bin->MaxCapacity;
        uint bytes = (grown - capacity) * TConfig.Classes[sizeClass].SizeBytes;
        if (!FrontShare.HasRoom<TConfig>(&state->Share, bytes) || !TryPlace(state, bin, grown)) return false;
        MoveTo(bin, HeapState.Grown(state) + bin->GrownOffset, grown);
        state->Share.Bytes += bytes;
        return true;
    }

    /// <summary>Whether the heap's stacks hold their share of bytes, and growth was refused for it 64 times since this last said so: time for one that is not used to give up its room.</summary>
    public static bool IsShort<TConfig>(ThreadHeap* heap)
        where TConfig : struct, IAllocatorConfig
        => FrontShare.IsShort(&((HeapState*)TConfig.FrontOf(heap))->Share);

    /// <summary>The next class, in turns, whose stack has grown; 0 when none has.</summary>
    public static uint NextGrown<TConfig>(ThreadHeap* heap)
        where TConfig : struct, IAllocatorConfig
    {
        HeapState* state = (HeapState*)TConfig.FrontOf(heap);
        for (uint i = 1; i < SizeClasses.Count; i++)
        {
            uint sizeClass = FrontShare.Turn(&state->Share);
            BinState* bin = Of(heap, sizeClass);
            if (bin->Limit - bin->Bottom > SmallSlots) return sizeClass;
        }

        return 0;
    }

    /// <summary>Halves a stack that grew and has room, down to its first capacity; contents kept.</summary>
    public static void Shrink<TConfig>(ThreadHeap* heap, uint sizeClass)
        where TConfig : struct, IAllocatorConfig
    {
        BinState* bin = Of(heap, sizeClass);
        HeapState* state = (HeapState*)TConfig.FrontOf(heap);
        uint capacity = (uint)(bin->Limit - bin->Bottom);
        uint shrunk = capacity / 2 > SmallSlots ? capacity / 2 : SmallSlots;
        if (capacity <= SmallSlots || bin->Top - bin->Bottom > shrunk) return;
        bin->Limit = bin->Bottom + shrunk;
        state->Share.Bytes -= (capacity - shrunk) * TConfig.Classes[sizeClass].SizeBytes;
    }

    /// <summary>How many blocks a stack holds. Of a running thread's heap, about so many.</summary>
    public static uint Count<TConfig>(ThreadHeap* heap, uint sizeClass)
        where TConfig : struct, IAllocatorConfig
    {
        BinState* bin = Of(heap, sizeClass);
        void** top = TopOf(bin);
        nint count = (nint)(top - bin->Bottom);
        return count > 0 ? (uint)count : 0;   // its thread may be moving the stack
    }

    /// <summary>Where a refill of an empty stack writes up to <paramref name="want"/> blocks, half its capacity; at least one. <see cref="Accept"/> follows if it wrote any: not when a larger class lends a block, or there is no memory.</summary>
    public static void** Offer<TConfig>(ThreadHeap* heap, uint sizeClass, out uint want)
        where TConfig : struct, IAllocatorConfig
    {
        BinState* bin = Of(heap, sizeClass);
        if (bin->Limit == bin->Bottom) _ = TryGrow<TConfig>(heap, sizeClass);
        want = (uint)(bin->Limit - bin->Bottom) / 2;
        return bin->Bottom;
    }

    /// <summary>Takes over the blocks that were written, at least one, to be popped from the last to the first, and pops one.</summary>
    public static void* Accept<TConfig>(ThreadHeap* heap, uint sizeClass, uint count)
        where TConfig : struct, IAllocatorConfig
    {
        BinState* bin = Of(heap, sizeClass);
        bin->Top = bin->Bottom + count - 1;
        return *bin->Top;
    }

    /// <summary>The oldest blocks of a stack, to be given back; they stay in it until <see cref="DropOldest"/>.</summary>
    public static void** Oldest<TConfig>(ThreadHeap* heap, uint sizeClass, uint count)
        where TConfig : struct, IAllocatorConfig
    {
        _ = count;
        return Of(heap, sizeClass)->Bottom;
    }

    /// <summary>Takes the oldest blocks out of a stack, as many as <see cref="Oldest"/> was asked for.</summary>
    public static void DropOldest<TConfig>(ThreadHeap* heap, uint sizeClass, uint count)
        where TConfig : struct, IAllocatorConfig
    {
        BinState* bin = Of(heap, sizeClass);
        NativeMemory.Copy(bin->Bottom + count, bin->Bottom, (nuint)(bin->Top - bin->Bottom - count) * (nuint)sizeof(void*));
        bin->Top -= count;
    }

    /// <summary>Forgets everything in a stack: its blocks are given up with their slabs.</summary>
    public static void Clear<TConfig>(ThreadHeap* heap, uint sizeClass)
        where TConfig : struct, IAllocatorConfig
    {
        BinState* bin = Of(heap, sizeClass);
        bin->Top = bin->Bottom;
    }

    /// <summary>Writes the blocks of a stack, at most <paramref name="room"/>, and returns how many there are. Of a running thread's heap it may miss or repeat some.</summary>
    public static uint CopyTo<TConfig>(ThreadHeap* heap, uint sizeClass, void** blocks, uint room)
        where TConfig : struct, IAllocatorConfig
    {
        BinState* bin = Of(heap, sizeClass);
        void** top = TopOf(bin);
        uint count = 0;
        for (void** at = bin->Bottom; at < top; at++, count++)
        {
            if (count < room) blocks[count] = *at;
        }

        return count;
    }

    // For any thread, and read before the bottom: a stack moves to higher slots only, its bottom first, so a bottom that is read later is never too low for this top.
    private static void** TopOf(BinState* bin) => (void**)Volatile.Read(ref *(nint*)&bin->Top);

    // A place for so many slots, kept from then on: among the medium ones for as many as those are, else one of the bin's largest capacity.
    private static bool TryPlace(HeapState* state, BinState* bin, uint capacity)
    {
        if (bin->GrownOffset != NoOffset && (capacity <= MediumSlots || bin->GrownOffset >= AllMediumSlots)) return true;
        if (capacity <= MediumSlots)
        {
            bin->GrownOffset = state->MediumUsed;
            state->MediumUsed += (ushort)(bin->MaxCapacity < MediumSlots ? bin->MaxCapacity : MediumSlots);
            return true;
        }

        if (state->LargeUsed + bin->MaxCapacity > LargeSlots) return false;
        bin->GrownOffset = (ushort)(AllMediumSlots + state->LargeUsed);
        state->LargeUsed += bin->MaxCapacity;
        return true;
    }

    private static void MoveTo(BinState* bin, void** bottom, uint capacity)
    {
        nint count = (nint)(bin->Top - bin->Bottom);
        if (bottom != bin->Bottom)
        {
            for (nint i = 0; i < count; i++) bottom[i] = bin->Bottom[i];
        }

        bin->Bottom = bottom;
        Volatile.Write(ref *(nint*)&bin->Top, (nint)(bottom + count));   // pairs with the read in TopOf
        bin->Limit = bottom + capacity;
    }
}
