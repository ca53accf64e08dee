namespace HakMem.Generators.Model;

/// <summary>How the generator writes a member of the configuration.</summary>
internal enum MemberKind
{
    /// <summary>No rule applies: reported.</summary>
    Unknown,

    /// <summary>A constant.</summary>
    Option,

    /// <summary>A call of the box in a slot.</summary>
    Bound,

    /// <summary>A pointer into the heap.</summary>
    HeapState,

    /// <summary>A pointer into the composition's state.</summary>
    SharedState,

    /// <summary>Calls of the enabled diagnostics and guards.</summary>
    JoinPoint,

    /// <summary>Written from the composition's own state.</summary>
    Core,
}

/// <summary>A static abstract member of the configuration interface.</summary>
/// <param name="Kind">How it is written.</param>
/// <param name="Name">The name.</param>
/// <param name="Type">The type it has or returns.</param>
/// <param name="IsProperty">Whether it is a property with a getter.</param>
/// <param name="Parameters">The parameters of a method.</param>
/// <param name="Slot">The slot of a bound member or a state.</param>
/// <param name="Method">The method of a bound member.</param>
/// <param name="Option">The default and the limits of an option.</param>
/// <param name="Problem">Why an unknown member cannot be written.</param>
internal sealed record MemberModel(
    MemberKind Kind,
    string Name,
    string Type,
    bool IsProperty,
    EquatableArray<ParameterModel> Parameters,
    string Slot = "",
    string Method = "",
    OptionModel? Option = null,
    string Problem = "");

/// <summary>The default and the limits of an option.</summary>
/// <param name="Default">The value when the declaration gives none.</param>
/// <param name="Minimum">The smallest value.</param>
/// <param name="Maximum">The largest value.</param>
/// <param name="Multiple">What the value must be a multiple of; 1 for any.</param>
/// <param name="Switch">The build property that gives the value where the declaration does not; empty for none.</param>
internal sealed record OptionModel(long Default, long Minimum, long Maximum, long Multiple, string Switch)
{
    public bool Accepts(long value) => value >= Minimum && value <= Maximum && value % Multiple == 0;

    public string Range => (Multiple > 1 ? $"a multiple of {Multiple} " : "") + $"from {Minimum} to {Maximum}";
}

/// <summary>What one member is in a preset.</summary>
/// <param name="Preset">The preset's name.</param>
/// <param name="Member">The option, the slot, or the list of diagnostics.</param>
/// <param name="Value">The value of an option.</param>
/// <param name="Box">The box of a slot, or a diagnostic; null for an option.</param>
internal sealed record PresetModel(string Preset, string Member, long Value, BoxModel? Box);

/// <summary>The configuration interface and the boxes that come with it.</summary>
/// <param name="Members">Its members in their order.</param>
/// <param name="Defaults">The slots with the boxes that they hold when a declaration names none.</param>
/// <param name="Presets">What the presets set.</param>
/// <param name="Woven">The diagnostics and guards that a flavor or switch can turn on, by name.</param>
/// <param name="Types">All types of its namespace and assembly, with <c>global::</c>.</param>
internal sealed record ContractModel(
    EquatableArray<MemberModel> Members,
    EquatableArray<SlotRuleModel> Defaults,
    EquatableArray<PresetModel> Presets,
    EquatableArray<BoxModel> Woven,
    EquatableArray<string> Types)
{
    /// <summary>Stands for a contract that is not there.</summary>
    public static readonly ContractModel Missing = new(
        EquatableArray<MemberModel>.Empty, EquatableArray<SlotRuleModel>.Empty, EquatableArray<PresetModel>.Empty, EquatableArray<BoxModel>.Empty, EquatableArray<string>.Empty);
}
