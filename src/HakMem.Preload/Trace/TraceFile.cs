using System.Numerics;

namespace HakMem.Preload;

/// <summary>Makes a trace (<c>HKT1</c>, bench/traces/README.md) of a log: addresses become numbers of blocks, heaps numbers of threads. Goes through the log twice, since the header tells how many there are.</summary>
internal static unsafe class TraceFile
{
    private const int WriteCreateTruncate = 0x241 | 0x80000 | 0x800, Mode = 0x1B6;   // O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NONBLOCK; rw-rw-rw-
    private const int PathOnly = 0x20_0000 | 0x80000;   // O_PATH | O_CLOEXEC
    private const int StatusWords = 36, ModeWord = 6;   // struct stat on x86-64, and where in it st_mode is
    private const uint KindMask = 0xF000, Regular = 0x8000;   // S_IFMT, S_IFREG
    private const uint Magic = 0x3154_4B48, Nobody = 0xFFFF_FFFF, MostThreads = 65535;

    private struct Place
    {
        public void* Address;
        public uint Block;
    }

    private struct Tables
    {
        public Place* Places, Pending;   // by address, and a thread's block that is being resized: its number + 1
        public uint* Threads;
        public nuint Mask;
        public uint Blocks, ThreadCount;
        public ulong Events;
    }

    /// <summary>Writes the trace of so many pieces of records. False when the system refuses the memory, the file or room in it; then there is no file, but what is none, say a device or a link, stays.</summary>
    internal static bool TryWrite(byte* name, TraceRecord* records, long pieces)
    {
        nuint slots = (nuint)BitOperations.RoundUpToPowerOf2((ulong)(pieces * TraceLog.PieceRecords * 2));
        nuint placeBytes = slots * (nuint)sizeof(Place), bytes = placeBytes + (TraceLog.ThreadNumbers * (nuint)(sizeof(Place) + sizeof(uint)));
        nuint mergeBytes = TraceMerge.TableBytes(pieces);
        byte* memory = PreloadMemory.Map(bytes), merged = PreloadMemory.Map(mergeBytes);
        bool written = false;
        int file = memory == null || merged == null ? -1 : LibC.open(name, WriteCreateTruncate, Mode);
        if (file >= 0 && !IsRegular(file))
        {
            _ = LibC.close(file);   // a pipe or device that has taken the name since the program began
            file = -1;
        }

        if (file >= 0)
        {
            TraceMerge log = new(records, pieces, merged);
            Tables tables = default;
            tables.Places = (Place*)memory;
            tables.Pending = (Place*)(memory + placeBytes);
            tables.Threads = (uint*)(tables.Pending + TraceLog.ThreadNumbers);
            tables.Mask = slots - 1;
            GzipWriter writer = new(file);
            Go(ref tables, ref log, ref writer, false);
            writer.AddFixed(Magic, 4);
            writer.AddFixed(tables.ThreadCount == 0 ? 1 : tables.ThreadCount, 4);
            writer.AddFixed(tables.Events, 8);
            writer.AddFixed(tables.Blocks, 8);
            _ = PreloadMemory.Purge(memory, bytes);
            tables.Blocks = tables.ThreadCount = 0;
            Go(ref tables, ref log, ref writer, true);
            written = writer.TryFinish();
            if (!written) _ = LibC.ftruncate(file, 0);
            _ = LibC.close(file);
            if (!written && IsRegular(name)) _ = LibC.unlink(name);
        }

        if (memory != null) _ = PreloadMemory.Unmap(memory, bytes);
        if (merged != null) _ = PreloadMemory.Unmap(merged, mergeBytes);
        return written;
    }

    /// <summary>Whether this is the name of a file, or of none yet: of no pipe, device or folder, which may be waited for at the end for good, or not be written at all. A link is what it leads to.</summary>
    internal static bool MayBeWritten(byte* name)
    {
        int file = LibC.open(name, PathOnly, 0);
        if (file < 0) return true;
        bool regular = IsRegular(file);
        _ = LibC.close(file);
        return regular;
    }

    private static bool IsRegular(int file)
    {
        ulong* status = stackalloc ulong[StatusWords / 2];
        return LibC.fstat(file, status) == 0 && IsRegular(((uint*)status)[ModeWord]);
    }

    private static bool IsRegular(uint mode) => (mode & KindMask) == Regular;

    /// <summary>Whether this is the name of a file itself: of no link, pipe, device or folder.</summary>
    internal static bool IsRegular(byte* name)
    {
        uint* status = stackalloc uint[StatusWords];
        return LibC.lstat(name, status) == 0 && IsRegular(status[ModeWord]);
    }

    /// <summary>Whether this is the name of an open file.</summary>
    internal static bool IsNameOf(byte* name, int file)
    {
        ulong* named = stackalloc ulong[StatusWords / 2], opened = stackalloc ulong[StatusWords / 2];
        return LibC.lstat(name, (uint*)named) == 0 && LibC.fstat(file, opened) == 0 && named[0] == opened[0] && named[1] == opened[1];   // st_dev, st_ino
    }

    private static void Go(ref Tables tables, ref TraceMerge log, ref GzipWriter writer, bool write)
    {
        log.Rewind();
        for (TraceRecord* record = log.Next(); record != null; record = log.Next())
        {
            uint id = record->Thread;
            switch (record->Operation)
            {
                case TraceOperation.Free:
                    uint freed = End(ref tables, record->Block);
                    if (freed != Nobody) Emit(ref tables, record, id, freed, ref writer, write);
                    break;
                case TraceOperation.ReallocBegin:
                    tables.Pending[id].Address = record->Block;
                    tables.Pending[id].Block = End(ref tables, record->Block) + 1;   // 0 for a block that nobody knows
                    break;
                case TraceOperation.Realloc:
                    Place old = tables.Pending[id];
                    tables.Pending[id].Block = 0;
                    if (record->Block == null)
                    {
                        if (old.Block != 0) Find(ref tables, old.Address)->Block = old.Block - 1;   // it failed, and the block is as it was
                        break;
                    }

                    if (old.Block != 0) Emit(ref tables, record, id, old.Block - 1, ref writer, write);
                    else EmitAs(TraceOperation.Alloc, ref tables, record, id, ref writer, write);
                    break;
                default:
                    EmitAs(record->Operation, ref tables, record, id, ref writer, write);
                    break;
            }
        }
    }

    private static void Emit(ref Tables tables, TraceRecord* record, uint id, uint ended, ref GzipWriter writer, bool write)
    {
        uint thread = ThreadOf(ref tables, id);
        bool creates = record->Operation == TraceOperation.Realloc;
        if (write)
        {
            writer.Add((byte)record->Operation);
            writer.AddVarint(thread);
            writer.AddVarint(tables.Blocks - ended);
            if (creates) writer.AddVarint(record->Size);
        }
        else
        {
            tables.Events++;
        }

        if (creates) Begin(ref tables, record->Block);
    }

    private static void EmitAs(TraceOperation operation, ref Tables tables, TraceRecord* record, uint id, ref GzipWriter writer, bool write)
    {
        uint thread = ThreadOf(ref tables, id);
        if (write)
        {
            writer.Add((byte)operation);
            writer.AddVarint(thread);
            writer.AddVarint(record->Size);
            if (operation == TraceOperation.AlignedAlloc) writer.AddVarint(record->AlignmentLog2);
        }
        else
        {
            tables.Events++;
        }

        Begin(ref tables, record->Block);
    }

    private static uint ThreadOf(ref Tables tables, uint id)
    {
        if (tables.Threads[id] == 0) tables.Threads[id] = tables.ThreadCount < MostThreads ? ++tables.ThreadCount : MostThreads;
        return tables.Threads[id] - 1;
    }

    // An address keeps its place in the table; what changes is the block that it is.
    private static Place* Find(ref Tables tables, void* address)
    {
        for (nuint slot = (nuint)(((ulong)address >> 4) * 0x9E37_79B9_7F4A_7C15UL >> 20); ; slot++)
        {
            Place* place = tables.Places + (slot & tables.Mask);
            if (place->Address == address || place->Address == null) return place;
        }
    }

    private static void Begin(ref Tables tables, void* address)
    {
        Place* place = Find(ref tables, address);
        place->Address = address;
        place->Block = tables.Blocks++;
    }

    private static uint End(ref Tables tables, void* address)
    {
        Place* place = Find(ref tables, address);
        if (place->Address == null) return Nobody;
        uint block = place->Block;
        place->Block = Nobody;
        return block;
    }
}
