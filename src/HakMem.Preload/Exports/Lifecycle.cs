using System.Runtime;
using static HakMem.Preload.PreloadAllocator;

namespace HakMem.Preload;

/// <summary>What the dynamic linker calls when the library is loaded and when the process exits. Most of the work was done by the first allocation, which comes before.</summary>
internal static unsafe class Lifecycle
{
    private const int DuplicateClosedOnExec = 1030, LowestCopy = 200;   // F_DUPFD_CLOEXEC; beyond the numbers that programs count on

    private static int s_errorCopy;

    [RuntimeExport("hm_constructor")]
    private static void Constructor()
    {
        if (!TryOpen()) return;
        EnvironmentOptions.TryApply(Config.Composition);

#if HAKMEM_CRASH_REPORT
        CrashReport.Watch();
#endif
#if HAKMEM_TRACE
        if (EnvironmentOptions.Trace != null) TraceLog.Start(EnvironmentOptions.Trace);
#endif

        // Many programs close standard error themselves before the library's destructor runs.
        if (EnvironmentOptions.ShowStatistics) s_errorCopy = LibC.fcntl(LibC.StandardError, DuplicateClosedOnExec, LowestCopy);
    }

    [RuntimeExport("hm_destructor")]
    private static void Destructor()
    {
#if HAKMEM_TRACE
        TraceLog.Finish();
#endif
        if (EnvironmentOptions.ShowStatistics) StatisticsReport.Write(s_errorCopy);
    }
}
