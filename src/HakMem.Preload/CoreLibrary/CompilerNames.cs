using System;
using System.Runtime;

#pragma warning disable IDE0051, IDE0060, CS9113 // found by name, never called by C#

// Names that the native compiler, version 10.0.14, looks up whether they are used or not. None of them is ever run: the library has no objects, so
// no casts, no runtime checks of types, no collections.
namespace System.Runtime
{
    /// <summary>The symbol that a method gets in the object file.</summary>
    internal sealed class RuntimeExportAttribute(string entry) : Attribute
    {
        public string Entry => entry;
    }

    /// <summary>The symbol that a method without a body is.</summary>
    internal sealed class RuntimeImportAttribute(string library, string entry) : Attribute
    {
        public string Library => library;

        public string Entry => entry;
    }

    internal static unsafe class TypeCast
    {
        private static object CheckCastAny(void* type, object value) => value;

        private static object CheckCastInterface(void* type, object value) => value;

        private static object CheckCastClass(void* type, object value) => value;

        private static object CheckCastClassSpecial(void* type, object value) => value;

        private static object IsInstanceOfAny(void* type, object value) => value;

        private static object IsInstanceOfInterface(void* type, object value) => value;

        private static object IsInstanceOfClass(void* type, object value) => value;

        private static bool IsInstanceOfException(void* type, object value) => false;

        private static void StelemRef(object[] array, nint index, object value) => Environment.FailFast();

        private static ref object LdelemaRef(object[] array, nint index, nint type) => ref LdelemaRef(array, index, type);
    }
}

namespace System.Runtime.InteropServices
{
    internal interface IDynamicInterfaceCastable
    {
        bool IsInterfaceImplemented(RuntimeTypeHandle type, bool throws);

        RuntimeTypeHandle GetInterfaceImplementation(RuntimeTypeHandle type);

        RuntimeTypeHandle GetDynamicInterfaceImplementation(RuntimeTypeHandle type);
    }
}

namespace Internal.Runtime
{
    internal static class NativeEntries
    {
        [RuntimeExport("RhpReversePInvoke")]
        private static void ReversePInvoke(nint frame)
        {
        }

        [RuntimeExport("RhpReversePInvokeReturn")]
        private static void ReversePInvokeReturn(nint frame)
        {
        }

        [RuntimeExport("RhpPInvoke")]
        private static void PInvoke(nint frame)
        {
        }

        [RuntimeExport("RhpPInvokeReturn")]
        private static void PInvokeReturn(nint frame)
        {
        }

        [RuntimeExport("RhpFallbackFailFast")]
        private static void FallbackFailFast() => Environment.FailFast();

        [RuntimeExport("RhpGcPoll")]
        private static void GcPoll()
        {
        }
    }

    internal static unsafe class ThreadStatics
    {
        internal static object? GetThreadStaticBaseForType(void* module, int index)
        {
            Environment.FailFast();
            return null;
        }

        internal static object? GetInlinedThreadStaticBaseSlow(ref object storage)
        {
            Environment.FailFast();
            return null;
        }
    }
}

namespace Internal.Runtime.CompilerHelpers
{
    internal static class ThrowHelpers
    {
        private static void ThrowInvalidProgramException() => Environment.FailFast();

        private static void ThrowFeatureBodyRemoved() => Environment.FailFast();

        private static void ThrowInstanceBodyRemoved() => Environment.FailFast();

        private static void ThrowUnavailableType() => Environment.FailFast();

        private static void ThrowOverflowException() => Environment.FailFast();

        private static void ThrowIndexOutOfRangeException() => Environment.FailFast();

        private static void ThrowNullReferenceException() => Environment.FailFast();

        private static void ThrowDivideByZeroException() => Environment.FailFast();

        private static void ThrowPlatformNotSupportedException() => Environment.FailFast();
    }

    internal static class StartupCodeHelpers;

    internal static class LdTokenHelpers
    {
        private static RuntimeTypeHandle GetRuntimeTypeHandle(nint type) => default;

        private static Type? GetRuntimeType(nint type) => null;

        private static RuntimeMethodHandle GetRuntimeMethodHandle(nint method) => default;

        private static RuntimeFieldHandle GetRuntimeFieldHandle(nint field) => default;
    }
}
