using System;
using System.Runtime.CompilerServices;

namespace HakMem.Boxes;

/// <summary>
/// Box of layer Os, the default: <see cref="LinuxMemory"/> or <see cref="WindowsMemory"/>, whichever the process runs on. The compiler knows which and leaves the other out, so that one library serves both and a call costs what the box's own does.
/// </summary>
[Box(BoxLayer.Os, Traits = BoxTraits.ConcurrencySafe | BoxTraits.ZeroedOutput)]
public static unsafe class SystemMemory
{
    /// <inheritdoc cref="LinuxMemory.Prepare"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prepare()
    {
        if (OperatingSystem.IsWindows()) WindowsMemory.Prepare();
        else LinuxMemory.Prepare();
    }

    /// <inheritdoc cref="LinuxMemory.Reserve"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static byte* Reserve(nuint bytes) => OperatingSystem.IsWindows() ? WindowsMemory.Reserve(bytes) : LinuxMemory.Reserve(bytes);

    /// <inheritdoc cref="LinuxMemory.Commit"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Commit(byte* at, nuint bytes) => OperatingSystem.IsWindows() ? WindowsMemory.Commit(at, bytes) : LinuxMemory.Commit(at, bytes);

    /// <inheritdoc cref="LinuxMemory.Expose"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Expose(byte* at, nuint bytes) => OperatingSystem.IsWindows() ? WindowsMemory.Expose(at, bytes) : LinuxMemory.Expose(at, bytes);

    /// <inheritdoc cref="LinuxMemory.Purge"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Purge(byte* at, nuint bytes) => OperatingSystem.IsWindows() ? WindowsMemory.Purge(at, bytes) : LinuxMemory.Purge(at, bytes);

    /// <inheritdoc cref="LinuxMemory.Decommit"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Decommit(byte* at, nuint bytes) => OperatingSystem.IsWindows() ? WindowsMemory.Decommit(at, bytes) : LinuxMemory.Decommit(at, bytes);

    /// <inheritdoc cref="LinuxMemory.Recommit"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Recommit(byte* at, nuint bytes) => OperatingSystem.IsWindows() ? WindowsMemory.Recommit(at, bytes) : LinuxMemory.Recommit(at, bytes);

    /// <inheritdoc cref="LinuxMemory.TryRead"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryRead(void* at, out nint word) => OperatingSystem.IsWindows() ? WindowsMemory.TryRead(at, out word) : LinuxMemory.TryRead(at, out word);

    /// <inheritdoc cref="LinuxMemory.Map"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static byte* Map(nuint bytes) => OperatingSystem.IsWindows() ? WindowsMemory.Map(bytes) : LinuxMemory.Map(bytes);

    /// <inheritdoc cref="LinuxMemory.Unmap"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Unmap(byte* at, nuint bytes) => OperatingSystem.IsWindows() ? WindowsMemory.Unmap(at, bytes) : LinuxMemory.Unmap(at, bytes);

    /// <inheritdoc cref="LinuxMemory.Remap"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static byte* Remap(byte* at, nuint oldBytes, nuint newBytes, bool mayMove) => OperatingSystem.IsWindows() ? WindowsMemory.Remap(at, oldBytes, newBytes, mayMove) : LinuxMemory.Remap(at, oldBytes, newBytes, mayMove);

    /// <inheritdoc cref="LinuxMemory.AdviseHugePages"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool AdviseHugePages(byte* at, nuint bytes, bool wanted) => OperatingSystem.IsWindows() ? WindowsMemory.AdviseHugePages(at, bytes, wanted) : LinuxMemory.AdviseHugePages(at, bytes, wanted);

    /// <inheritdoc cref="LinuxMemory.Populate"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Populate(byte* at, nuint bytes) => OperatingSystem.IsWindows() ? WindowsMemory.Populate(at, bytes) : LinuxMemory.Populate(at, bytes);

    /// <inheritdoc cref="LinuxMemory.AddressSpaceLimit"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static nuint AddressSpaceLimit() => OperatingSystem.IsWindows() ? WindowsMemory.AddressSpaceLimit() : LinuxMemory.AddressSpaceLimit();

    /// <inheritdoc cref="LinuxMemory.Milliseconds"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Milliseconds() => OperatingSystem.IsWindows() ? WindowsMemory.Milliseconds() : LinuxMemory.Milliseconds();

    /// <inheritdoc cref="LinuxMemory.ThreadId"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint ThreadId() => OperatingSystem.IsWindows() ? WindowsMemory.ThreadId() : LinuxMemory.ThreadId();

    /// <inheritdoc cref="LinuxMemory.Stack"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Stack(out byte* low, out nuint bytes) => OperatingSystem.IsWindows() ? WindowsMemory.Stack(out low, out bytes) : LinuxMemory.Stack(out low, out bytes);

    /// <inheritdoc cref="LinuxMemory.ThreadIsGone"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool ThreadIsGone(uint thread, void* word) => OperatingSystem.IsWindows() ? WindowsMemory.ThreadIsGone(thread, word) : LinuxMemory.ThreadIsGone(thread, word);

    /// <inheritdoc cref="LinuxMemory.WatchThreadEnd"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void WatchThreadEnd(uint* key, void* word)
    {
        if (OperatingSystem.IsWindows()) WindowsMemory.WatchThreadEnd(key, word);
        else LinuxMemory.WatchThreadEnd(key, word);
    }

    /// <inheritdoc cref="LinuxMemory.WatchStack"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool WatchStack(uint* key, void* word) => OperatingSystem.IsWindows() ? WindowsMemory.WatchStack(key, word) : LinuxMemory.WatchStack(key, word);

    /// <inheritdoc cref="LinuxMemory.UnwatchThreadEnds"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void UnwatchThreadEnds(uint* key)
    {
        if (OperatingSystem.IsWindows()) WindowsMemory.UnwatchThreadEnds(key);
        else LinuxMemory.UnwatchThreadEnds(key);
    }

    /// <inheritdoc cref="LinuxMemory.Wait"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Wait(uint attempt)
    {
        if (OperatingSystem.IsWindows()) WindowsMemory.Wait(attempt);
        else LinuxMemory.Wait(attempt);
    }

    /// <inheritdoc cref="LinuxMemory.WriteError"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void WriteError(byte* text, nuint bytes)
    {
        if (OperatingSystem.IsWindows()) WindowsMemory.WriteError(text, bytes);
        else LinuxMemory.WriteError(text, bytes);
    }

    /// <inheritdoc cref="LinuxMemory.Abort"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Abort()
    {
        if (OperatingSystem.IsWindows()) WindowsMemory.Abort();
        else LinuxMemory.Abort();
    }
}
