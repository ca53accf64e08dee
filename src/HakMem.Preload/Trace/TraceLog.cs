using System;
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

    private const int ReadWriteCreateExclusive = 0xC2 | 0x80000, ReadOnly = 0x80000 | 0x20000 | 0x800, Mode = 0x1B6, ProtReadWrite = 3, MapShared = 1;   // O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC; O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK; rw-rw-rw-
    private const int MonotonicClock = 1, FileSizeLimit = 1, NoSuchProcess = 3, InvalidArgument = 22, PopulateWrite = 23;   // the last: MADV_POPULATE_WRITE
    private const ulong MagicLow = 0x742D_6D65_6D6B_6168, MagicHigh = 0x676F_6C2D_6563_6172;   // "hakmem-t", "race-log"
    private const int NameRoom = 4096, NumberRoom = 16;
    private const nuint PlaceBytes = 64;   // places of threads lie on lines of their own
    private const long FewestPieces = 64;
    private const uint Nobody = 0, Done = uint.MaxValue;
    private const int CancelDisable = 1;   // PTHREAD_CANCEL_DISABLE
    private const int LockExclusiveNow = 2 | 4;   // LOCK_EX | LOCK_NB

    private static byte* s_places;         // of each thread: the index of its next record
    private static TraceRecord* s_records;
    private static long s_pieces, s_mostPieces;
    private static nuint s_mappedBytes;
    private static int s_process, s_stopped;
    private static uint s_writer;          // the thread that writes the trace; Nobody before, Done after
#pragma warning disable CS0169 // used through its first elements
    private static Names s_names;
#pragma warning restore CS0169

    private struct Names
    {
        public fixed byte Wanted[NameRoom];
        public fixed byte Trace[NameRoom];
        public fixed byte Log[NameRoom];
    }

    // In front of the records.
    private struct Head
    {
        public ulong MagicLow, MagicHigh;
        public int Process;
    }

    private static nuint HeadBytes => 4096;

    private static nuint PieceBytes => (nuint)PieceRecords * (nuint)sizeof(TraceRecord);

    /// <summary>
    /// Begins to record, for a trace of this name, or of this name and the process's number while the log's name is taken. A log of a process that is no more, or that is this one
    /// under an earlier program, gives way. Says so when nothing can be recorded.
    /// </summary>
    internal static void Start(byte* name)
    {
        fixed (byte* wanted = s_names.Wanted)
        {
            // The program may go to another folder before it ends.
            int length = 0;
            if (name[0] != '/')
            {
                if (LibC.getcwd(wanted, NameRoom) != null) length = Length(wanted);
                if (length != 0 && wanted[length - 1] != '/') wanted[length++] = (byte)'/';
            }

            if ((name[0] != '/' && length == 0) || length + Length(name) + NumberRoom > NameRoom)
            {
                Report(name, "its path is too long or not known. Nothing is recorded.\n"u8);
                return;
            }

            _ = Copy(wanted + length, name);
            if (!TraceFile.MayBeWritten(wanted))
            {
                Report(name, "that is no file. Nothing is recorded.\n"u8);
                return;
            }

            Trampolines.AtQuickExit(&Finish);   // registered first, so it comes after the program's own
            Start();
        }
    }

    /// <summary>In the child of a fork: a log of its own, in which blocks of the parent are unknown.</summary>
    internal static void StartInChild()
    {
        if (s_places == null) return;
        byte* places = s_places;
        s_places = null;
        _ = PreloadMemory.Unmap(places, ThreadNumbers * PlaceBytes);
        _ = LibC.munmap((byte*)s_records - HeadBytes, s_mappedBytes);
        s_process = s_stopped = 0;
        Start();
    }

    /// <summary>
    /// Writes the trace and takes the log away, once: who comes later waits, since the process ends when it returns. Nothing in a process that did not begin the trace: a child that shares its
    /// parent's memory ends while the parent goes on.
    /// </summary>
    internal static void Finish()
    {
        if (LibC.getpid() != s_process) return;
        _ = LibC.pthread_setcancelstate(CancelDisable, null);   // until the process ends: files are written by cancellation points
        if (!TryBecomeWriter()) return;
        s_places = null;   // and stays mapped: another thread may be recording
        long pieces = Volatile.Read(ref s_pieces);
        fixed (byte* trace = s_names.Trace, log = s_names.Log)
        {
            if (!TraceFile.TryWrite(trace, s_records, pieces < s_mostPieces ? pieces : s_mostPieces)) Report(trace, "the trace cannot be written there.\n"u8);
            _ = LibC.unlink(log);
        }

        Volatile.Write(ref s_writer, Done);
    }

    // False when the trace is written. A handler that ends the process, and interrupted the writing, begins anew: its thread does not go on.
    private static bool TryBecomeWriter()
    {
        uint me = PreloadMemory.ThreadId();
        for (uint attempt = 0; ; attempt++)
        {
            uint writer = Volatile.Read(ref s_writer);
            if (writer == Done) return false;
            if ((writer == Nobody || writer == me) && Interlocked.CompareExchange(ref s_writer, me, writer) == writer) return true;
            PreloadMemory.Wait(attempt);
        }
    }

    // Also in the child of a fork whose thread is to be cancelled, at the next cancellation point: it would be the end of the child.
    private static void Start()
    {
        int cancel;
        _ = LibC.pthread_setcancelstate(CancelDisable, &cancel);
        MakeLog();
        _ = LibC.pthread_setcancelstate(cancel, null);
    }

    private static void MakeLog()
    {
        fixed (byte* wanted = s_names.Wanted, trace = s_names.Trace, log = s_names.Log)
        {
            int file = -1;
            for (int attempt = 0; attempt < 2 && file < 0; attempt++)
            {
                int length = Copy(trace, wanted);
                if (attempt == 1) length += AppendNumber(trace + length);
                _ = Copy(log, trace);
                log[length] = (byte)'.';
                log[length + 1] = (byte)'l';
                log[length + 2] = (byte)'o';
                log[length + 3] = (byte)'g';
                log[length + 4] = 0;
                file = LibC.open(log, ReadWriteCreateExclusive, Mode);
                if (attempt == 0 && file < 0 && TryTakeAway(log)) file = LibC.open(log, ReadWriteCreateExclusive, Mode);

                // The first log's name tells others that the trace's name is taken. The others' are not needed, and a process that goes on as another program could not take them away.
                if (attempt == 1 && file >= 0) _ = LibC.unlink(log);
            }

            if (file < 0 || !TryMap(file))
            {
                if (file >= 0) _ = LibC.unlink(log);
                Report(wanted, "there can be no log beside it. Nothing is recorded.\n"u8);
            }

            if (file >= 0) _ = LibC.close(file);
        }
    }

    // As long as files may be, or the program would be ended for a file that is too long.
    private static bool TryMap(int file)
    {
        ulong* limit = stackalloc ulong[2];
        long pieces = MostPieces;
        if (LibC.getrlimit(FileSizeLimit, limit) == 0 && limit[0] < HeadBytes + ((ulong)pieces * PieceBytes)) pieces = limit[0] < HeadBytes ? 0 : (long)((limit[0] - HeadBytes) / PieceBytes);
        if (pieces < FewestPieces) return false;
        nuint bytes = HeadBytes + ((nuint)pieces * PieceBytes);
        if (LibC.ftruncate(file, (long)bytes) != 0) return false;
        byte* mapped = LibC.mmap(null, bytes, ProtReadWrite, MapShared, file, 0);
        if (mapped == (byte*)-1) return false;
        byte* places = HasRoom(mapped, HeadBytes) ? PreloadMemory.Map(ThreadNumbers * PlaceBytes) : null;
        if (places == null)
        {
            _ = LibC.munmap(mapped, bytes);
            return false;
        }

        Head* head = (Head*)mapped;
        head->MagicLow = MagicLow;
        head->MagicHigh = MagicHigh;
        head->Process = s_process = LibC.getpid();
        s_records = (TraceRecord*)(mapped + HeadBytes);
        s_mappedBytes = bytes;
        s_mostPieces = pieces;
        s_writer = Nobody;
        s_pieces = 1;   // the first is nobody's: a thread that has none yet is at place 0
        s_places = places;
        return true;
    }

    // Whether the file system has room for a part of the file: to write where it has none would end the program. Kernels before 5.14 do not tell.
    private static bool HasRoom(byte* start, nuint bytes)
    {
        int* errno = LibC.Errno();
        int before = *errno;
        bool room = LibC.madvise(start, bytes, PopulateWrite) == 0 || *errno == InvalidArgument;
        *errno = before;
        return room;
    }

    /// <summary>Records a call.</summary>
    internal static void Add(TraceOperation operation, void* block, nuint size, nuint alignment, ThreadHeap* heap)
    {
        byte* places = s_places;
        if (places == null) return;
        uint thread = heap->Id < ThreadNumbers ? heap->Id : ThreadNumbers - 1;
        if (!TryTake(ref *(long*)(places + (thread * PlaceBytes)), out long index)) return;
        TraceRecord* record = s_records + index;
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
                if (Volatile.Read(ref s_pieces) >= s_mostPieces) return false;
                long piece = Interlocked.Increment(ref s_pieces) - 1;
                if (piece >= s_mostPieces) return false;
                index = piece * PieceRecords;
                if (!HasRoom((byte*)(s_records + index), PieceBytes))
                {
                    Stop(piece);
                    return false;
                }
            }

            if (Interlocked.CompareExchange(ref place, index + 1, next) == next) return true;
        }
    }

    // The file system is full: the log ends before the first piece that it had no room for, which must not be read either.
    private static void Stop(long piece)
    {
        long most = Volatile.Read(ref s_mostPieces);
        while (piece < most)
        {
            long seen = Interlocked.CompareExchange(ref s_mostPieces, piece, most);
            if (seen == most) break;
            most = seen;
        }

        if (Interlocked.Exchange(ref s_stopped, 1) != 0) return;
        fixed (byte* log = s_names.Log) Report(log, "there is no room for more of it. Later calls are not recorded.\n"u8);
    }

    // Takes an abandoned log away. Of several processes that find one, a lock on it lets one do so: who comes later finds another file of the name, and that is a living process's. A pipe is not opened: it would wait for who writes to it.
    private static bool TryTakeAway(byte* log)
    {
        if (!TraceFile.IsRegular(log)) return false;
        int file = LibC.open(log, ReadOnly, 0);
        if (file < 0) return false;
        bool taken = LibC.flock(file, LockExclusiveNow) == 0 && TraceFile.IsNameOf(log, file) && IsAbandoned(file) && LibC.unlink(log) == 0;
        _ = LibC.close(file);
        return taken;
    }

    // A file that is no log, or one that is just being made, is not.
    private static bool IsAbandoned(int file)
    {
        Head head = default;
        bool read = LibC.read(file, (byte*)&head, (nuint)sizeof(Head)) == sizeof(Head);
        if (!read || head.MagicLow != MagicLow || head.MagicHigh != MagicHigh) return false;
        return head.Process == LibC.getpid() || Trampolines.Signal(head.Process, head.Process, 0) == -NoSuchProcess;
    }

    private static void Report(byte* file, ReadOnlySpan<byte> what)
    {
        TextBuffer line = default;
        line.Append("hakmem: HAKMEM_TRACE, '"u8);
        line.Append(file);
        line.Append("': "u8);
        line.Append(what);
        line.WriteFile(Lifecycle.Errors);
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
