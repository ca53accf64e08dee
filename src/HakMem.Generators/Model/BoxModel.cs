using System.Linq;

namespace HakMem.Generators.Model;

/// <summary>A parameter; its type is written with <c>global::</c>.</summary>
/// <param name="Modifier"><c>"out "</c>, <c>"ref "</c>, <c>"in "</c> or nothing.</param>
/// <param name="Type">The type.</param>
/// <param name="Name">The name.</param>
internal sealed record ParameterModel(string Modifier, string Type, string Name)
{
    public string Declaration => Modifier + Type + " " + Name;

    public string Argument => Modifier == "in " ? Name : Modifier + Name;

    public bool SameShape(ParameterModel other) => Modifier == other.Modifier && Type == other.Type;
}

/// <summary>A static method of a box.</summary>
/// <param name="Name">The name.</param>
/// <param name="ReturnType">The type it returns.</param>
/// <param name="TypeParameters">How many type parameters it has.</param>
/// <param name="Parameters">Its parameters.</param>
internal sealed record MethodModel(string Name, string ReturnType, int TypeParameters, EquatableArray<ParameterModel> Parameters)
{
    /// <summary>Whether a call with this shape compiles: at most the configuration as type argument, and the same types in the same order.</summary>
    public bool Answers(string name, string returnType, EquatableArray<ParameterModel> parameters) =>
        Name == name
        && ReturnType == returnType
        && TypeParameters <= 1
        && Parameters.Count == parameters.Count
        && Parameters.Zip(parameters, static (mine, asked) => mine.SameShape(asked)).All(static same => same);
}

/// <summary>Something of a box that a composition cannot use, and why.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Why">The rest of a sentence that begins with it.</param>
internal sealed record UnusableModel(string Name, string Why);

/// <summary>A box as the composition sees it.</summary>
/// <param name="FullName">The name with <c>global::</c>.</param>
/// <param name="Name">The simple name.</param>
/// <param name="Layer">The layer's name; empty when the type is not marked as a box.</param>
/// <param name="Height">The layer's place from the bottom.</param>
/// <param name="Traits">What the box publishes, by name.</param>
/// <param name="Excludes">What no other box of the composition may publish.</param>
/// <param name="IsStatic">Whether the type is a static class.</param>
/// <param name="IsPublic">Whether everybody may see the type.</param>
/// <param name="Switch">The build property that turns the box on or off; empty when there is none.</param>
/// <param name="Flavors">The flavors that turn the box on, in lower case.</param>
/// <param name="Order">When it is called at a join point: lower numbers first.</param>
/// <param name="HasHeapState">Whether it has a nested struct <c>HeapState</c>.</param>
/// <param name="HasSharedState">Whether it has a nested struct <c>SharedState</c>.</param>
/// <param name="HasTotals">Whether it has a nested struct <c>Totals</c>.</param>
/// <param name="Methods">Its static methods that the composition may call.</param>
/// <param name="Uncallable">Its other methods.</param>
/// <param name="BadStates">Nested types named as states that can be none.</param>
internal sealed record BoxModel(
    string FullName,
    string Name,
    string Layer,
    long Height,
    EquatableArray<string> Traits,
    EquatableArray<string> Excludes,
    bool IsStatic,
    bool IsPublic,
    string Switch,
    EquatableArray<string> Flavors,
    int Order,
    bool HasHeapState,
    bool HasSharedState,
    bool HasTotals,
    EquatableArray<MethodModel> Methods,
    EquatableArray<UnusableModel> Uncallable,
    EquatableArray<UnusableModel> BadStates)
{
    /// <summary>Whether the box is woven in at join points instead of filling a slot.</summary>
    public bool IsWoven => Layer is ContractNames.Diagnostics or ContractNames.Guards;

    public string HeapStateType => FullName + "." + ContractNames.HeapState;

    public string SharedStateType => FullName + "." + ContractNames.SharedState;

    /// <summary>What reading the box gives: its totals, or when it has none the sum of its states in the heaps.</summary>
    public string NumbersType => HasTotals ? FullName + "." + ContractNames.Totals : HeapStateType;

    /// <summary>The name without <c>global::</c>, for people.</summary>
    public string DisplayName => FullName.Replace("global::", "");

    /// <summary>A method that has the name, whatever its shape; null when there is none.</summary>
    public MethodModel? Named(string name) => Methods.FirstOrDefault(method => method.Name == name);

    public MethodModel? Find(string name, string returnType, EquatableArray<ParameterModel> parameters) =>
        Methods.FirstOrDefault(method => method.Answers(name, returnType, parameters));
}

/// <summary>The box chosen for a slot.</summary>
/// <param name="Slot">The slot.</param>
/// <param name="Box">The box.</param>
internal sealed record SlotModel(string Slot, BoxModel Box);

/// <summary>A slot as the contract describes it.</summary>
/// <param name="Slot">The slot.</param>
/// <param name="Box">The box that it holds when nobody names one.</param>
/// <param name="Requires">What its box must publish.</param>
/// <param name="Excludes">What its box must not publish.</param>
internal sealed record SlotRuleModel(string Slot, BoxModel Box, EquatableArray<string> Requires, EquatableArray<string> Excludes);
