using System;
using System.Runtime.InteropServices;

namespace HakMem;

/// <summary>The memory limit of the container the process runs in, read without the runtime's file classes, which a small process need not load.</summary>
internal static unsafe class ContainerMemory
{
    /// <summary>Nine tenths of the limit in bytes; the largest number when there is none, or it cannot be read.</summary>
    internal static ulong SoftLimit()
    {
        if (!OperatingSystem.IsLinux()) return ulong.MaxValue;
        byte* text = stackalloc byte[32];
        nint length;
        fixed (byte* path = "/sys/fs/cgroup/memory.max"u8)
        {
            int file = open(path, 0x80000, 0);   // read only, close on exec
            if (file < 0) return ulong.MaxValue;
            length = read(file, text, 31);
            _ = close(file);
        }

        ulong limit = 0;
        for (nint i = 0; i < length && text[i] >= (byte)'0' && text[i] <= (byte)'9'; i++)
        {
            if (limit > ulong.MaxValue / 16) return ulong.MaxValue;
            limit = (limit * 10) + (ulong)(text[i] - '0');
        }

        return limit == 0 ? ulong.MaxValue : limit / 10 * 9;   // "max" is no number
    }

    [DllImport("libc")] private static extern int open(byte* path, int flags, int mode);

    [DllImport("libc")] private static extern nint read(int file, byte* buffer, nuint bytes);

    [DllImport("libc")] private static extern int close(int file);
}
