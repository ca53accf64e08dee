using System.Linq;

namespace HakMem.Generators.Model;

/// <summary>A call of a box's method.</summary>
/// <param name="Box">The box, with <c>global::</c>.</param>
/// <param name="Method">The method.</param>
/// <param name="Generic">Whether it is closed over the configuration.</param>
/// <param name="Arguments">The arguments; <see cref="OwnState"/> stands for the box's own state in the heap of <see cref="HeapArgument"/>.</param>
/// <param name="StateOf">The name of the accessor of the box's state, when it has one.</param>
/// <param name="HeapArgument">The parameter that holds the heap.</param>
/// <param name="Shared">The name of the accessor of the box's state in the composition, when it has one.</param>
internal sealed record CallModel(
    string Box, string Method, bool Generic, EquatableArray<string> Arguments, string StateOf = "", string HeapArgument = "", string Shared = "")
{
    /// <summary>Marks the argument that is the box's own state.</summary>
    public const string OwnState = "*";

    /// <summary>Marks the argument that is the box's own state in the composition.</summary>
    public const string OwnShared = "**";
}

/// <summary>A call that the emitted methods themselves make.</summary>
/// <param name="Slot">The slot.</param>
/// <param name="Call">The call, without arguments.</param>
internal sealed record OwnCallModel(string Slot, CallModel Call);

/// <summary>The box chosen for a slot, by name.</summary>
/// <param name="Slot">The slot.</param>
/// <param name="Box">The box, with <c>global::</c>.</param>
internal sealed record ChosenModel(string Slot, string Box);

/// <summary>A state that lies in the heap or in the composition.</summary>
/// <param name="Name">The name of its offset.</param>
/// <param name="Type">The struct.</param>
internal sealed record LayoutModel(string Name, string Type);

/// <summary>A member of the emitted configuration.</summary>
/// <param name="Member">The member of the interface.</param>
/// <param name="Constant">The value of an option.</param>
/// <param name="Offset">The name of the offset of a state.</param>
/// <param name="Calls">The calls of a bound member or of a join point.</param>
internal sealed record ConfigMemberModel(MemberModel Member, string Constant, string Offset, EquatableArray<CallModel> Calls);

/// <summary>A diagnostics or guard box that is woven in.</summary>
/// <param name="Name">The simple name.</param>
/// <param name="Box">The box, with <c>global::</c>.</param>
/// <param name="IsPublic">Whether everybody may see the box.</param>
/// <param name="HasState">Whether it keeps a state in each heap.</param>
/// <param name="HasShared">Whether it keeps a state in the composition.</param>
/// <param name="Numbers">What reading the box gives.</param>
/// <param name="Accumulate">The call that adds a heap's state to the numbers; null when there is none.</param>
/// <param name="AccumulateShared">The call that adds the composition's state to the numbers; null when there is none.</param>
internal sealed record WovenModel(
    string Name, string Box, bool IsPublic, bool HasState, bool HasShared, string Numbers, CallModel? Accumulate, CallModel? AccumulateShared)
{
    public bool IsRead => Accumulate is not null || AccumulateShared is not null;
}

/// <summary>Everything that is written for one declaration.</summary>
/// <param name="Declaration">The declaration.</param>
/// <param name="Flavor">The flavor.</param>
/// <param name="Slots">The chosen boxes.</param>
/// <param name="Woven">The woven boxes, by name.</param>
/// <param name="Members">The members of the configuration.</param>
/// <param name="HeapLayout">The states in a heap.</param>
/// <param name="SharedLayout">The states in the composition.</param>
/// <param name="OwnCalls">The calls of the emitted methods.</param>
/// <param name="ContractTypes">The types that need no qualification once the contract's namespace is imported.</param>
/// <param name="Problems">What is reported.</param>
internal sealed record CompositionModel(
    DeclarationModel Declaration,
    string Flavor,
    EquatableArray<ChosenModel> Slots,
    EquatableArray<WovenModel> Woven,
    EquatableArray<ConfigMemberModel> Members,
    EquatableArray<LayoutModel> HeapLayout,
    EquatableArray<LayoutModel> SharedLayout,
    EquatableArray<OwnCallModel> OwnCalls,
    EquatableArray<string> ContractTypes,
    EquatableArray<ProblemModel> Problems)
{
    public bool CanBeWritten => !Problems.Any(static problem => problem.Stops);

    /// <summary>Whether the class can have a second part at all.</summary>
    public bool CanBeDeclared => !Problems.Any(static problem => problem.Id == Rules.NotStaticPartial.Id || problem.Id == Rules.UnsafeForbidden.Id || problem.Id == Rules.UnknownMember.Id);
}
