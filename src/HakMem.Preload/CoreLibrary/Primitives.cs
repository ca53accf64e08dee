using System.Runtime.CompilerServices;

#pragma warning disable CS0169, CS0649 // fields that only the compiler knows

namespace System;

/// <summary>The root of all types; its one field is the layout that the compiler expects of an object.</summary>
public unsafe class Object
{
    private readonly void* _methodTable;
}

/// <summary>No value.</summary>
public struct Void;

/// <summary>A truth value.</summary>
public struct Boolean;

/// <summary>A UTF-16 code unit.</summary>
public struct Char;

/// <summary>A signed byte.</summary>
public struct SByte;

/// <summary>A byte.</summary>
public struct Byte
{
    /// <summary>The largest value.</summary>
    public const byte MaxValue = 255;
}

/// <summary>A signed 16-bit number.</summary>
public struct Int16;

/// <summary>A 16-bit number.</summary>
public struct UInt16
{
    /// <summary>The largest value.</summary>
    public const ushort MaxValue = 0xFFFF;
}

/// <summary>A signed 32-bit number.</summary>
public struct Int32
{
    /// <summary>The largest value.</summary>
    public const int MaxValue = 0x7FFF_FFFF;
}

/// <summary>A 32-bit number.</summary>
public struct UInt32
{
    /// <summary>The largest value.</summary>
    public const uint MaxValue = 0xFFFF_FFFF;
}

/// <summary>A signed 64-bit number.</summary>
public struct Int64
{
    /// <summary>The largest value.</summary>
    public const long MaxValue = 0x7FFF_FFFF_FFFF_FFFF;

    /// <summary>The smallest value.</summary>
    public const long MinValue = -MaxValue - 1;
}

/// <summary>A 64-bit number.</summary>
public struct UInt64
{
    /// <summary>The largest value.</summary>
    public const ulong MaxValue = 0xFFFF_FFFF_FFFF_FFFF;
}

/// <summary>A 32-bit floating-point number.</summary>
public struct Single;

/// <summary>A 64-bit floating-point number.</summary>
public struct Double;

/// <summary>A signed number of a pointer's width.</summary>
public struct IntPtr;

/// <summary>A number of a pointer's width.</summary>
public struct UIntPtr
{
    /// <summary>The largest value.</summary>
    public static nuint MaxValue => ~(nuint)0;
}

/// <summary>The base of value types.</summary>
public abstract class ValueType;

/// <summary>The base of enumerations.</summary>
public abstract class Enum : ValueType;

/// <summary>A value or none.</summary>
/// <typeparam name="T">The type of the value.</typeparam>
public struct Nullable<T>
    where T : struct;

/// <summary>Text; only as an argument of attributes.</summary>
public sealed class String
{
    /// <summary>The number of UTF-16 code units.</summary>
    public readonly int Length;
}

/// <summary>The base of arrays; no array is ever made.</summary>
public abstract class Array;

/// <summary>What the compiler takes for the base of <c>T[]</c>.</summary>
internal class Array<T> : Array;

/// <summary>The base of delegates.</summary>
public abstract class Delegate;

/// <summary>The base of all delegates that C# declares.</summary>
public abstract class MulticastDelegate : Delegate;

/// <summary>A type as an argument of attributes, and in comparisons that the compiler folds.</summary>
#pragma warning disable CS0660, CS0661 // there is no Equals to override
public abstract class Type
#pragma warning restore CS0660, CS0661
{
    /// <summary>Folded by the compiler.</summary>
    [Intrinsic]
    public static Type GetTypeFromHandle(RuntimeTypeHandle handle) => GetTypeFromHandle(handle);

    /// <summary>Folded by the compiler.</summary>
    [Intrinsic]
    public static bool operator ==(Type one, Type other) => one == other;

    /// <summary>Folded by the compiler.</summary>
    [Intrinsic]
    public static bool operator !=(Type one, Type other) => one != other;
}

/// <summary>What <c>ldtoken</c> of a type gives.</summary>
public struct RuntimeTypeHandle;

/// <summary>What <c>ldtoken</c> of a method gives.</summary>
public struct RuntimeMethodHandle;

/// <summary>What <c>ldtoken</c> of a field gives.</summary>
public struct RuntimeFieldHandle;

/// <summary>The base of attributes.</summary>
public abstract class Attribute;

/// <summary>The base of exceptions. None is ever thrown: a method that would throw one does not link.</summary>
public class Exception;

/// <summary>Named by generated code that is left out of the library.</summary>
public class OutOfMemoryException : Exception;

/// <summary>Named by generated code that is left out of the library.</summary>
/// <param name="message">What is wrong.</param>
/// <param name="parameter">With which argument.</param>
public class ArgumentException(string? message, string? parameter) : Exception
{
    /// <summary>What is wrong.</summary>
    public string? Message => message;

    /// <summary>With which argument.</summary>
    public string? Parameter => parameter;
}

/// <summary>The end of the process for faults that the compiler's own checks find.</summary>
public static unsafe class Environment
{
    /// <summary>Ends the process.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void FailFast() => HakMem.Preload.LibC.abort();
}
