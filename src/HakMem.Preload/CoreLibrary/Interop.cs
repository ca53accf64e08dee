using System.Runtime.CompilerServices;

#pragma warning disable CS0649 // fields of attributes are set by those who use them

namespace System.Runtime.InteropServices;

/// <summary>How the fields of a type lie.</summary>
public enum LayoutKind
{
    /// <summary>In their order.</summary>
    Sequential = 0,

    /// <summary>Where they say.</summary>
    Explicit = 2,

    /// <summary>As the compiler likes.</summary>
    Auto = 3,
}

/// <summary>How text is passed; there is none.</summary>
public enum CharSet
{
    /// <summary>Bytes.</summary>
    Ansi = 2,
}

/// <summary>How the fields of a type lie.</summary>
public sealed class StructLayoutAttribute(LayoutKind layout) : Attribute
{
    /// <summary>How.</summary>
    public LayoutKind Value => layout;

    /// <summary>The largest alignment of a field.</summary>
    public int Pack;

    /// <summary>The bytes of the whole.</summary>
    public int Size;

    /// <summary>How text is passed.</summary>
    public CharSet CharSet;
}

/// <summary>Where a field lies.</summary>
public sealed class FieldOffsetAttribute(int offset) : Attribute
{
    /// <summary>The bytes before it.</summary>
    public int Value => offset;
}

/// <summary>An argument that is only read.</summary>
public sealed class InAttribute : Attribute;

/// <summary>An argument that is only written.</summary>
public sealed class OutAttribute : Attribute;

/// <summary>A method of a native library. The default Os box has some; the library's own calls are in <see cref="HakMem.Preload.LibC"/>.</summary>
public sealed class DllImportAttribute(string library) : Attribute
{
    /// <summary>The library.</summary>
    public string Value => library;
}

/// <summary>A native call without a word to the runtime.</summary>
public sealed class SuppressGCTransitionAttribute : Attribute;

/// <summary>Filling and copying.</summary>
public static unsafe class NativeMemory
{
    /// <summary>Writes zeros.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Clear(void* memory, nuint bytes) => HakMem.Preload.LibC.memset(memory, 0, bytes);

    /// <summary>Writes one value.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Fill(void* memory, nuint bytes, byte value) => HakMem.Preload.LibC.memset(memory, value, bytes);

    /// <summary>Copies; the two may overlap.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Copy(void* source, void* destination, nuint bytes) => HakMem.Preload.LibC.memmove(destination, source, bytes);
}

/// <summary>How an argument is passed to native code; C# wants the name for the constraint <c>unmanaged</c>.</summary>
public enum UnmanagedType
{
    /// <summary>As a pointer's width.</summary>
    SysInt = 31,
}
