using System.Runtime;
using static HakMem.Preload.PreloadAllocator;

namespace HakMem.Preload;

/// <summary>What the dynamic linker calls when the library is loaded and when the process exits. Most of the work was done by the first allocation, which comes before.</summary>
internal static unsafe class Lifecycle
{
    [RuntimeExport("hm_constructor")]
    private static void Constructor()
    {
        if (TryOpen()) EnvironmentOptions.TryApply(Config.Composition);
    }

    [RuntimeExport("hm_destructor")]
    private static void Destructor()
    {
        if (EnvironmentOptions.ShowStatistics) StatisticsReport.Write();
    }
}
