using System;
using System.Globalization;
using System.IO;

namespace HakMem.Bench.Allocators;

/// <summary>Which file is mapped at an address, by /proc/self/maps.</summary>
internal static class MappedLibraries
{
    private const int PathField = 5;

    public static string? PathAt(nint address)
    {
        foreach (string line in File.ReadLines("/proc/self/maps"))
        {
            string[] fields = line.Split(' ', PathField + 1, StringSplitOptions.RemoveEmptyEntries);
            if (fields.Length <= PathField)
                continue;
            string[] range = fields[0].Split('-');
            ulong start = ulong.Parse(range[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            ulong end = ulong.Parse(range[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            if ((ulong)address >= start && (ulong)address < end)
                return fields[PathField].Trim();
        }

        return null;
    }
}
