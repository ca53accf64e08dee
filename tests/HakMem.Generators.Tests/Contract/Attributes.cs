using System;

namespace HakMem.Boxes;

public enum BoxLayer { Core, Os, Pages, Shared, Local, Gates, Diagnostics, Guards }

[Flags]
public enum BoxTraits { None = 0, ConcurrencySafe = 1, MayBlock = 2, ZeroedOutput = 4, LinksInBlocks = 8 }

public enum HakMemPreset { Balanced, Small, Research, Broken }

[AttributeUsage(AttributeTargets.Class)]
public sealed class BoxAttribute(BoxLayer layer) : Attribute
{
    public BoxLayer Layer => layer;

    public BoxTraits Traits { get; set; }

    public BoxTraits Excludes { get; set; }

    public string? Switch { get; set; }

    public string? Flavors { get; set; }

    public int Order { get; set; }
}

[AttributeUsage(AttributeTargets.Method)]
public sealed class HotPathAttribute : Attribute;

[AttributeUsage(AttributeTargets.Property)]
public sealed class OptionAttribute(long defaultValue) : Attribute
{
    public long DefaultValue => defaultValue;

    public long Minimum { get; set; }

    public long Maximum { get; set; }

    public long Multiple { get; set; }

    public string? Switch { get; set; }
}

[AttributeUsage(AttributeTargets.Method)]
public sealed class BoundAttribute(string slot, string method) : Attribute
{
    public string Slot => slot;

    public string Method => method;
}

[AttributeUsage(AttributeTargets.Method)]
public sealed class JoinPointAttribute : Attribute;

[AttributeUsage(AttributeTargets.Method)]
public sealed class HeapStateAttribute(string slot) : Attribute
{
    public string Slot => slot;
}

[AttributeUsage(AttributeTargets.Property)]
public sealed class SharedStateAttribute(string slot) : Attribute
{
    public string Slot => slot;
}

[AttributeUsage(AttributeTargets.Interface, AllowMultiple = true)]
public sealed class DefaultBoxAttribute(string slot, Type box) : Attribute
{
    public string Slot => slot;

    public Type Box => box;

    public BoxTraits Requires { get; set; }

    public BoxTraits Excludes { get; set; }
}

[AttributeUsage(AttributeTargets.Interface, AllowMultiple = true)]
public sealed class PresetAttribute(HakMemPreset preset, string member) : Attribute
{
    public HakMemPreset Preset => preset;

    public string Member => member;

    public long Value { get; set; }

    public Type? Box { get; set; }
}

[AttributeUsage(AttributeTargets.Struct | AttributeTargets.Class)]
public sealed class HakMemPoolAttribute : Attribute
{
    public Type? Allocator { get; set; }

    public int Capacity { get; set; }

    public bool Zeroed { get; set; }

    public int Alignment { get; set; }
}

[AttributeUsage(AttributeTargets.Class)]
public sealed class HakMemAllocatorAttribute : Attribute
{
    public HakMemPreset Preset { get; set; }

    public Type? AllocGate { get; set; }

    public Type? FreeGate { get; set; }

    public Type? ReallocGate { get; set; }

    public Type? Front { get; set; }

    public Type? WarmPool { get; set; }

    public Type? SharedPool { get; set; }

    public Type? RemoteFree { get; set; }

    public Type? HeapRegistry { get; set; }

    public Type? ThreadStacks { get; set; }

    public Type? AddressSpace { get; set; }

    public Type? Host { get; set; }

    public Type? Os { get; set; }

    public Type[]? Diagnostics { get; set; }

    public int MaxTiny { get; set; }

    public int PrefillBudget { get; set; }

    public int PurgeDelay { get; set; }

    public bool HugePages { get; set; }

    public bool Isolated { get; set; }
}
