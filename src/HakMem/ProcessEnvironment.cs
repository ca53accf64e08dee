using System;
using System.Runtime.InteropServices;

namespace HakMem;

/// <summary>The process's environment, looked at without making strings of it.</summary>
internal static unsafe class ProcessEnvironment
{
    /// <summary>Whether any variable's name begins so. True when it cannot be told.</summary>
    internal static bool HasPrefix(ReadOnlySpan<byte> prefix)
    {
        if (!OperatingSystem.IsLinux()) return true;
        fixed (byte* name = "environ"u8)
        {
            byte*** environment = (byte***)dlsym(null, name);
            if (environment == null || *environment == null) return true;
            for (byte** variable = *environment; *variable != null; variable++)
            {
                if (StartsWith(*variable, prefix)) return true;
            }
        }

        return false;
    }

    private static bool StartsWith(byte* text, ReadOnlySpan<byte> prefix)
    {
        for (int i = 0; i < prefix.Length; i++)
        {
            if (text[i] != prefix[i]) return false;   // a shorter text ends with 0, which no prefix holds
        }

        return true;
    }

    [DllImport("libc")] private static extern void* dlsym(void* handle, byte* name);
}
