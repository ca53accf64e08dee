using System;

namespace HakMem.Boxes;

/// <summary>The layer a box belongs to. A box calls its own layer or one below, never one above.</summary>
public enum BoxLayer
{
    /// <summary>Pure arithmetic, locks, the end of the process.</summary>
    Core,

    /// <summary>The only layer that makes system calls.</summary>
    Os,

    /// <summary>Address space, page map, super slabs, spans of chunks, purging.</summary>
    Pages,

    /// <summary>What threads share: slabs in transit, remote frees, the registry of heaps.</summary>
    Shared,

    /// <summary>What one heap owns: front stacks, refill, warm slabs, large and big blocks.</summary>
    Local,

    /// <summary>The way in: size to class, pointer to owner.</summary>
    Gates,

    /// <summary>Observes through join points, in builds that ask for it; changes no result.</summary>
    Diagnostics,

    /// <summary>Detects misuse through join points, in builds that ask for it.</summary>
    Guards,
}

/// <summary>What a box publishes of itself; the contract says what a slot requires and excludes, and the generator refuses a box that does not fit.</summary>
[Flags]
public enum BoxTraits
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Several threads may call its methods at the same time.</summary>
    ConcurrencySafe = 1,

    /// <summary>It may wait for something other than the allocator's own short locks, or run code of the program: it must not be called under a lock or on a hot path.</summary>
    MayBlock = 2,

    /// <summary>Memory that it hands out reads as zero until it is written, unless it says otherwise of it.</summary>
    ZeroedOutput = 4,

    /// <summary>It writes into free blocks.</summary>
    LinksInBlocks = 8,
}

/// <summary>Marks a box: one small static class with one job. The generator reads it to compose allocators.</summary>
/// <param name="layer">The layer the box belongs to.</param>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct)]
public sealed class BoxAttribute(BoxLayer layer) : Attribute
{
    /// <summary>The layer the box belongs to.</summary>
    public BoxLayer Layer => layer;

    /// <summary>What the box publishes of itself.</summary>
    public BoxTraits Traits { get; set; }

    /// <summary>What no other box of a composition with this one may publish.</summary>
    public BoxTraits Excludes { get; set; }

    /// <summary>For diagnostics and guards: the MSBuild property that turns the box on or off by itself.</summary>
    public string? Switch { get; set; }

    /// <summary>For diagnostics and guards: the flavors, separated by commas, that turn the box on.</summary>
    public string? Flavors { get; set; }

    /// <summary>For diagnostics and guards: when the box is called at a join point; lower numbers first, equal ones in order of name.</summary>
    public int Order { get; set; }
}

/// <summary>Marks a method on the path of every allocation or free: no loop, lock, atomic, managed allocation, no call but its one slow path.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class HotPathAttribute : Attribute;

/// <summary>A constant of the composition: the property of the same name of <see cref="HakMemAllocatorAttribute"/>, else the default given here.</summary>
/// <param name="defaultValue">The value when the declaration does not set the property.</param>
[AttributeUsage(AttributeTargets.Property)]
public sealed class OptionAttribute(long defaultValue) : Attribute
{
    /// <summary>The value when the declaration does not set the property.</summary>
    public long DefaultValue => defaultValue;

    /// <summary>The smallest value that a declaration may give.</summary>
    public long Minimum { get; set; } = long.MinValue;

    /// <summary>The largest value that a declaration may give.</summary>
    public long Maximum { get; set; } = long.MaxValue;

    /// <summary>What a value must be a multiple of.</summary>
    public long Multiple { get; set; } = 1;

    /// <summary>The MSBuild property that gives the value where the declaration does not.</summary>
    public string? Switch { get; set; }
}

/// <summary>A member that the composition forwards to the box chosen for a slot.</summary>
/// <param name="slot">The slot: the name of a property of <see cref="HakMemAllocatorAttribute"/>.</param>
/// <param name="method">The box's method. When it has one type parameter, it is closed over the composition's configuration.</param>
[AttributeUsage(AttributeTargets.Method)]
public sealed class BoundAttribute(string slot, string method) : Attribute
{
    /// <summary>The slot: the name of a property of <see cref="HakMemAllocatorAttribute"/>.</summary>
    public string Slot => slot;

    /// <summary>The box's method.</summary>
    public string Method => method;
}

/// <summary>A point at which diagnostics and guards are woven in: every enabled box with a method of the same name is called, by <see cref="BoxAttribute.Order"/> and name; in other builds the body is empty.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class JoinPointAttribute : Attribute;

/// <summary>The state that the box of a slot keeps in each heap: the slot's nested struct <c>HeapState</c>.</summary>
/// <param name="slot">The slot: the name of a property of <see cref="HakMemAllocatorAttribute"/>.</param>
[AttributeUsage(AttributeTargets.Method)]
public sealed class HeapStateAttribute(string slot) : Attribute
{
    /// <summary>The slot whose box owns the state.</summary>
    public string Slot => slot;
}

/// <summary>The state that the box of a slot keeps once in each composition: the slot's nested struct <c>SharedState</c>.</summary>
/// <param name="slot">The slot: the name of a property of <see cref="HakMemAllocatorAttribute"/>.</param>
[AttributeUsage(AttributeTargets.Property)]
public sealed class SharedStateAttribute(string slot) : Attribute
{
    /// <summary>The slot whose box owns the state.</summary>
    public string Slot => slot;
}

/// <summary>The box a slot holds when the declaration names none.</summary>
/// <param name="slot">The slot: the name of a property of <see cref="HakMemAllocatorAttribute"/>.</param>
/// <param name="box">The box.</param>
[AttributeUsage(AttributeTargets.Interface, AllowMultiple = true)]
public sealed class DefaultBoxAttribute(string slot, Type box) : Attribute
{
    /// <summary>The slot.</summary>
    public string Slot => slot;

    /// <summary>The box.</summary>
    public Type Box => box;

    /// <summary>What every box of this slot must publish.</summary>
    public BoxTraits Requires { get; set; }

    /// <summary>What no box of this slot may publish.</summary>
    public BoxTraits Excludes { get; set; }
}

/// <summary>What one member is in a preset, unless the declaration sets the member itself.</summary>
/// <param name="preset">The preset.</param>
/// <param name="member">The option or slot, or <c>Diagnostics</c>: the name of a property of <see cref="HakMemAllocatorAttribute"/>.</param>
[AttributeUsage(AttributeTargets.Interface, AllowMultiple = true)]
public sealed class PresetAttribute(HakMemPreset preset, string member) : Attribute
{
    /// <summary>The preset.</summary>
    public HakMemPreset Preset => preset;

    /// <summary>The option or slot, or <c>Diagnostics</c>.</summary>
    public string Member => member;

    /// <summary>The value of an option.</summary>
    public long Value { get; set; }

    /// <summary>The box of a slot, or one of the diagnostics.</summary>
    public Type? Box { get; set; }
}
