using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Threading;

namespace HakMem.Boxes;

/// <summary>
/// Box of layer Shared: carries blocks back to the heap that owns them. Each heap combines its frees of foreign blocks in a small table, a
/// word of a slab's bitmap to an entry; entries are sent as single additions to the slab's remote bitmap (T2), and the owner takes them
/// under its lock (T3). Per word, zero to nonzero and summary bit set alternate; per slab, summary zero to nonzero and push do: at most one
/// push is outstanding, and bits are taken only after their sender's last access to the slab (T4). State: <see cref="HeapState"/> of the
/// running thread, the R parts of slabs, the heaps' inboxes. Keeps invariants 1, 2 and 4.
/// </summary>
[Box(BoxLayer.Shared, Traits = BoxTraits.ConcurrencySafe)]
public static unsafe class RemoteFree
{
    private const int TableLog2 = 6;
    private const uint EvictedPerAsk = 64;   // words sent before a pass is asked for
    private const int SetsLog2 = TableLog2 - 1;
    private const int EntryBytes = 16, RecentBytes = 32;

    /// <summary>What remote frees keep in each heap: the combining table, and for each class where in it the last free went.</summary>
    [StructLayout(LayoutKind.Explicit)]
    public struct HeapState
    {
        private const int EntriesOffset = 64, RecentOffset = EntriesOffset + (EntryBytes << TableLog2);   // each in one cache line

        /// <summary>Frees since the table was sent, larger blocks counting for several: what an idle thread keeps from others is bounded in bytes, too. Not 0 while anything is in the table, wherever its thread was when the process forked.</summary>
        [FieldOffset(0)] public uint Frees;

        /// <summary>Words that were sent because another needed their place.</summary>
        [FieldOffset(4)] public uint Evicted;

        /// <summary>For each set, which of its two entries is replaced next.</summary>
        [FieldOffset(8)] public uint Older;

        [FieldOffset(EntriesOffset)] private fixed byte _entries[EntryBytes << TableLog2];
        [FieldOffset(RecentOffset)] private fixed byte _recent[RecentBytes * (int)SizeClasses.Count];

        // By offsets: the address of a fixed buffer costs a look at the struct for null.
        internal static Entry* Entries(HeapState* state) => (Entry*)((byte*)state + EntriesOffset);

        internal static Recent* RecentOf(HeapState* state, uint sizeClass) => (Recent*)((byte*)state + RecentOffset) + sizeClass;
    }

    [StructLayout(LayoutKind.Sequential, Size = EntryBytes)]
    internal struct Entry
    {
        /// <summary>First chunk of the slab and word of its bitmap, plus one; 0 is free.</summary>
        public uint Key;

        /// <summary>The class of the slab.</summary>
        public uint Class;

        /// <summary>The blocks freed.</summary>
        public ulong Bits;
    }

    /// <summary>The word that the last free of a class went to, as long as it is in the table: the next one mostly goes there, too, and is found without a hash.</summary>
    [StructLayout(LayoutKind.Sequential, Size = RecentBytes)]
    internal struct Recent
    {
        /// <summary>The first block of the word.</summary>
        public byte* First;

        /// <summary>Its entry's.</summary>
        public ulong* Bits;

        /// <summary>The class's.</summary>
        public ulong Reciprocal;

        /// <summary>The bytes from the first block to the end of the last one of the word that the slab has; 0 when the word is no longer in the table.</summary>
        public uint Span;

        /// <summary>For how many frees one of the class counts.</summary>
        public uint Weight;
    }

    /// <summary>
    /// Frees a block whose word is the one that its class's last free went to and is in this thread's table still. False when it is not, or when anything about the block is unusual; then nothing was done. That the word is in the table
    /// tells that the slab is of this composition and has a block that is out: nobody can have given it back. It may have come to this heap meanwhile; then the heap sends to itself.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryCombine<TConfig>(ThreadHeap* heap, void* block)
        where TConfig : struct, IAllocatorConfig
    {
        nuint offset = (nuint)block - (nuint)TConfig.Base, chunk = offset >> Chunk.Log2;
        if (chunk >= TConfig.ChunkCount) return false;
        uint sizeClass = (byte)PageMap.Get<TConfig>(chunk);
        if (sizeClass >= SizeClasses.Count) return false;
        HeapState* state = TConfig.RemoteTableOf(heap);
        Recent* recent = HeapState.RecentOf(state, sizeClass);   // of nobody's chunk, class 0 has none
        nuint inWord = (nuint)block - (nuint)recent->First;
        if (inWord >= recent->Span) return false;
        ulong reciprocal = recent->Reciprocal;
        if (!Slab.IndexOf(reciprocal, reciprocal << Slab.FractionShift, inWord, out uint index)) return false;
        ulong* bits = recent->Bits;
        ulong bit = 1UL << (int)index;
        if ((*bits & bit) != 0) return false;
        uint frees = state->Frees + recent->Weight;
        if (frees >= TConfig.RemoteBatch) return false;
        TConfig.OnRemoteBlock(sizeClass, block);
        TConfig.OnRemoteFree(heap, sizeClass);
        *bits |= bit;
        state->Frees = frees;
        TConfig.OnSlowExit(heap, SlowExit.CombinedFree);
        return true;
    }

    /// <summary>
    /// Frees a block of another heap of this composition; <paramref name="entry"/> is its chunk's, read for the last time while the caller still held the block.
    /// The heap may be null, for a thread that has none: then the block is sent at once. Callers whose threads free many such blocks ask <see cref="TryCombine"/> first.
    /// </summary>
    public static void Add<TConfig>(ThreadHeap* heap, void* block, uint entry)
        where TConfig : struct, IAllocatorConfig
    {
        uint sizeClass = (byte)entry;
        SizeClass* info = TConfig.Classes + sizeClass;
        nuint offset = (nuint)block - (nuint)TConfig.Base;
        if (!Slab.IndexOf(info, offset & info->SlabMask, out uint index))
        {
            Fatal.Stop<TConfig>(FatalReason.InteriorPointer, block);
            return;
        }

        TConfig.OnRemoteBlock(sizeClass, block);
        uint key = KeyOf(info, offset, index);
        ulong bit = 1UL << (int)(index & 63);
        if (heap == null)
        {
            Send<TConfig>(Slab.At<TConfig>((key - 1) >> 6), (key - 1) & 63, bit);
            TConfig.WantScavenge();
            return;
        }

        TConfig.OnRemoteFree(heap, sizeClass);
        HeapState* state = TConfig.RemoteTableOf(heap);
        Entry* found = Find(state, key);
        if (found->Key == key && (found->Bits & bit) == 0)
        {
            found->Bits |= bit;
            Remember(state, info, block, index, found);
            TConfig.OnSlowExit(heap, SlowExit.CombinedFree);
            if ((state->Frees += Weight(info)) < TConfig.RemoteBatch) return;
            SendOld<TConfig>(heap);
            if (!ThreadHeap.IsUserLocked(heap)) TConfig.WantScavenge();
            return;
        }

        AddSlow<TConfig>(heap, block, key, index, entry);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Weight(SizeClass* info) => 1 + (info->SizeBytes >> 7);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint KeyOf(SizeClass* info, nuint offset, uint index) => (uint)((((offset & ~(nuint)info->SlabMask) >> (Chunk.Log2 - 6)) | (index >> 6)) + 1);

    // The last word of a slab has fewer blocks than others; addresses behind them are another slab's.
    private static void Remember(HeapState* state, SizeClass* info, void* block, uint index, Entry* entry)
    {
        Recent* recent = HeapState.RecentOf(state, entry->Class);
        recent->First = (byte*)block - ((index & 63) * (nuint)info->SizeBytes);
        recent->Bits = &entry->Bits;
        recent->Reciprocal = info->Reciprocal;
        recent->Weight = Weight(info);
        uint blocks = info->Blocks - (index & ~63u);
        recent->Span = (blocks < 64 ? blocks : 64) * info->SizeBytes;
    }

    // The entry of a word if it is in the table, else any of its set.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Entry* Find(HeapState* state, uint key)
    {
        Entry* set = HeapState.Entries(state) + (SetOf(key) * 2);
        return set[0].Key == key ? set : set + 1;
    }

    // The words of a slab lie in sets one after the other, so that they are sent one after the other: the slab's lines then come once.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint SetOf(uint key)
        => ((uint)((((ulong)(key - 1) >> 6) * 0x9E37_79B9_7F4A_7C15UL) >> (64 - SetsLog2)) + (key - 1)) & ((1u << SetsLog2) - 1);

    // The word is not in the table: it comes in for the older one of its set, which is sent. In sets of two, a pair of words that meet do not drive each other out.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void AddSlow<TConfig>(ThreadHeap* heap, void* block, uint key, uint index, uint entry)
        where TConfig : struct, IAllocatorConfig
    {
        ulong bit = 1UL << (int)(index & 63);
        HeapState* state = TConfig.RemoteTableOf(heap);
        uint setIndex = SetOf(key);
        Entry* set = HeapState.Entries(state) + (setIndex * 2);
        if (set[0].Key == key || set[1].Key == key) Fatal.Stop<TConfig>(FatalReason.DoubleFree, block);
        if (TConfig.Space->Owners[entry >> 8].Heap->Kind == HeapKind.FirstClass)
        {
            // In the table it would outlive its heap.
            TConfig.OnSlowExit(heap, SlowExit.DirectFree);
            Send<TConfig>(Slab.At<TConfig>((key - 1) >> 6), (key - 1) & 63, bit);
            if (!ThreadHeap.IsUserLocked(heap)) TConfig.WantScavenge();
            return;
        }

        SizeClass* info = TConfig.Classes + (byte)entry;
        uint frees = state->Frees + Weight(info);
        Volatile.Write(ref state->Frees, frees);   // before the key
        Entry* place = set + ((state->Older >> (int)setIndex) & 1);
        state->Older ^= 1u << (int)setIndex;
        bool ask = false;
        if (place->Key != 0)
        {
            SendEntry<TConfig>(state, place);
            ask = (++state->Evicted & (EvictedPerAsk - 1)) == 0;
        }

        place->Bits = bit;
        place->Class = (byte)entry;
        Volatile.Write(ref place->Key, key);   // last: who counts what is here sees the whole
        Remember(state, info, block, index, place);
        bool full = frees >= TConfig.RemoteBatch;
        if (full) SendOld<TConfig>(heap);
        if ((full || ask) && !ThreadHeap.IsUserLocked(heap)) TConfig.WantScavenge();
    }

    // Sends all but the words that the last frees of their classes went to: they are not done, and what would come in two halves stays in two. But they must leave room in the table.
    private static void SendOld<TConfig>(ThreadHeap* heap)
        where TConfig : struct, IAllocatorConfig
    {
        HeapState* state = TConfig.RemoteTableOf(heap);
        Entry* entries = HeapState.Entries(state);
        uint kept = 0;
        for (uint i = 0; i < 1u << TableLog2; i++)
        {
            if (entries[i].Key == 0) continue;
            Recent* recent = HeapState.RecentOf(state, entries[i].Class);
            if (recent->Bits == &entries[i].Bits) kept += (uint)BitOperations.PopCount(entries[i].Bits) * recent->Weight;
            else SendEntry<TConfig>(state, entries + i);
        }

        state->Frees = kept;
        if (kept >= TConfig.RemoteBatch / 2) SendAll<TConfig>(heap);
    }

    /// <summary>Sends what is in the table. By the running thread, or for an ended one.</summary>
    public static void SendAll<TConfig>(ThreadHeap* heap)
        where TConfig : struct, IAllocatorConfig
    {
        HeapState* state = TConfig.RemoteTableOf(heap);
        if (state->Frees == 0) return;
        Entry* entries = HeapState.Entries(state);
        for (uint i = 0; i < 1u << TableLog2; i++)
        {
            if (entries[i].Key == 0) continue;
            SendEntry<TConfig>(state, entries + i);
        }

        state->Frees = 0;
    }

    /// <summary>
    /// T2: adds bits to a word of a slab's remote bitmap; whoever makes the word nonzero sets its summary bit, whoever makes the summary
    /// nonzero pushes the slab on its owner's inbox. A bit that is there already is a double free. The slab is not touched after the last of these.
    /// </summary>
    public static void Send<TConfig>(Slab* slab, uint word, ulong bits)
        where TConfig : struct, IAllocatorConfig
    {
        ulong before = FetchAdd<TConfig>(slab->Remote + word, bits);      // acquire-release; pairs with the exchange in Collect
        if ((before & bits) != 0) Fatal.Stop<TConfig>(FatalReason.DoubleFree, Slab.BlockAt<TConfig>(slab, slab->Class, word, before & bits));
        if (before != 0) return;
        ulong flag = 1UL << (int)word;
        ulong summary = FetchAdd<TConfig>(&slab->Summary, flag);   // pairs with the exchange in Collect
        if (summary == 0) Push<TConfig>(slab);
    }

    /// <summary>
    /// T3: takes the inbox and merges what was sent. A slab that left this heap meanwhile is pushed on, untouched, to its owner. The remote
    /// bitmap and the summary are read only of a slab from the inbox. Under the heap's lock.
    /// </summary>
    public static void Collect<TConfig>(ThreadHeap* heap)
        where TConfig : struct, IAllocatorConfig
    {
        if (Volatile.Read(ref heap->Inbox) == 0) return;
        uint blocks = 0;
        TConfig.OnSharedStep();
        Slab* slab = (Slab*)Interlocked.Exchange(ref heap->Inbox, 0);
        while (slab != null)
        {
            Slab* next = slab->InboxNext;   // before anything that could let another thread push the slab again
            if (Volatile.Read(ref slab->Owner) != heap->Id)
            {
                Push<TConfig>(slab);
                slab = next;
                continue;
            }

            TConfig.OnSharedStep();
            ulong summary = Interlocked.Exchange(ref slab->Summary, 0);
            while (summary != 0)
            {
                uint word = (uint)BitOperations.TrailingZeroCount(summary);
                summary &= summary - 1;
                TConfig.OnSharedStep();
                ulong bits = Interlocked.Exchange(ref slab->Remote[word], 0);
                uint count = (uint)BitOperations.PopCount(bits);
                blocks += count;
                if (slab->Place != SlabPlace.Adrift) *ThreadHeap.Out(heap, slab->Class) -= count;   // adrift (T6): counted when it arrives
                TConfig.MergeFree(heap, slab, word, bits);   // may retire the slab, but only with the last of its bits
            }

            slab = next;
        }

        TConfig.OnCollect(heap, blocks);
    }

    /// <summary>How many blocks of each class wait in a heap's table; added to <paramref name="blocks"/>. Exact when its thread is at rest.</summary>
    public static void CountPending<TConfig>(ThreadHeap* heap, ulong* blocks)
        where TConfig : struct, IAllocatorConfig
    {
        HeapState* state = TConfig.RemoteTableOf(heap);
        if (state->Frees == 0) return;
        Entry* entries = HeapState.Entries(state);
        for (uint i = 0; i < 1u << TableLog2; i++)
        {
            if (Volatile.Read(ref entries[i].Key) == 0) continue;   // its thread may be sending it
            blocks[entries[i].Class] += (uint)BitOperations.PopCount(entries[i].Bits);
        }
    }

    /// <summary>Copies the entries of a heap's table that hold anything: first chunk of the slab and word in <paramref name="places"/>, blocks in <paramref name="bits"/>; room for 64. Returns how many.</summary>
    public static uint CopyPending<TConfig>(ThreadHeap* heap, nuint* places, ulong* bits)
        where TConfig : struct, IAllocatorConfig
    {
        HeapState* state = TConfig.RemoteTableOf(heap);
        uint count = 0;
        if (state->Frees == 0) return 0;
        Entry* entries = HeapState.Entries(state);
        for (uint i = 0; i < 1u << TableLog2; i++)
        {
            uint key = Volatile.Read(ref entries[i].Key);   // its thread may be sending it
            if (key == 0) continue;
            places[count] = key - 1;
            bits[count++] = entries[i].Bits;
        }

        return count;
    }

    /// <summary>
    /// In the child of a fork, where no other thread is: makes summaries and inboxes anew from the remote bitmaps, as other threads may have been between two steps of T2. Reads the bitmaps of all slabs of this composition;
    /// others see to theirs. Every lock of it is held.
    /// </summary>
    public static void Recover<TConfig>()
        where TConfig : struct, IAllocatorConfig
    {
        for (ThreadHeap* heap = TConfig.FirstHeap(); heap != null; heap = heap->NextInComposition) heap->Inbox = 0;
        for (uint chunk = 0; chunk < TConfig.Space->NextChunk; chunk++)
        {
            uint entry = PageMap.Get<TConfig>(chunk), sizeClass = (byte)entry;
            if (sizeClass == 0 || sizeClass >= SizeClasses.Count) continue;
            if (TConfig.Space->Owners[entry >> 8].Composition != TConfig.Composition->Id) continue;   // it may be in an inbox that was not emptied
            SizeClass* info = TConfig.Classes + sizeClass;
            if ((chunk & (info->SlabMask >> Chunk.Log2)) != 0) continue;   // not the first of its slab
            Slab* slab = Slab.At<TConfig>(chunk);
            ulong summary = 0;
            for (uint word = 0; word < info->Words; word++)
            {
                if (slab->Remote[word] != 0) summary |= 1UL << (int)word;
            }

            if (slab->Summary != summary) slab->Summary = summary;   // a write would copy the page
            if (summary != 0) Push<TConfig>(slab);
        }
    }

    // Nothing may be combined with it any more before it is sent, and nobody finds it after.
    private static void SendEntry<TConfig>(HeapState* state, Entry* entry)
        where TConfig : struct, IAllocatorConfig
    {
        uint place = entry->Key - 1;
        Recent* recent = HeapState.RecentOf(state, entry->Class);
        if (recent->Bits == &entry->Bits) recent->Span = 0;
        entry->Key = 0;
        Send<TConfig>(Slab.At<TConfig>(place >> 6), place & 63, entry->Bits);
    }

    // What was there before; one xadd, where Interlocked.Or with its result used would be a loop.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong FetchAdd<TConfig>(ulong* at, ulong bits)
        where TConfig : struct, IAllocatorConfig
    {
        TConfig.OnSharedStep();
        return (ulong)Interlocked.Add(ref *(long*)at, (long)bits) - bits;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Push<TConfig>(Slab* slab)
        where TConfig : struct, IAllocatorConfig
    {
        TConfig.OnSharedStep();
        ThreadHeap* owner = TConfig.Space->Owners[Volatile.Read(ref slab->Owner)].Heap;
        nint top = Volatile.Read(ref owner->Inbox);
        while (true)
        {
            slab->InboxNext = (Slab*)top;
            TConfig.OnSharedStep();
            nint seen = Interlocked.CompareExchange(ref owner->Inbox, (nint)slab, top);   // release; pairs with the exchange in Collect
            if (seen == top) return;
            top = seen;
        }
    }
}
