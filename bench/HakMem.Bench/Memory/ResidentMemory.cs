using System;
using System.Globalization;
using System.IO;

namespace HakMem.Bench.Memory;

/// <summary>The kernel's word on this process's resident memory.</summary>
internal static class ResidentMemory
{
    public static void ResetPeak() => File.WriteAllText("/proc/self/clear_refs", "5");

    /// <summary>Resident now, counted page by page: the counters of /proc/self/status lag behind.</summary>
    public static long Bytes() => KibibytesIn("/proc/self/smaps_rollup", "Rss:") * 1024;

    public static long PeakBytes() => KibibytesIn("/proc/self/status", "VmHWM:") * 1024;

    private static long KibibytesIn(string file, string name)
    {
        foreach (string line in File.ReadLines(file))
        {
            if (line.StartsWith(name, StringComparison.Ordinal))
                return long.Parse(line.AsSpan(name.Length, line.Length - name.Length - " kB".Length).Trim(), CultureInfo.InvariantCulture);
        }

        throw new PlatformNotSupportedException($"{file} has no {name}");
    }
}
