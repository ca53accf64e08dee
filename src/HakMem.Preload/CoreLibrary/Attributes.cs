namespace System
{
    /// <summary>What an attribute may stand on.</summary>
    public enum AttributeTargets
    {
        /// <summary>An assembly.</summary>
        Assembly = 1,

        /// <summary>A class.</summary>
        Class = 4,

        /// <summary>A struct.</summary>
        Struct = 8,

        /// <summary>A method.</summary>
        Method = 0x40,

        /// <summary>A property.</summary>
        Property = 0x80,

        /// <summary>A field.</summary>
        Field = 0x100,

        /// <summary>An interface.</summary>
        Interface = 0x400,

        /// <summary>A parameter.</summary>
        Parameter = 0x800,

        /// <summary>Anything.</summary>
        All = 0x7FFF,
    }

    /// <summary>How an attribute may be used.</summary>
    [AttributeUsage(AttributeTargets.Class)]
    public sealed class AttributeUsageAttribute(AttributeTargets validOn) : Attribute
    {
        /// <summary>What it may stand on.</summary>
        public AttributeTargets ValidOn => validOn;

        /// <summary>Whether more than once.</summary>
        public bool AllowMultiple { get; set; }

        /// <summary>Whether for derived types, too.</summary>
        public bool Inherited { get; set; }
    }

    /// <summary>An enumeration of bits.</summary>
    public sealed class FlagsAttribute : Attribute;

    /// <summary>A variable number of arguments.</summary>
    public sealed class ParamArrayAttribute : Attribute;

    /// <summary>Not to be used any more.</summary>
    public sealed class ObsoleteAttribute : Attribute;

    /// <summary>A field of each thread's own; the library itself has none, its slot is in <c>Trampolines.S</c>.</summary>
    public sealed class ThreadStaticAttribute : Attribute;
}

namespace System.Reflection
{
    /// <summary>The name of a type's indexer.</summary>
    public sealed class DefaultMemberAttribute(string name) : Attribute
    {
        /// <summary>The name.</summary>
        public string Name => name;
    }
}

namespace System.Diagnostics
{
    /// <summary>Calls are left out unless a symbol is defined.</summary>
    public sealed class ConditionalAttribute(string condition) : Attribute
    {
        /// <summary>The symbol.</summary>
        public string Condition => condition;
    }

    /// <summary>Assertions of debug builds.</summary>
    public static class Debug
    {
        /// <summary>Ends the process when the condition does not hold.</summary>
        [Conditional("DEBUG")]
        public static void Assert(bool condition)
        {
            if (!condition) Environment.FailFast();
        }
    }
}

namespace System.Diagnostics.CodeAnalysis
{
    /// <summary>The method does not return.</summary>
    public sealed class DoesNotReturnAttribute : Attribute;

    /// <summary>A reference to a field may leave the struct.</summary>
    public sealed class UnscopedRefAttribute : Attribute;

    /// <summary>A warning is off here.</summary>
    [AttributeUsage(AttributeTargets.All, AllowMultiple = true)]
    public sealed class SuppressMessageAttribute(string category, string checkId) : Attribute
    {
        /// <summary>The category of the warning.</summary>
        public string Category => category;

        /// <summary>The warning.</summary>
        public string CheckId => checkId;

        /// <summary>Why it is off.</summary>
        public string? Justification { get; set; }
    }
}

namespace System.ComponentModel
{
    /// <summary>How an editor shows a member.</summary>
    public enum EditorBrowsableState
    {
        /// <summary>Always.</summary>
        Always,

        /// <summary>Never.</summary>
        Never,
    }

    /// <summary>How an editor shows a member.</summary>
    public sealed class EditorBrowsableAttribute(EditorBrowsableState state) : Attribute
    {
        /// <summary>How.</summary>
        public EditorBrowsableState State => state;
    }
}

namespace System.Runtime.Versioning
{
    /// <summary>The framework a library is built for.</summary>
    public sealed class TargetFrameworkAttribute(string name) : Attribute
    {
        /// <summary>The framework.</summary>
        public string Name => name;
    }
}
