using System;
using System.Globalization;
using System.IO;
using System.Linq;
using Xunit;

namespace HakMem.Bench.Tests.Memory;

/// <summary>A fact that is shown as skipped where SIGINT ends no program, as in what a script starts in its background: programs inherit that they ignore it.</summary>
public sealed class InterruptFactAttribute : FactAttribute
{
    private const int InterruptBit = 1 << 1;

    /// <param name="needs">A file that the test needs besides.</param>
    public InterruptFactAttribute(string needs)
    {
        if (!File.Exists(needs)) Skip = $"no {needs}";
        else if (IsIgnored()) Skip = "SIGINT is ignored here, and would be by what the test starts";
    }

    private static bool IsIgnored()
    {
        const string Field = "SigIgn:";
        string? line = File.Exists("/proc/self/status") ? File.ReadLines("/proc/self/status").FirstOrDefault(static line => line.StartsWith(Field, StringComparison.Ordinal)) : null;
        return line is not null && (ulong.Parse(line.AsSpan(Field.Length).Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture) & InterruptBit) != 0;
    }
}
