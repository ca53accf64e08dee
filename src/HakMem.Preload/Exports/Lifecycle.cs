using System.Runtime;
using System.Runtime.CompilerServices;
using HakMem.Boxes;
using static HakMem.Preload.PreloadAllocator;

namespace HakMem.Preload;

/// <summary>What the dynamic linker calls when the library is loaded and when the process exits. Most of the work is that of the first allocation, which came before as a rule.</summary>
internal static unsafe class Lifecycle
{
    private const int DuplicateClosedOnExec = 1030, RlimitNumbers = 7;   // F_DUPFD_CLOEXEC, RLIMIT_NOFILE
    private const int HighestCopy = 1023, LowestCopy = 10, Attempts = 16, StatWords = 18;

    private static ulong s_device, s_file;
    private static int s_copy;

    /// <summary>
    /// What was standard error when the process began, for reports at its end: a copy, since many programs close standard error themselves before, or standard error itself. -1 when neither is that
    /// any more: the program has closed both, and what is open there now is its own.
    /// </summary>
    internal static int Errors => IsErrors(s_copy) ? s_copy : IsErrors(LibC.StandardError) ? LibC.StandardError : -1;

    [RuntimeExport("hm_constructor")]
    private static void Constructor()
    {
        int* errno = LibC.Errno();
        int before = *errno;
        Begin();
        OwnImage.GiveBackUnused();
        *errno = before;   // which main finds as 0, whatever was wrong
    }

    // Apart, since it is among what is given back.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Begin()
    {
        // In a slow path, as the first allocation: what the C library or another preloaded library calls from there may allocate.
        SlowPath path = default;
        if (path.TryEnter(Trampolines.GetSlot())) path.Leave();
        if (Config.Composition != null)
        {
            EnvironmentOptions.TryApply(Config.Composition);
#if HAKMEM_CRASH_REPORT
            CrashReport.Watch();
#endif
            bool speaks = EnvironmentOptions.ShowStatistics;
#if HAKMEM_TRACE
            speaks |= EnvironmentOptions.Trace != null;
#endif
            if (speaks) CopyErrors();
#if HAKMEM_TRACE
            if (EnvironmentOptions.Trace != null) TraceLog.Start(EnvironmentOptions.Trace);
#endif
            if (path.TryEnter(Trampolines.GetSlot()))
            {
                ReserveFirst();
                path.Leave();
            }
        }
    }

    // So that the code that gets memory from the OS has run before it is given back: most programs need no more than the first.
    private static void ReserveFirst()
    {
        if (Config.PageArenaState->SuperSlabs != 0) return;
        ChunkSpan span;
        if (Config.TryTakeSpans(1, false, 1, &span) != 0) Config.ReturnSpan(span.FirstChunk, 1, span.Dirty);
    }

    [RuntimeExport("hm_destructor")]
    private static void Destructor()
    {
#if HAKMEM_TRACE
        TraceLog.Finish();
#endif
        if (EnvironmentOptions.ShowStatistics) StatisticsReport.Write(Errors);
    }

    // At the highest number that is free, as programs and shells count from the lowest; none where numbers are few.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void CopyErrors()
    {
        ulong* words = stackalloc ulong[StatWords];
        if (LibC.fstat(LibC.StandardError, words) != 0) return;
        s_device = words[0];
        s_file = words[1];
        s_copy = LibC.StandardError;
        if (LibC.getrlimit(RlimitNumbers, words) != 0) return;
        int highest = words[0] > HighestCopy ? HighestCopy : (int)words[0] - 1;
        for (int number = highest; number >= LowestCopy && number > highest - Attempts; number--)
        {
            int copy = LibC.fcntl(LibC.StandardError, DuplicateClosedOnExec, number);
            if (copy < 0) continue;
            s_copy = copy;
            return;
        }
    }

    private static bool IsErrors(int file)
    {
        ulong* words = stackalloc ulong[StatWords];
        return s_copy != 0 && LibC.fstat(file, words) == 0 && words[0] == s_device && words[1] == s_file;
    }
}
