using System.Runtime.CompilerServices;

namespace System;

/// <summary>Bytes of the image or of the stack, for reading.</summary>
/// <typeparam name="T">The type of an element.</typeparam>
public readonly unsafe ref struct ReadOnlySpan<T>
{
    private readonly ref T _first;
    private readonly int _length;

    /// <summary>What a pointer points at.</summary>
    public ReadOnlySpan(void* pointer, int length)
    {
        _first = ref Unsafe.AsRef<T>(pointer);
        _length = length;
    }

    /// <summary>C# wants the member; there are no arrays.</summary>
    public ReadOnlySpan(T[] array)
        : this(null, 0)
    {
        _ = array;
        Environment.FailFast();
    }

    /// <summary>C# wants the member; there are no arrays.</summary>
    public ReadOnlySpan(T[] array, int start, int length)
        : this(null, start - length)
    {
        _ = array;
        Environment.FailFast();
    }

    /// <summary>The number of elements.</summary>
    public int Length => _length;

    /// <summary>An element.</summary>
    public ref readonly T this[int index]
    {
        get
        {
            if ((uint)index >= (uint)_length) Environment.FailFast();
            return ref Unsafe.Add(ref _first, index);
        }
    }

    /// <summary>The first element, for <c>fixed</c>.</summary>
    public ref readonly T GetPinnableReference() => ref _first;
}

/// <summary>Memory for reading and writing.</summary>
/// <typeparam name="T">The type of an element.</typeparam>
public readonly unsafe ref struct Span<T>
{
    private readonly ref T _first;
    private readonly int _length;

    /// <summary>What a pointer points at.</summary>
    public Span(void* pointer, int length)
    {
        _first = ref Unsafe.AsRef<T>(pointer);
        _length = length;
    }

    /// <summary>The number of elements.</summary>
    public int Length => _length;

    /// <summary>An element.</summary>
    public ref T this[int index]
    {
        get
        {
            if ((uint)index >= (uint)_length) Environment.FailFast();
            return ref Unsafe.Add(ref _first, index);
        }
    }
}

// What the compiler calls for copying and clearing large structs.
internal static unsafe class SpanHelpers
{
    internal static void Memmove(ref byte destination, ref byte source, nuint bytes)
        => HakMem.Preload.LibC.memmove(Unsafe.AsPointer(ref destination), Unsafe.AsPointer(ref source), bytes);

    internal static void ClearWithoutReferences(ref byte destination, nuint bytes)
        => HakMem.Preload.LibC.memset(Unsafe.AsPointer(ref destination), 0, bytes);

    internal static void Fill(ref byte destination, byte value, nuint bytes)
        => HakMem.Preload.LibC.memset(Unsafe.AsPointer(ref destination), value, bytes);
}

// Named by the compiler for structs with references, of which there are none.
internal static class Buffer
{
    internal static void BulkMoveWithWriteBarrier(ref byte destination, ref byte source, nuint bytes)
    {
        _ = destination;
        _ = source;
        _ = bytes;
        Environment.FailFast();
    }
}
