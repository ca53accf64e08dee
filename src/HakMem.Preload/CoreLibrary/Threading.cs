using System.Runtime.CompilerServices;

namespace System.Threading;

/// <summary>Atomic operations with acquire and release; the compiler has code of its own for those that call themselves.</summary>
public static class Interlocked
{
    /// <summary>Stores a value if the location holds what is expected; returns what it held.</summary>
    [Intrinsic]
    public static int CompareExchange(ref int location, int value, int comparand) => CompareExchange(ref location, value, comparand);

    /// <inheritdoc cref="CompareExchange(ref int, int, int)"/>
    [Intrinsic]
    public static long CompareExchange(ref long location, long value, long comparand) => CompareExchange(ref location, value, comparand);

    /// <inheritdoc cref="CompareExchange(ref int, int, int)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint CompareExchange(ref uint location, uint value, uint comparand)
        => (uint)CompareExchange(ref Unsafe.As<uint, int>(ref location), (int)value, (int)comparand);

    /// <inheritdoc cref="CompareExchange(ref int, int, int)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong CompareExchange(ref ulong location, ulong value, ulong comparand)
        => (ulong)CompareExchange(ref Unsafe.As<ulong, long>(ref location), (long)value, (long)comparand);

    /// <inheritdoc cref="CompareExchange(ref int, int, int)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static nint CompareExchange(ref nint location, nint value, nint comparand)
        => (nint)CompareExchange(ref Unsafe.As<nint, long>(ref location), value, comparand);

    /// <inheritdoc cref="CompareExchange(ref int, int, int)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static nuint CompareExchange(ref nuint location, nuint value, nuint comparand)
        => (nuint)CompareExchange(ref Unsafe.As<nuint, long>(ref location), (long)value, (long)comparand);

    /// <summary>Stores a value; returns what the location held.</summary>
    [Intrinsic]
    public static int Exchange(ref int location, int value) => Exchange(ref location, value);

    /// <inheritdoc cref="Exchange(ref int, int)"/>
    [Intrinsic]
    public static long Exchange(ref long location, long value) => Exchange(ref location, value);

    /// <inheritdoc cref="Exchange(ref int, int)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Exchange(ref uint location, uint value) => (uint)Exchange(ref Unsafe.As<uint, int>(ref location), (int)value);

    /// <inheritdoc cref="Exchange(ref int, int)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Exchange(ref ulong location, ulong value) => (ulong)Exchange(ref Unsafe.As<ulong, long>(ref location), (long)value);

    /// <inheritdoc cref="Exchange(ref int, int)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static nint Exchange(ref nint location, nint value) => (nint)Exchange(ref Unsafe.As<nint, long>(ref location), value);

    /// <summary>Adds; returns the sum.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Add(ref int location, int value) => ExchangeAdd(ref location, value) + value;

    /// <inheritdoc cref="Add(ref int, int)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long Add(ref long location, long value) => ExchangeAdd(ref location, value) + value;

    /// <inheritdoc cref="Add(ref int, int)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Add(ref uint location, uint value) => (uint)Add(ref Unsafe.As<uint, int>(ref location), (int)value);

    /// <inheritdoc cref="Add(ref int, int)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Add(ref ulong location, ulong value) => (ulong)Add(ref Unsafe.As<ulong, long>(ref location), (long)value);

    /// <summary>Adds one; returns the sum.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Increment(ref int location) => ExchangeAdd(ref location, 1) + 1;

    /// <inheritdoc cref="Increment(ref int)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long Increment(ref long location) => ExchangeAdd(ref location, 1) + 1;

    /// <inheritdoc cref="Increment(ref int)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Increment(ref uint location) => (uint)Increment(ref Unsafe.As<uint, int>(ref location));

    /// <inheritdoc cref="Increment(ref int)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Increment(ref ulong location) => (ulong)Increment(ref Unsafe.As<ulong, long>(ref location));

    /// <summary>Subtracts one; returns the difference.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Decrement(ref int location) => ExchangeAdd(ref location, -1) - 1;

    /// <inheritdoc cref="Decrement(ref int)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long Decrement(ref long location) => ExchangeAdd(ref location, -1) - 1;

    /// <summary>Orders all accesses before it before all after it.</summary>
    [Intrinsic]
    public static void MemoryBarrier() => MemoryBarrier();

    [Intrinsic]
    private static int ExchangeAdd(ref int location, int value) => ExchangeAdd(ref location, value);

    [Intrinsic]
    private static long ExchangeAdd(ref long location, long value) => ExchangeAdd(ref location, value);
}

/// <summary>Reads with acquire, writes with release.</summary>
public static class Volatile
{
    private struct Bool
    {
        public volatile bool Value;
    }

    private struct Word
    {
        public volatile int Value;
    }

    private struct UnsignedWord
    {
        public volatile uint Value;
    }

    private struct Half
    {
        public volatile ushort Value;
    }

    private struct Pointer
    {
        public volatile nint Value;
    }

    private struct UnsignedPointer
    {
        public volatile nuint Value;
    }

    /// <summary>Reads with acquire.</summary>
    public static bool Read(ref readonly bool location) => Unsafe.As<bool, Bool>(ref Unsafe.AsRef(in location)).Value;

    /// <inheritdoc cref="Read(ref readonly bool)"/>
    public static int Read(ref readonly int location) => Unsafe.As<int, Word>(ref Unsafe.AsRef(in location)).Value;

    /// <inheritdoc cref="Read(ref readonly bool)"/>
    public static uint Read(ref readonly uint location) => Unsafe.As<uint, UnsignedWord>(ref Unsafe.AsRef(in location)).Value;

    /// <inheritdoc cref="Read(ref readonly bool)"/>
    public static nint Read(ref readonly nint location) => Unsafe.As<nint, Pointer>(ref Unsafe.AsRef(in location)).Value;

    /// <inheritdoc cref="Read(ref readonly bool)"/>
    public static nuint Read(ref readonly nuint location) => Unsafe.As<nuint, UnsignedPointer>(ref Unsafe.AsRef(in location)).Value;

    /// <inheritdoc cref="Read(ref readonly bool)"/>
    public static long Read(ref readonly long location) => Unsafe.As<long, Pointer>(ref Unsafe.AsRef(in location)).Value;

    /// <inheritdoc cref="Read(ref readonly bool)"/>
    public static ulong Read(ref readonly ulong location) => Unsafe.As<ulong, UnsignedPointer>(ref Unsafe.AsRef(in location)).Value;

    /// <summary>Writes with release.</summary>
    public static void Write(ref bool location, bool value) => Unsafe.As<bool, Bool>(ref location).Value = value;

    /// <inheritdoc cref="Write(ref bool, bool)"/>
    public static void Write(ref ushort location, ushort value) => Unsafe.As<ushort, Half>(ref location).Value = value;

    /// <inheritdoc cref="Write(ref bool, bool)"/>
    public static void Write(ref int location, int value) => Unsafe.As<int, Word>(ref location).Value = value;

    /// <inheritdoc cref="Write(ref bool, bool)"/>
    public static void Write(ref uint location, uint value) => Unsafe.As<uint, UnsignedWord>(ref location).Value = value;

    /// <inheritdoc cref="Write(ref bool, bool)"/>
    public static void Write(ref nint location, nint value) => Unsafe.As<nint, Pointer>(ref location).Value = value;

    /// <inheritdoc cref="Write(ref bool, bool)"/>
    public static void Write(ref nuint location, nuint value) => Unsafe.As<nuint, UnsignedPointer>(ref location).Value = value;

    /// <inheritdoc cref="Write(ref bool, bool)"/>
    public static void Write(ref long location, long value) => Unsafe.As<long, Pointer>(ref location).Value = (nint)value;

    /// <inheritdoc cref="Write(ref bool, bool)"/>
    public static void Write(ref ulong location, ulong value) => Unsafe.As<ulong, UnsignedPointer>(ref location).Value = (nuint)value;
}

/// <summary>The calling thread.</summary>
public static class Thread
{
    /// <summary>Lets others run.</summary>
    public static bool Yield() => HakMem.Preload.LibC.sched_yield() == 0;
}
