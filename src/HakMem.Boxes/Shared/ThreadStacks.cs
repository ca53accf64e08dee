using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Threading;

namespace HakMem.Boxes;

/// <summary>
/// Box of layer Shared: finds the heap of the calling thread by the place of its stack, as the first thread libraries of Linux found the thread itself. The runtime's thread-local storage is a call
/// of the dynamic linker's; this is an address, four loads and a comparison. An index names, for each 16 KiB of addresses, a record of the stack that lies there; the record says where the
/// stack begins and ends and which heap its thread has. Only a thread that runs on the stack finds its address inside, so what it reads was written by itself:
/// a record's bounds never change, its heap is written by the thread that runs there, and a thread's end shuts it (native code, as a thread-specific key's destructor) before another thread can
/// have the same memory for its stack. What others write into the index meanwhile can hide a record, never falsify one. Who is not found (a stack of the program's own making, no record left, two stacks at
/// one place of the index) is found by the thread-local storage. State: the table, a thread's record in its heap, <see cref="SharedState"/> under its lock.
/// </summary>
[Box(BoxLayer.Shared, Traits = BoxTraits.ConcurrencySafe)]
public static unsafe class ThreadStacks
{
    private const int GranuleLog2 = 14;
    private const uint IndexBytes = sizeof(ushort) << 16;   // by the low 16 bits of a granule's number
    private const uint MaxRecords = 16384;
    private const int UnitBytes = 8, UnitsOfRecord = 4;   // the index counts in what an address can be scaled by, and the last record is just below 65,536 of them
    private const int BucketsLog2 = 8;
    private const int LowOffset = 0, BytesOffset = 8, HeapOffset = 16;
    private const uint Shut = 1;   // what a thread's end leaves in Bytes, or 0

    /// <summary>What the box keeps in each composition.</summary>
    public struct SharedState
    {
        /// <summary>Guards the fields below but the key, and the making of records.</summary>
        public int Lock;

        /// <summary>The thread-specific key that shuts records, plus one.</summary>
        public uint Key;

        /// <summary>The records made, the empty first one among them.</summary>
        public uint Records;

        private fixed ushort _buckets[1 << BucketsLog2];

        internal static ushort* Bucket(SharedState* state, byte* low) => state->_buckets + (int)(((uint)((nuint)low >> 12) * 0x9E37_79B1u) >> (32 - BucketsLog2));
    }

    /// <summary>A stack that threads run on, one after the other. The first record is nobody's: no address is inside.</summary>
    [StructLayout(LayoutKind.Explicit, Size = UnitBytes * UnitsOfRecord)]
    public struct Record
    {
        /// <summary>Its lowest byte. Written once.</summary>
        [FieldOffset(LowOffset)] public byte* Low;

        /// <summary>Its bytes while a thread with a heap runs on it, else 0 or 1. Written by that thread, and its low half by its end.</summary>
        [FieldOffset(BytesOffset)] public nuint Bytes;

        /// <summary>That thread's heap.</summary>
        [FieldOffset(HeapOffset)] public ThreadHeap* Heap;

        /// <summary>The next record with the same hash. Under the lock.</summary>
        [FieldOffset(24)] public uint Next;

        /// <summary>Its bytes. Written once.</summary>
        [FieldOffset(28)] public uint AllBytes;
    }

    /// <summary>The table of a composition, by its first use. Null when there is no memory for it: then heaps are found by the thread-local storage.</summary>
    public static byte* Open<TConfig>(SpaceState* space)
        where TConfig : struct, IAllocatorConfig
        => TConfig.TakeMeta(space, IndexBytes + (MaxRecords * (nuint)sizeof(Record)));

    /// <summary>The heap of the calling thread. 4 loads, 1 branch. False when this does not find it; then <paramref name="heap"/> is nothing.</summary>
    [HotPath]
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryFind<TConfig>(out ThreadHeap* heap)
        where TConfig : struct, IAllocatorConfig
    {
        byte here;
        nuint at = (nuint)(&here);
        byte* table = TConfig.Stacks;
        byte* place = table + ((nuint)((ushort*)table)[(ushort)(at >> GranuleLog2)] * UnitBytes);   // the record is the index's length further on, by displacements
        heap = *(ThreadHeap**)(place + (IndexBytes + HeapOffset));
        return at - *(nuint*)(place + (IndexBytes + LowOffset)) < *(nuint*)(place + (IndexBytes + BytesOffset));
    }

    /// <summary>Lets the calling thread be found, whose heap is new to it. No lock may be held.</summary>
    public static void Enter<TConfig>(ThreadHeap* heap)
        where TConfig : struct, IAllocatorConfig
    {
        heap->Stack = null;
        if (TConfig.Stacks == null || !TConfig.OsStack(out byte* low, out nuint bytes)) return;
        byte here;
        if ((nuint)(&here) - (nuint)low >= bytes || bytes > uint.MaxValue) return;   // not the thread's own stack: what is in it may change places
        Record* record = RecordOf<TConfig>(low, (uint)bytes);
        if (record == null || !TConfig.OsWatchStack(&TConfig.StacksState->Key, &record->Bytes)) return;   // the end has to shut it
        record->Heap = heap;
        record->Bytes = bytes;
        heap->Stack = record;
        Note<TConfig>(heap);
    }

    /// <summary>For a thread that was not found where it is: puts its stack into the index at this place, unless another living thread's is there.</summary>
    public static void Note<TConfig>(ThreadHeap* heap)
        where TConfig : struct, IAllocatorConfig
    {
        Record* record = (Record*)heap->Stack;
        if (record == null) return;
        byte here;
        nuint at = (nuint)(&here);
        if (at - (nuint)record->Low >= record->Bytes) return;
        byte* table = TConfig.Stacks;
        Record* records = (Record*)(table + IndexBytes);
        ushort* place = (ushort*)table + (ushort)(at >> GranuleLog2);
        if (Volatile.Read(ref records[*place / UnitsOfRecord].Bytes) <= Shut) Volatile.Write(ref *place, (ushort)((record - records) * UnitsOfRecord));   // after its bounds
    }

    // The record of a stack; threads that follow each other on one have the same. Null when there is none left.
    private static Record* RecordOf<TConfig>(byte* low, uint bytes)
        where TConfig : struct, IAllocatorConfig
    {
        SharedState* state = TConfig.StacksState;
        Record* records = (Record*)(TConfig.Stacks + IndexBytes);
        ushort* bucket = SharedState.Bucket(state, low);
        SpinLock.Enter<TConfig>(&state->Lock);
        uint number = *bucket;
        while (number != 0 && (records[number].Low != low || records[number].AllBytes != bytes)) number = records[number].Next;
        if (number == 0 && state->Records < MaxRecords)
        {
            if (state->Records == 0) state->Records = 1;
            number = state->Records++;
            records[number].Low = low;
            records[number].AllBytes = bytes;
            records[number].Next = *bucket;
            *bucket = (ushort)number;
        }

        SpinLock.Exit<TConfig>(&state->Lock);
        return number == 0 ? null : records + number;
    }
}
