using System;
using System.Runtime.InteropServices;

namespace HakMem;

/// <summary>
/// The memory limit of the control groups that the process runs in, of either version, read without the runtime's file classes, which a small process need
/// not load. A group's limit holds for all below it: the lowest counts, from the process's own group up to the highest that is visible. On Windows that of the job object that the process is in, as those of containers are.
/// </summary>
internal static unsafe class ContainerMemory
{
    private const int Room = 4096;   // of a line or a path; longer ones are passed over
    private const int ReadOnly = 0x80000;   // and closed on exec
    private const int ExtendedLimitInformation = 9, ExtendedLimitBytes = 144;   // JOBOBJECT_EXTENDED_LIMIT_INFORMATION of 64-bit Windows
    private const uint ProcessMemory = 0x100, JobMemory = 0x200;
    private const ulong Unlimited = 1UL << 62;   // version 1 says the largest number of whole pages

    /// <summary>Nine tenths of the limit in bytes; the largest number when there is none, or it cannot be read.</summary>
    internal static ulong SoftLimit()
    {
        ulong limit = OperatingSystem.IsLinux() ? Limit(default) : OperatingSystem.IsWindows() ? JobLimit() : ulong.MaxValue;
        return limit == ulong.MaxValue ? limit : limit / 10 * 9;
    }

    /// <summary>The limit in bytes; the largest number when there is none, or it cannot be read. <paramref name="root"/> comes before every path: a test's own tree.</summary>
    internal static ulong Limit(ReadOnlySpan<byte> root)
    {
        byte* buffer = stackalloc byte[Room];
        Lines mounts = Lines.Open(root, "/proc/self/mountinfo"u8, buffer);
        bool found = false;
        ulong own = ulong.MaxValue, others = ulong.MaxValue;
        bool matched = false;
        while (mounts.TryNext(out ReadOnlySpan<byte> line))
        {
            // "31 23 0:28 ROOT POINT OPTIONS [TAGS] - TYPE SOURCE OPTIONS"
            int tags = line.IndexOf(" - "u8);
            if (tags < 0) continue;
            ReadOnlySpan<byte> type = line[(tags + 3)..];
            bool second = Field(type, ' ', 0).SequenceEqual("cgroup2"u8);
            if (!second && !(Field(type, ' ', 0).SequenceEqual("cgroup"u8) && HasItem(Field(type, ' ', 2), "memory"u8))) continue;
            found = true;
            ulong lowest = LowestOf(root, Field(line, ' ', 3), Field(line, ' ', 4), second, out bool isOwn);
            if (isOwn) own = Math.Min(own, lowest);
            else others = Math.Min(others, lowest);
            matched |= isOwn;
        }

        mounts.Close();
        if (!found) return Math.Min(LowestOf(root, "/"u8, "/sys/fs/cgroup"u8, true, out _), LowestOf(root, "/"u8, "/sys/fs/cgroup/memory"u8, false, out _));

        // A mounted group that the process is not in says nothing, as long as one that it is in is mounted, too.
        return matched ? own : others;
    }

    /// <summary>What a process, or all of them together, may have committed in the job object of this one; the largest number when there is none.</summary>
    internal static ulong JobLimit()
    {
        byte* limits = stackalloc byte[ExtendedLimitBytes];
        if (QueryInformationJobObject(null, ExtendedLimitInformation, limits, ExtendedLimitBytes, null) == 0) return ulong.MaxValue;
        uint flags = *(uint*)(limits + 16);
        ulong limit = (flags & ProcessMemory) != 0 ? *(ulong*)(limits + 112) : ulong.MaxValue;
        return (flags & JobMemory) != 0 ? Math.Min(limit, *(ulong*)(limits + 120)) : limit;
    }

    /// <summary>The lowest limit from the process's group up to the one that is mounted.</summary>
    private static ulong LowestOf(ReadOnlySpan<byte> root, ReadOnlySpan<byte> mountedGroup, ReadOnlySpan<byte> mountPoint, bool second, out bool isOwn)
    {
        isOwn = false;
        if (root.Length + mountPoint.Length > Room) return ulong.MaxValue;
        Span<byte> path = stackalloc byte[(3 * Room) + 64];
        root.CopyTo(path);
        int top = root.Length + Decode(mountPoint, path[root.Length..]);
        int length = top + OwnGroup(root, mountedGroup, second, path[top..^64], out isOwn);
        ulong limit = ulong.MaxValue;
        while (true)
        {
            limit = Math.Min(limit, Read(path, length, second ? "/memory.max\0"u8 : "/memory.limit_in_bytes\0"u8));
            if (length <= top) return limit;
            length = path[..length].LastIndexOf((byte)'/');
        }
    }

    /// <summary>Writes the way from the mounted group down to the process's own; nothing when that is it, or the process is outside of it. <paramref name="isOwn"/> tells whether the process is in it, or in one below it.</summary>
    private static int OwnGroup(ReadOnlySpan<byte> root, ReadOnlySpan<byte> mountedGroup, bool second, Span<byte> way, out bool isOwn)
    {
        isOwn = false;
        byte* buffer = stackalloc byte[Room];
        Lines groups = Lines.Open(root, "/proc/self/cgroup"u8, buffer);
        int length = 0;
        while (groups.TryNext(out ReadOnlySpan<byte> line))
        {
            // "4:memory,cpu:PATH", of version 2 "0::PATH"
            ReadOnlySpan<byte> number = Field(line, ':', 0), controllers = Field(line, ':', 1);
            if (second ? controllers.Length != 0 : !HasItem(controllers, "memory"u8)) continue;
            if (number.Length + controllers.Length + 2 > line.Length) continue;
            ReadOnlySpan<byte> group = line[(number.Length + controllers.Length + 2)..].TrimEnd((byte)'/');
            int above = Decode(mountedGroup, way);
            if (way[..above].SequenceEqual("/"u8)) above = 0;
            bool below = group.StartsWith(way[..above]) && (group.Length == above || group[above] == (byte)'/') && group.IndexOf("/.."u8) < 0;
            isOwn = below || IsAbove(way[..above]);
            if (!below) break;
            group = group[above..];
            group.CopyTo(way);
            length = group.Length;
            break;
        }

        groups.Close();
        return length;
    }

    // Seen from the process's namespace, "/.." and "/../.." are groups above its root.
    private static bool IsAbove(ReadOnlySpan<byte> group)
    {
        while (group.StartsWith("/.."u8)) group = group[3..];
        return group.IsEmpty;
    }

    private static ulong Read(Span<byte> path, int length, ReadOnlySpan<byte> name)
    {
        name.CopyTo(path[length..]);
        byte* text = stackalloc byte[32];
        nint bytes;
        fixed (byte* start = path)
        {
            int file = open(start, ReadOnly, 0);
            if (file < 0) return ulong.MaxValue;
            bytes = read(file, text, 31);
            _ = close(file);
        }

        ulong limit = 0;
        for (nint i = 0; i < bytes && text[i] >= (byte)'0' && text[i] <= (byte)'9'; i++)
        {
            if (limit >= Unlimited / 4) return ulong.MaxValue;
            limit = (limit * 10) + (ulong)(text[i] - '0');
        }

        return limit is 0 or >= Unlimited ? ulong.MaxValue : limit;   // "max" is no number
    }

    /// <summary>The part of that number between separators; nothing when there are fewer.</summary>
    private static ReadOnlySpan<byte> Field(ReadOnlySpan<byte> line, char separator, int number)
    {
        for (; ; number--)
        {
            int end = line.IndexOf((byte)separator);
            if (number == 0) return end < 0 ? line : line[..end];
            if (end < 0) return default;
            line = line[(end + 1)..];
        }
    }

    private static bool HasItem(ReadOnlySpan<byte> list, ReadOnlySpan<byte> item)
    {
        for (int number = 0; ; number++)
        {
            ReadOnlySpan<byte> one = Field(list, ',', number);
            if (one.Length == 0) return false;
            if (one.SequenceEqual(item)) return true;
        }
    }

    /// <summary>Spaces and the like stand as three octal digits behind a backslash. Returns the bytes written.</summary>
    private static int Decode(ReadOnlySpan<byte> text, Span<byte> decoded)
    {
        int length = 0;
        for (int i = 0; i < text.Length; i++)
        {
            bool escaped = text[i] == (byte)'\\' && i + 3 < text.Length;
            decoded[length++] = escaped ? (byte)(((text[i + 1] & 7) << 6) | ((text[i + 2] & 7) << 3) | (text[i + 3] & 7)) : text[i];
            if (escaped) i += 3;
        }

        return length;
    }

    /// <summary>A text file, line by line.</summary>
    private struct Lines
    {
        private byte* _buffer;
        private int _file, _from, _to;

        internal static Lines Open(ReadOnlySpan<byte> root, ReadOnlySpan<byte> name, byte* buffer)
        {
            Lines lines = new() { _buffer = buffer, _file = -1 };
            if (root.Length + name.Length >= Room) return lines;
            root.CopyTo(new Span<byte>(buffer, Room));
            name.CopyTo(new Span<byte>(buffer + root.Length, name.Length));
            buffer[root.Length + name.Length] = 0;
            lines._file = open(buffer, ReadOnly, 0);
            return lines;
        }

        internal bool TryNext(out ReadOnlySpan<byte> line)
        {
            bool tooLong = false;
            while (true)
            {
                ReadOnlySpan<byte> held = new(_buffer + _from, _to - _from);
                int end = held.IndexOf((byte)'\n');
                if (end >= 0)
                {
                    _from += end + 1;
                    line = held[..end];
                    if (!tooLong) return true;
                    tooLong = false;
                    continue;
                }

                held.CopyTo(new Span<byte>(_buffer, Room));
                _to -= _from;
                _from = 0;
                if (_to == Room)
                {
                    tooLong = true;
                    _to = 0;
                }

                nint got = _file < 0 ? 0 : read(_file, _buffer + _to, (nuint)(Room - _to));
                if (got > 0)
                {
                    _to += (int)got;
                    continue;
                }

                line = new(_buffer, _to);
                bool any = _to != 0 && !tooLong;
                _to = 0;
                return any;
            }
        }

        internal readonly void Close()
        {
            if (_file >= 0) _ = close(_file);
        }
    }

    [DllImport("kernel32")] private static extern int QueryInformationJobObject(void* job, int what, byte* limits, uint bytes, uint* written);

    [DllImport("libc")] private static extern int open(byte* path, int flags, int mode);

    [DllImport("libc")] private static extern nint read(int file, byte* buffer, nuint bytes);

    [DllImport("libc")] private static extern int close(int file);
}
