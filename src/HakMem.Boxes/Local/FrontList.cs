using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Threading;

namespace HakMem.Boxes;

/// <summary>
/// Box of layer Local: an intrusive free list in front of each bin, another choice than <see cref="FrontHot"/>. Each free block holds the address of the next in
/// its first word, so a heap needs 2 KiB of slots instead of 96 KiB, and a hit touches the block that its user is about to write. The price: a refill touches each block, and whoever writes to a
/// freed block may change a link. A pop follows links unchecked, but for builds with <see cref="FreelistValidation"/>; a flush checks every link. Blocks in a list are
/// no set bits of their slabs, so no page of theirs is purged. Belongs to the running thread alone. State: <see cref="BinState"/> of each class, <see cref="HeapState"/>.
/// </summary>
[Box(BoxLayer.Local, Traits = BoxTraits.LinksInBlocks)]
public static unsafe class FrontList
{
    private const uint FirstCapacity = 16;
    private const uint MostSlots = 256;   // the largest FrontCapacity
    private const int RowBytes = ThreadHeap.FrontRowBytes;

    /// <summary>The list of a class: a column of the front's table, whose rows are its fields.</summary>
    [StructLayout(LayoutKind.Explicit)]
    public struct BinState
    {
        /// <summary>The newest block; null when the list is empty.</summary>
        [FieldOffset(0)] public void* Head;

        /// <summary>The blocks in the list.</summary>
        [FieldOffset(RowBytes)] public uint Count;

        /// <summary>The blocks that the list may hold now.</summary>
        [FieldOffset(RowBytes + 4)] public uint Capacity;

        /// <summary>The blocks that it may grow to.</summary>
        [FieldOffset(2 * RowBytes)] public ushort MaxCapacity;
    }

    /// <summary>What the front keeps in each heap besides: room for one batch on its way between a list and the slabs.</summary>
    public struct HeapState
    {
        /// <summary>What the lists hold of the bytes that they may beyond their first capacities.</summary>
        public FrontShare Share;

        /// <summary>The last block that stays when the oldest are dropped; null when none stays.</summary>
        public void* Kept;

        private fixed ulong _batch[(int)MostSlots];

        internal static void** Batch(HeapState* state) => (void**)state->_batch;
    }

    /// <summary>The list of a class.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static BinState* Of(ThreadHeap* heap, uint sizeClass) => (BinState*)ThreadHeap.FrontColumnOf(heap, sizeClass);

    /// <summary>How many bytes at the start of a free block the front uses itself: the address of the next.</summary>
    public static uint LinkBytes() => (uint)sizeof(void*);

    /// <summary>Takes the newest block. 2 loads, one of them from the block, 2 stores, 1 branch.</summary>
    [HotPath]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryPop<TConfig>(ThreadHeap* heap, uint sizeClass, out void* block)
        where TConfig : struct, IAllocatorConfig
    {
        BinState* bin = Of(heap, sizeClass);
        block = bin->Head;
        if (block == null) return false;
        void* next = *(void**)block;
        TConfig.OnFrontLink(heap, sizeClass, block, next);
        bin->Head = next;
        bin->Count--;
        return true;
    }

    /// <summary>Puts a block first. 3 loads, 3 stores, one of them to the block, 1 branch. False when the list is full.</summary>
    [HotPath]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryPush<TConfig>(ThreadHeap* heap, uint sizeClass, void* block)
        where TConfig : struct, IAllocatorConfig
    {
        BinState* bin = Of(heap, sizeClass);
        uint count = bin->Count;
        if (count == bin->Capacity) return false;
        *(void**)block = bin->Head;
        bin->Head = block;
        bin->Count = count + 1;
        return true;
    }

    /// <inheritdoc cref="FrontHot.Attach{TConfig}"/>
    public static void Attach<TConfig>(ThreadHeap* heap)
        where TConfig : struct, IAllocatorConfig
    {
        HeapState* state = (HeapState*)TConfig.FrontOf(heap);
        state->Share = default;
        for (uint sizeClass = 1; sizeClass < SizeClasses.Count; sizeClass++)
        {
            BinState* bin = Of(heap, sizeClass);
            bin->Head = null;
            bin->Count = 0;
            uint most = FrontShare.CapacityOf<TConfig>(sizeClass);
            bin->MaxCapacity = (ushort)most;
            bin->Capacity = most < FirstCapacity ? most : FirstCapacity;
        }
    }

    /// <inheritdoc cref="FrontHot.TryGrow{TConfig}"/>
    public static bool TryGrow<TConfig>(ThreadHeap* heap, uint sizeClass)
        where TConfig : struct, IAllocatorConfig
    {
        BinState* bin = Of(heap, sizeClass);
        HeapState* state = (HeapState*)TConfig.FrontOf(heap);
        if (bin->Capacity >= bin->MaxCapacity) return false;
        uint grown = bin->Capacity * 2 < bin->MaxCapacity ? bin->Capacity * 2 : bin->MaxCapacity;
        uint bytes = (grown - bin->Capacity) * TConfig.Classes[sizeClass].SizeBytes;
        if (!FrontShare.HasRoom<TConfig>(&state->Share, bytes)) return false;
        bin->Capacity = grown;
        state->Share.Bytes += bytes;
        return true;
    }

    /// <inheritdoc cref="FrontHot.IsShort{TConfig}"/>
    public static bool IsShort<TConfig>(ThreadHeap* heap)
        where TConfig : struct, IAllocatorConfig
        => FrontShare.IsShort(&((HeapState*)TConfig.FrontOf(heap))->Share);

    /// <inheritdoc cref="FrontHot.NextGrown{TConfig}"/>
    public static uint NextGrown<TConfig>(ThreadHeap* heap)
        where TConfig : struct, IAllocatorConfig
    {
        HeapState* state = (HeapState*)TConfig.FrontOf(heap);
        for (uint i = 1; i < SizeClasses.Count; i++)
        {
            uint sizeClass = FrontShare.Turn(&state->Share);
            if (Of(heap, sizeClass)->Capacity > FirstCapacity) return sizeClass;
        }

        return 0;
    }

    /// <inheritdoc cref="FrontHot.Shrink{TConfig}"/>
    public static void Shrink<TConfig>(ThreadHeap* heap, uint sizeClass)
        where TConfig : struct, IAllocatorConfig
    {
        BinState* bin = Of(heap, sizeClass);
        uint shrunk = bin->Capacity / 2 > FirstCapacity ? bin->Capacity / 2 : FirstCapacity;
        if (bin->Capacity <= FirstCapacity || bin->Count > shrunk) return;
        ((HeapState*)TConfig.FrontOf(heap))->Share.Bytes -= (bin->Capacity - shrunk) * TConfig.Classes[sizeClass].SizeBytes;
        bin->Capacity = shrunk;
    }

    /// <inheritdoc cref="FrontHot.Count{TConfig}"/>
    public static uint Count<TConfig>(ThreadHeap* heap, uint sizeClass)
        where TConfig : struct, IAllocatorConfig
        => Volatile.Read(ref Of(heap, sizeClass)->Count);

    /// <inheritdoc cref="FrontHot.Offer{TConfig}"/>
    public static void** Offer<TConfig>(ThreadHeap* heap, uint sizeClass, out uint want)
        where TConfig : struct, IAllocatorConfig
    {
        want = Of(heap, sizeClass)->Capacity / 2;
        return HeapState.Batch((HeapState*)TConfig.FrontOf(heap));
    }

    /// <summary>Links the blocks that were written, at least one, to be popped from the last to the first, and pops one. Touches each but this one.</summary>
    public static void* Accept<TConfig>(ThreadHeap* heap, uint sizeClass, uint count)
        where TConfig : struct, IAllocatorConfig
    {
        BinState* bin = Of(heap, sizeClass);
        void** batch = HeapState.Batch((HeapState*)TConfig.FrontOf(heap));
        void* head = null;
        for (uint i = 0; i < count - 1; i++)
        {
            *(void**)batch[i] = head;
            head = batch[i];
        }

        bin->Head = head;
        bin->Count = count - 1;
        return batch[count - 1];
    }

    /// <summary>
    /// The oldest blocks of a list, to be given back; they stay in it until <see cref="DropOldest"/>. Every link is checked before it is followed; one that leads to
    /// no block of the class ends the process, naming the block that held it.
    /// </summary>
    public static void** Oldest<TConfig>(ThreadHeap* heap, uint sizeClass, uint count)
        where TConfig : struct, IAllocatorConfig
    {
        BinState* bin = Of(heap, sizeClass);
        HeapState* state = (HeapState*)TConfig.FrontOf(heap);
        void** batch = HeapState.Batch(state);
        uint stay = bin->Count - count;
        void* before = null;
        void* block = bin->Head;
        state->Kept = null;
        for (uint i = 0; i < stay + count; i++)
        {
            if (!IsBlock<TConfig>(sizeClass, block)) Fatal.Stop<TConfig>(FatalReason.Corrupted, before != null ? before : block);
            if (i >= stay) batch[i - stay] = block;
            else state->Kept = block;
            before = block;
            block = *(void**)block;
        }

        return batch;
    }

    /// <inheritdoc cref="FrontHot.DropOldest{TConfig}"/>
    public static void DropOldest<TConfig>(ThreadHeap* heap, uint sizeClass, uint count)
        where TConfig : struct, IAllocatorConfig
    {
        BinState* bin = Of(heap, sizeClass);
        void* kept = ((HeapState*)TConfig.FrontOf(heap))->Kept;
        if (kept == null) bin->Head = null;
        else *(void**)kept = null;
        bin->Count -= count;
    }

    /// <inheritdoc cref="FrontHot.Clear{TConfig}"/>
    public static void Clear<TConfig>(ThreadHeap* heap, uint sizeClass)
        where TConfig : struct, IAllocatorConfig
    {
        BinState* bin = Of(heap, sizeClass);
        bin->Head = null;
        bin->Count = 0;
    }

    /// <summary>Writes the blocks of a list, at most <paramref name="room"/>, and returns how many there are. Of a running thread's heap it may miss or repeat some, and ends where a link was used meanwhile.</summary>
    public static uint CopyTo<TConfig>(ThreadHeap* heap, uint sizeClass, void** blocks, uint room)
        where TConfig : struct, IAllocatorConfig
    {
        uint most = Count<TConfig>(heap, sizeClass), count = 0;
        void* block = Of(heap, sizeClass)->Head;
        while (count < most && IsBlock<TConfig>(sizeClass, block))
        {
            if (count < room) blocks[count] = block;
            count++;
            if (!TConfig.OsTryRead(block, out nint next)) break;
            block = (void*)next;
        }

        return count;
    }

    /// <summary>Whether an address is the start of a block of a class in a slab of this composition. The memory of such a block can be read by whoever has it, by others with <c>OsTryRead</c>.</summary>
    public static bool IsBlock<TConfig>(uint sizeClass, void* address)
        where TConfig : struct, IAllocatorConfig
    {
        nuint chunk = PageMap.ChunkOf<TConfig>(address);
        if (chunk >= TConfig.ChunkCount) return false;
        uint entry = PageMap.Get<TConfig>(chunk);
        SizeClass* info = TConfig.Classes + sizeClass;
        nuint offset = (nuint)address - (nuint)TConfig.Base;
        return (byte)entry == sizeClass
            && TConfig.Space->Owners[entry >> 8].Composition == TConfig.Composition->Id
            && Slab.IndexOf(info, offset & info->SlabMask, out _);
    }
}
