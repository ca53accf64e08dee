using System;
using System.Globalization;
using System.IO;

namespace HakMem.Bench.Memory;

/// <summary>The kernel's peak of this process's resident memory (VmHWM).</summary>
internal static class ResidentMemory
{
    public static void ResetPeak() => File.WriteAllText("/proc/self/clear_refs", "5");

    public static long PeakBytes()
    {
        foreach (string line in File.ReadLines("/proc/self/status"))
        {
            if (line.StartsWith("VmHWM:", StringComparison.Ordinal))
                return long.Parse(line.AsSpan("VmHWM:".Length, line.Length - "VmHWM:".Length - " kB".Length).Trim(), CultureInfo.InvariantCulture) * 1024;
        }

        throw new PlatformNotSupportedException("/proc/self/status has no VmHWM");
    }
}
