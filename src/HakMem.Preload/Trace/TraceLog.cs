using System.Threading;
using HakMem.Boxes;

namespace HakMem.Preload;

/// <summary>
/// The record of a process's calls, in flavors that have it: one log in a mapped file beside the trace, in which a call takes the next place by one addition, so that the places are the global order. A free takes
/// its place before it frees and an allocation after it has its block, so a block's end always comes before its address's next use. At exit <see cref="TraceFile"/> makes the trace of it. Allocates nothing, locks nothing.
/// </summary>
internal static unsafe class TraceLog
{
    private const int ReadWriteCreateExclusive = 0xC2 | 0x80000, Mode = 0x1B6, ProtReadWrite = 3, MapShared = 1;   // O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC; rw-rw-rw-
    private const long MostRecords = 1L << 27;
    private const int NameRoom = 4096, NumberRoom = 16;

    private static TraceRecord* s_records;
    private static long s_count;
    private static byte* s_wanted;
#pragma warning disable CS0169 // used through its first elements
    private static Names s_names;
#pragma warning restore CS0169

    private struct Names
    {
        public fixed byte Trace[NameRoom];
        public fixed byte Log[NameRoom];
    }

    /// <summary>Begins to record, for a trace of this name, or of this name and the process's number while another process records under the first.</summary>
    internal static void Start(byte* name)
    {
        s_wanted = name;
        if (Length(name) + NumberRoom > NameRoom) return;
        fixed (byte* trace = s_names.Trace, log = s_names.Log)
        {
            int file = -1;
            for (int attempt = 0; attempt < 2 && file < 0; attempt++)
            {
                int length = Copy(trace, name);
                if (attempt == 1) length += AppendNumber(trace + length);
                _ = Copy(log, trace);
                log[length] = (byte)'.';
                log[length + 1] = (byte)'l';
                log[length + 2] = (byte)'o';
                log[length + 3] = (byte)'g';
                log[length + 4] = 0;
                file = LibC.open(log, ReadWriteCreateExclusive, Mode);

                // The first log's name tells others that the trace's name is taken. The others' are not needed, and a process that goes on as another program could not take them away.
                if (attempt == 1 && file >= 0) _ = LibC.unlink(log);
            }

            if (file < 0) return;
            nuint bytes = (nuint)(MostRecords * sizeof(TraceRecord));
            byte* mapped = LibC.ftruncate(file, (long)bytes) == 0 ? LibC.mmap(null, bytes, ProtReadWrite, MapShared, file, 0) : (byte*)-1;
            _ = LibC.close(file);
            if (mapped == (byte*)-1) _ = LibC.unlink(log);
            else s_records = (TraceRecord*)mapped;
        }
    }

    /// <summary>In the child of a fork: a log of its own, in which blocks of the parent are unknown.</summary>
    internal static void StartInChild()
    {
        if (s_records == null) return;
        s_records = null;
        s_count = 0;
        Start(s_wanted);
    }

    /// <summary>Writes the trace and takes the log away.</summary>
    internal static void Finish()
    {
        TraceRecord* records = s_records;
        if (records == null) return;
        s_records = null;
        long count = Volatile.Read(ref s_count);
        fixed (byte* trace = s_names.Trace, log = s_names.Log)
        {
            TraceFile.Write(trace, records, count < MostRecords ? count : MostRecords);
            _ = LibC.unlink(log);
        }
    }

    /// <summary>Records a call.</summary>
    internal static void Add(TraceOperation operation, void* block, nuint size, nuint alignment, ThreadHeap* heap)
    {
        TraceRecord* records = s_records;
        if (records == null) return;
        long index = Interlocked.Increment(ref s_count) - 1;
        if (index >= MostRecords) return;
        TraceRecord* record = records + index;
        record->Block = block;
        record->Size = size;
        record->Thread = heap->Id;
        record->AlignmentLog2 = (byte)System.Numerics.BitOperations.Log2((ulong)alignment);
        record->Operation = operation;
    }

    private static int Length(byte* text)
    {
        int length = 0;
        while (text[length] != 0) length++;
        return length;
    }

    private static int Copy(byte* to, byte* from)
    {
        int length = 0;
        for (; from[length] != 0; length++) to[length] = from[length];
        to[length] = 0;
        return length;
    }

    private static int AppendNumber(byte* to)
    {
        uint number = (uint)LibC.getpid();
        byte* digits = stackalloc byte[10];
        int count = 0;
        do digits[count++] = (byte)('0' + (number % 10));
        while ((number /= 10) != 0);
        to[0] = (byte)'.';
        for (int i = 0; i < count; i++) to[i + 1] = digits[count - 1 - i];
        to[count + 1] = 0;
        return count + 1;
    }
}
