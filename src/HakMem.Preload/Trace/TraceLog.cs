using System.Threading;
using HakMem.Boxes;

namespace HakMem.Preload;

/// <summary>
/// The record of a process's calls, in flavors that have it: a mapped file beside the trace, of which each thread takes pieces to fill, so that threads meet at one word once in <see cref="PieceRecords"/> calls only. What orders
/// them is the clock that each record holds: a free notes it before it frees and an allocation after it has its block, so a block's end always comes before its address's next use. At exit <see cref="TraceFile"/> makes the trace of
/// it. Allocates nothing, locks nothing.
/// </summary>
internal static unsafe class TraceLog
{
    /// <summary>The records of a piece, a power of two: 16 KiB.</summary>
    internal const long PieceRecords = 512;

    /// <summary>The pieces of the whole log.</summary>
    internal const long MostPieces = 1L << 18;

    /// <summary>The numbers of threads that are told apart; threads beyond share the last.</summary>
    internal const uint ThreadNumbers = 1 << 16;

    private const int ReadWriteCreateExclusive = 0xC2 | 0x80000, ReadOnly = 0x80000, Mode = 0x1B6, ProtReadWrite = 3, MapShared = 1;   // O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC; O_CLOEXEC; rw-rw-rw-
    private const int MonotonicClock = 1;
    private const int NameRoom = 4096, NumberRoom = 16;
    private const int NoSuchProcess = 3;
    private const nuint HeadBytes = 4096;  // the number of the process that records
    private const nuint PlaceBytes = 64;   // places of threads lie on lines of their own

    private static byte* s_places;
    private static long s_pieces;
    private static int s_process;
    private static byte* s_wanted;
#pragma warning disable CS0169 // used through its first elements
    private static Names s_names;
#pragma warning restore CS0169

    private struct Names
    {
        public fixed byte Trace[NameRoom];
        public fixed byte Log[NameRoom];
    }

    private static nuint PlacesBytes => ThreadNumbers * PlaceBytes;

    private static TraceRecord* Records(byte* places) => (TraceRecord*)(places + PlacesBytes);

    /// <summary>
    /// Begins to record, for a trace of this name, or of this name and the process's number while another process records under the first. A log of a process that is no more, or that is this one
    /// under an earlier program, gives way.
    /// </summary>
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
                if (attempt == 0 && file < 0 && IsAbandoned(log))
                {
                    _ = LibC.unlink(log);
                    file = LibC.open(log, ReadWriteCreateExclusive, Mode);
                }

                // The first log's name tells others that the trace's name is taken. The others' are not needed, and a process that goes on as another program could not take them away.
                if (attempt == 1 && file >= 0) _ = LibC.unlink(log);
            }

            if (file < 0) return;
            nuint bytes = HeadBytes + PlacesBytes + ((nuint)(MostPieces * PieceRecords) * (nuint)sizeof(TraceRecord));
            byte* mapped = LibC.ftruncate(file, (long)bytes) == 0 ? LibC.mmap(null, bytes, ProtReadWrite, MapShared, file, 0) : (byte*)-1;
            _ = LibC.close(file);
            if (mapped == (byte*)-1)
            {
                _ = LibC.unlink(log);
                return;
            }

            s_pieces = 1;   // the first is nobody's: a thread that has none yet is at place 0
            s_process = *(int*)mapped = LibC.getpid();
            s_places = mapped + HeadBytes;
        }
    }

    /// <summary>In the child of a fork: a log of its own, in which blocks of the parent are unknown.</summary>
    internal static void StartInChild()
    {
        if (s_places == null) return;
        s_places = null;
        Start(s_wanted);
    }

    /// <summary>Writes the trace and takes the log away. Nothing in a process that did not begin it: a child that shares its parent's memory ends while the parent goes on.</summary>
    internal static void Finish()
    {
        byte* places = s_places;
        if (places == null || LibC.getpid() != s_process) return;
        s_places = null;
        long pieces = Volatile.Read(ref s_pieces);
        fixed (byte* trace = s_names.Trace, log = s_names.Log)
        {
            TraceFile.Write(trace, Records(places), pieces < MostPieces ? pieces : MostPieces);
            _ = LibC.unlink(log);
        }
    }

    /// <summary>Records a call.</summary>
    internal static void Add(TraceOperation operation, void* block, nuint size, nuint alignment, ThreadHeap* heap)
    {
        byte* places = s_places;
        if (places == null) return;
        uint thread = heap->Id < ThreadNumbers ? heap->Id : ThreadNumbers - 1;
        if (!TryTake(ref *(long*)(places + (thread * PlaceBytes)), out long index)) return;
        TraceRecord* record = Records(places) + index;
        long* now = stackalloc long[2];
        _ = LibC.clock_gettime(MonotonicClock, now);
        record->Block = block;
        record->Size = size;
        record->Time = ((ulong)now[0] * 1_000_000_000) + (ulong)now[1];
        record->Thread = thread;
        record->AlignmentLog2 = (byte)System.Numerics.BitOperations.Log2((ulong)alignment);
        record->Operation = operation;
    }

    // The next place of a thread. By exchanges, since a signal handler may come between, and since threads without a heap share a number; a piece that is taken and then not needed stays empty.
    private static bool TryTake(ref long place, out long index)
    {
        for (; ; )
        {
            long next = Volatile.Read(ref place);
            index = next;
            if ((next & (PieceRecords - 1)) == 0)
            {
                long piece = Interlocked.Increment(ref s_pieces) - 1;
                if (piece >= MostPieces) return false;
                index = piece * PieceRecords;
            }

            if (Interlocked.CompareExchange(ref place, index + 1, next) == next) return true;
        }
    }

    // A log without a number is about to get one.
    private static bool IsAbandoned(byte* log)
    {
        int file = LibC.open(log, ReadOnly, 0);
        if (file < 0) return false;
        int process = 0;
        bool read = LibC.read(file, (byte*)&process, sizeof(int)) == sizeof(int);
        _ = LibC.close(file);
        if (!read || process <= 0) return false;
        return process == LibC.getpid() || (LibC.tgkill(process, process, 0) != 0 && *LibC.Errno() == NoSuchProcess);
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
