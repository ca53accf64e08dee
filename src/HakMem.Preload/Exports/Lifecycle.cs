using System.Runtime;
using static HakMem.Preload.PreloadAllocator;

namespace HakMem.Preload;

/// <summary>What the dynamic linker calls when the library is loaded and when the process exits. Most of the work was done by the first allocation, which comes before.</summary>
internal static unsafe class Lifecycle
{
    private const int DuplicateClosedOnExec = 1030, LowestCopy = 200;   // F_DUPFD_CLOEXEC; beyond the numbers that programs count on

    /// <summary>What was standard error when the process began, for reports at its end; nothing is open there without such reports.</summary>
    internal static int Errors { get; private set; }

    [RuntimeExport("hm_constructor")]
    private static void Constructor()
    {
        if (!TryOpen()) return;
        EnvironmentOptions.TryApply(Config.Composition);

#if HAKMEM_CRASH_REPORT
        CrashReport.Watch();
#endif
        // Many programs close standard error themselves before the library's destructor runs.
        bool speaks = EnvironmentOptions.ShowStatistics;
#if HAKMEM_TRACE
        speaks |= EnvironmentOptions.Trace != null;
#endif
        if (speaks) Errors = LibC.fcntl(LibC.StandardError, DuplicateClosedOnExec, LowestCopy);
#if HAKMEM_TRACE
        if (EnvironmentOptions.Trace != null) TraceLog.Start(EnvironmentOptions.Trace);
#endif
    }

    [RuntimeExport("hm_destructor")]
    private static void Destructor()
    {
#if HAKMEM_TRACE
        TraceLog.Finish();
#endif
        if (EnvironmentOptions.ShowStatistics) StatisticsReport.Write(Errors);
    }
}
