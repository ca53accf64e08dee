namespace HakMem.Preload;

/// <summary>
/// The records of a log in the order of their clock, of those of one thread in the order of their places. At the same nanosecond the end of a block comes first. A heap of the threads' next records:
/// what a record costs grows with the logarithm of the number of threads.
/// </summary>
internal unsafe ref struct TraceMerge
{
    private readonly TraceRecord* _records;
    private readonly uint* _next;              // of a piece: the same thread's next one; 0 is nobody's
    private readonly uint* _first;             // of a thread
    private readonly TraceRecord** _queue;     // the least record is first
    private long _length;

    /// <summary>How many bytes of zeros <see cref="TraceMerge(TraceRecord*, long, byte*)"/> needs.</summary>
    internal static nuint TableBytes(long pieces) => ((nuint)((pieces + 1) & ~1) * sizeof(uint)) + (TraceLog.ThreadNumbers * (nuint)(sizeof(uint) + sizeof(TraceRecord*)));

    /// <summary>Finds out whose each piece is.</summary>
    internal TraceMerge(TraceRecord* records, long pieces, byte* tables)
    {
        _records = records;
        _queue = (TraceRecord**)tables;
        _first = (uint*)(_queue + TraceLog.ThreadNumbers);
        _next = _first + TraceLog.ThreadNumbers;
        for (long piece = pieces - 1; piece > 0; piece--)
        {
            TraceRecord* record = Skip(Start((uint)piece));
            if (record == null) continue;
            _next[piece] = _first[record->Thread];
            _first[record->Thread] = (uint)piece;
        }
    }

    /// <summary>Goes back to the first record.</summary>
    internal void Rewind()
    {
        _length = 0;
        for (uint thread = 0; thread < TraceLog.ThreadNumbers; thread++)
        {
            if (_first[thread] == 0) continue;
            long place = _length++;
            TraceRecord* record = Skip(Start(_first[thread]));
            for (; place != 0 && Before(record, _queue[(place - 1) / 2]); place = (place - 1) / 2) _queue[place] = _queue[(place - 1) / 2];
            _queue[place] = record;
        }
    }

    /// <summary>The next record; null after the last.</summary>
    internal TraceRecord* Next()
    {
        if (_length == 0) return null;
        TraceRecord* record = _queue[0], after = After(record);
        if (after == null) after = _queue[--_length];
        long place = 0;
        for (; ; )
        {
            long child = (place * 2) + 1;
            if (child >= _length) break;
            if (child + 1 < _length && Before(_queue[child + 1], _queue[child])) child++;
            if (!Before(_queue[child], after)) break;
            _queue[place] = _queue[child];
            place = child;
        }

        _queue[place] = after;
        return record;
    }

    private static bool Before(TraceRecord* one, TraceRecord* other) => one->Time < other->Time || (one->Time == other->Time && Ends(one) && !Ends(other));

    private static bool Ends(TraceRecord* record) => record->Operation is TraceOperation.Free or TraceOperation.ReallocBegin;

    private readonly TraceRecord* Start(uint piece) => _records + (piece * TraceLog.PieceRecords);

    // The thread's next record, in this piece or in one that it took later. A piece on the list has at least one.
    private readonly TraceRecord* After(TraceRecord* record)
    {
        long index = record - _records;
        TraceRecord* next = ((index + 1) & (TraceLog.PieceRecords - 1)) == 0 ? null : Skip(record + 1);
        if (next != null) return next;
        uint piece = _next[index / TraceLog.PieceRecords];
        return piece == 0 ? null : Skip(Start(piece));
    }

    // The first record from here to the end of the piece that was written.
    private readonly TraceRecord* Skip(TraceRecord* record)
    {
        TraceRecord* end = _records + (((record - _records) & ~(TraceLog.PieceRecords - 1)) + TraceLog.PieceRecords);
        for (; record != end; record++)
        {
            if (record->Operation != TraceOperation.None) return record;
        }

        return null;
    }
}
