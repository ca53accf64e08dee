using System;
using System.Runtime.CompilerServices;
using HakMem.Boxes;

namespace HakMem.Preload;

/// <summary>
/// The options of docs/options.md from the environment, read once, without allocating. A value that cannot be read, or a variable that is no option, is
/// reported on standard error once and ignored. A program that runs with more rights than who started it reads none. <c>HAKMEM_GC_TRIM</c> is taken and means nothing: there is no garbage collector here.
/// </summary>
internal static unsafe class EnvironmentOptions
{
    private const ulong Secure = 23;   // AT_SECURE

    private static bool s_read;

    /// <summary>Whether statistics are printed at exit.</summary>
    internal static bool ShowStatistics { get; private set; }

#if HAKMEM_TRACE
    /// <summary>The file that the process's calls are recorded in; null for none.</summary>
    internal static byte* Trace { get; private set; }
#endif

    /// <summary>Reads the environment into a composition; nothing when it was read before, or is not there yet.</summary>
    internal static void TryApply(Composition* composition)
    {
        byte** variables = Trampolines.Environment();
        if (s_read || variables == null) return;
        s_read = true;
        for (; *variables != null; variables++)
        {
            byte* name = *variables;
            if (!StartsWith(name, "HAKMEM_"u8)) continue;
            if (LibC.getauxval(Secure) != 0) return;   // the environment is that of somebody with fewer rights
            byte* value = name;
            while (*value != 0 && *value != '=') value++;
            if (*value == '=') Apply(composition, name + 7, (nuint)(value - name) - 7, value + 1);
        }

        if (composition->SoftLimit > composition->HardLimit) composition->SoftLimit = composition->HardLimit;
    }

    private static void Apply(Composition* composition, byte* name, nuint length, byte* value)
    {
        ulong number = 0;
        bool on = false;
        if (Is(name, length, "PURGE_DELAY"u8))
        {
            if (!TryReadNumber(value, false, out number) || number > 3_600_000) Report(name, value, "milliseconds from 0 to 3600000"u8);
            else composition->PurgeDelay = (uint)number;
        }
        else if (Is(name, length, "PURGE"u8))
        {
            if (TryReadSwitch(name, value, ref on)) composition->PurgeEnabled = on;
        }
        else if (Is(name, length, "PREFAULT"u8))
        {
            if (TryReadSwitch(name, value, ref on)) composition->Prefault = on;
        }
        else if (Is(name, length, "PRE_ZERO"u8))
        {
            if (TryReadSwitch(name, value, ref on)) composition->PreZero = on;
        }
        else if (Is(name, length, "SHOW_STATS"u8))
        {
            if (TryReadSwitch(name, value, ref on)) ShowStatistics = on;
        }
        else if (Is(name, length, "GC_TRIM"u8))
        {
            _ = TryReadSwitch(name, value, ref on);
        }
        else if (Is(name, length, "SOFT_LIMIT"u8))
        {
            if (TryReadBytes(name, value, ref number)) composition->SoftLimit = number;
        }
        else if (Is(name, length, "HARD_LIMIT"u8))
        {
            if (TryReadBytes(name, value, ref number)) composition->HardLimit = number;
        }
        else if (Is(name, length, "HUGE_PAGES"u8))
        {
            if (Equals(value, "system"u8)) composition->HugePages = HugePagePolicy.System;
            else if (Equals(value, "never"u8)) composition->HugePages = HugePagePolicy.Never;
            else if (Equals(value, "always"u8)) composition->HugePages = HugePagePolicy.Always;
            else Report(name, value, "system, never or always"u8);
        }
        else if (Is(name, length, "TRACE"u8))
        {
#if HAKMEM_TRACE
            if (*value != 0) Trace = value;
            else Report(name, value, "the name of a file"u8);
#else
            Report(name, value, "effect in the profile flavor only"u8);
#endif
        }
        else
        {
            ReportUnknown(name, length);
        }
    }

    private static bool TryReadSwitch(byte* name, byte* value, ref bool on)
    {
        if (Equals(value, "1"u8) || Equals(value, "true"u8)) on = true;
        else if (Equals(value, "0"u8) || Equals(value, "false"u8)) on = false;
        else
        {
            Report(name, value, "true or false"u8);
            return false;
        }

        return true;
    }

    private static bool TryReadBytes(byte* name, byte* value, ref ulong bytes)
    {
        if (Equals(value, "none"u8))
        {
            bytes = ulong.MaxValue;
            return true;
        }

        if (TryReadNumber(value, true, out bytes) && bytes != 0) return true;
        Report(name, value, "bytes, with K, M or G if you like, or none"u8);
        return false;
    }

    // Digits, and a unit if there may be one. False for anything else and for what 64 bits do not hold.
    private static bool TryReadNumber(byte* text, bool unit, out ulong number)
    {
        number = 0;
        text = SkipBlanks(text);
        byte* at = text;
        for (; *at is >= (byte)'0' and <= (byte)'9'; at++)
        {
            uint digit = (uint)*at - '0';
            if (number > (ulong.MaxValue - digit) / 10) return false;
            number = (number * 10) + digit;
        }

        if (at == text) return false;
        int shift = !unit ? 0 : Lower(*at) switch { (byte)'k' => 10, (byte)'m' => 20, (byte)'g' => 30, _ => 0 };
        if (shift != 0) at++;
        if (!IsBlank(at) || number > ulong.MaxValue >> shift) return false;
        number <<= shift;
        return true;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Report(byte* name, byte* value, ReadOnlySpan<byte> expected)
    {
        TextBuffer line = default;
        line.Append("hakmem: HAKMEM_"u8);
        for (; *name != '='; name++) line.Append(new ReadOnlySpan<byte>(name, 1));
        line.Append(" is '"u8);
        line.Append(value);
        line.Append("'; it takes "u8);
        line.Append(expected);
        line.Append(". It is ignored.\n"u8);
        line.WriteError();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void ReportUnknown(byte* name, nuint length)
    {
        TextBuffer line = default;
        line.Append("hakmem: HAKMEM_"u8);
        line.Append(new ReadOnlySpan<byte>(name, (int)length));
        line.Append(" is no option; known are HAKMEM_PURGE_DELAY, HAKMEM_PURGE, HAKMEM_GC_TRIM, HAKMEM_SOFT_LIMIT, HAKMEM_HARD_LIMIT, HAKMEM_HUGE_PAGES, HAKMEM_PREFAULT, HAKMEM_PRE_ZERO, HAKMEM_SHOW_STATS and HAKMEM_TRACE.\n"u8);
        line.WriteError();
    }

    private static bool StartsWith(byte* text, ReadOnlySpan<byte> prefix)
    {
        for (int i = 0; i < prefix.Length; i++)
        {
            if (text[i] != prefix[i]) return false;   // a shorter text ends with 0, which no prefix holds
        }

        return true;
    }

    private static bool Is(byte* name, nuint length, ReadOnlySpan<byte> option) => length == (nuint)option.Length && StartsWith(name, option);

    private static bool Equals(byte* text, ReadOnlySpan<byte> lower)
    {
        text = SkipBlanks(text);
        for (int i = 0; i < lower.Length; i++)
        {
            if (Lower(text[i]) != lower[i]) return false;
        }

        return IsBlank(text + lower.Length);
    }

    // Blanks around a value are no part of it.
    private static byte* SkipBlanks(byte* text)
    {
        while (*text is (byte)' ' or (byte)'\t') text++;
        return text;
    }

    private static bool IsBlank(byte* text) => *SkipBlanks(text) == 0;

    private static byte Lower(byte character) => character is >= (byte)'A' and <= (byte)'Z' ? (byte)(character + 32) : character;
}
