using System;
using System.Runtime.InteropServices;

namespace HakMem.Tests.Support;

/// <summary>Which pages have memory behind them.</summary>
internal static unsafe class PageResidency
{
    private static readonly int s_page = Environment.SystemPageSize;

    /// <summary>How many of a committed range's pages have.</summary>
    internal static int Count(byte* start, int pages)
    {
        int resident = 0;
        for (int i = 0; i < pages; i++)
        {
            if (Has(start + ((nint)i * s_page))) resident++;
        }

        return resident;
    }

    private static bool Has(byte* page)
    {
        if (!OperatingSystem.IsWindows())
        {
            byte present;
            return mincore(page, (nuint)s_page, &present) == 0 && (present & 1) != 0;
        }

        ulong* asked = stackalloc ulong[2];   // PSAPI_WORKING_SET_EX_INFORMATION
        asked[0] = (ulong)page;
        return K32QueryWorkingSetEx(-1, asked, 16) != 0 && (asked[1] & 1) != 0;
    }

    [DllImport("libc")]
    private static extern int mincore(byte* start, nuint bytes, byte* present);

    [DllImport("kernel32")]
    private static extern int K32QueryWorkingSetEx(nint process, ulong* pages, uint bytes);
}
