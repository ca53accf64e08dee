namespace System.Runtime.CompilerServices;

/// <summary>The native compiler has code of its own for this.</summary>
public sealed class IntrinsicAttribute : Attribute;

/// <summary>How a method is compiled.</summary>
[Flags]
public enum MethodImplOptions
{
    /// <summary>Never inlined.</summary>
    NoInlining = 8,

    /// <summary>Inlined wherever it can be.</summary>
    AggressiveInlining = 256,

    /// <summary>Provided from outside.</summary>
    InternalCall = 4096,
}

/// <summary>How a method is compiled.</summary>
public sealed class MethodImplAttribute(MethodImplOptions options) : Attribute
{
    /// <summary>How.</summary>
    public MethodImplOptions Value => options;
}

/// <summary>What C# may expect of the code that runs it.</summary>
public static class RuntimeFeature
{
    /// <summary>References as fields.</summary>
    public const string ByRefFields = nameof(ByRefFields);

    /// <summary><c>nint</c> is <c>IntPtr</c>.</summary>
    public const string NumericIntPtr = nameof(NumericIntPtr);

    /// <summary>Function pointers with calling conventions.</summary>
    public const string UnmanagedSignatureCallingConvention = nameof(UnmanagedSignatureCallingConvention);

    /// <summary>Static abstract members of interfaces.</summary>
    public const string VirtualStaticsInInterfaces = nameof(VirtualStaticsInInterfaces);

    /// <summary>Interface members with bodies.</summary>
    public const string DefaultImplementationsOfInterfaces = nameof(DefaultImplementationsOfInterfaces);

    /// <summary><c>ref struct</c> as type arguments.</summary>
    public const string ByRefLikeGenerics = nameof(ByRefLikeGenerics);
}

/// <summary>Locals are not cleared.</summary>
public sealed class SkipLocalsInitAttribute : Attribute;

/// <summary>A reference that is only read.</summary>
public sealed class IsReadOnlyAttribute : Attribute;

/// <summary>A type that stays on the stack.</summary>
public sealed class IsByRefLikeAttribute : Attribute;

/// <summary>A type without references.</summary>
public sealed class IsUnmanagedAttribute : Attribute;

/// <summary>A volatile field.</summary>
public static class IsVolatile;

/// <summary>A property that is set once.</summary>
public static class IsExternalInit;

/// <summary>Written by the C# compiler.</summary>
public sealed class CompilerGeneratedAttribute : Attribute;

/// <summary>A method of a type that is not its own.</summary>
public sealed class ExtensionAttribute : Attribute;

/// <summary>A value type with a buffer inside.</summary>
public sealed class UnsafeValueTypeAttribute : Attribute;

/// <summary>A buffer of fixed length.</summary>
public sealed class FixedBufferAttribute(Type elementType, int length) : Attribute
{
    /// <summary>The type of an element.</summary>
    public Type ElementType => elementType;

    /// <summary>The number of elements.</summary>
    public int Length => length;
}

/// <summary>The rules for references that the code was compiled with.</summary>
public sealed class RefSafetyRulesAttribute(int version) : Attribute
{
    /// <summary>Their version.</summary>
    public int Version => version;
}

/// <summary>A reference that does not leave the method.</summary>
public sealed class ScopedRefAttribute : Attribute;

/// <summary>A native function called without a word to the runtime.</summary>
public class CallConvSuppressGCTransition;

/// <summary>What C# calls for data in the image.</summary>
public static class RuntimeHelpers
{
    /// <summary>Folded by the compiler: the literal's bytes in the image.</summary>
    [Intrinsic]
    public static ReadOnlySpan<T> CreateSpan<T>(RuntimeFieldHandle field) => CreateSpan<T>(field);

    /// <summary>Folded by the compiler.</summary>
    [Intrinsic]
    public static bool IsReferenceOrContainsReferences<T>()
        where T : allows ref struct
        => IsReferenceOrContainsReferences<T>();
}

/// <summary>Reinterpretation. The compiler has code of its own for each; the bodies are never run.</summary>
public static unsafe class Unsafe
{
    /// <summary>A reference as one to another type.</summary>
    [Intrinsic]
    public static ref TTo As<TFrom, TTo>(ref TFrom source) => ref As<TFrom, TTo>(ref source);

    /// <summary>A reference as a pointer.</summary>
    [Intrinsic]
    public static void* AsPointer<T>(ref T value) => AsPointer(ref value);

    /// <summary>A read-only reference as a writable one.</summary>
    [Intrinsic]
    public static ref T AsRef<T>(ref readonly T source) => ref AsRef(in source);

    /// <summary>A pointer as a reference.</summary>
    [Intrinsic]
    public static ref T AsRef<T>(void* source) => ref AsRef<T>(source);

    /// <summary>A reference to a later element.</summary>
    [Intrinsic]
    public static ref T Add<T>(ref T source, nint elementOffset) => ref Add(ref source, elementOffset);

    /// <summary>The bytes of a type.</summary>
    [Intrinsic]
    public static int SizeOf<T>() => SizeOf<T>();

    /// <summary>Leaves a variable as it is.</summary>
    [Intrinsic]
    public static void SkipInit<T>(out T value) => SkipInit(out value);
}
