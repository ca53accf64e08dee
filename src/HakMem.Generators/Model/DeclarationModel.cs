namespace HakMem.Generators.Model;

/// <summary>A constant given in the attribute.</summary>
/// <param name="Name">The option.</param>
/// <param name="Value">The value; 0 or 1 for a boolean.</param>
internal sealed record ArgumentModel(string Name, long Value);

/// <summary>A class marked as an allocator, as the user wrote it.</summary>
/// <param name="Namespace">The namespace; empty for the global one.</param>
/// <param name="Containers">The headers of the types around it, from the outside in.</param>
/// <param name="Name">The class.</param>
/// <param name="FullName">Namespace, types around it and class, with dots.</param>
/// <param name="FileName">The name of the file that is written.</param>
/// <param name="Accessibility">The accessibility in C#.</param>
/// <param name="Arguments">The constants given.</param>
/// <param name="Boxes">The boxes chosen for slots.</param>
/// <param name="Woven">The diagnostics and guards listed.</param>
/// <param name="Preset">The preset's name; empty when none was given.</param>
/// <param name="Isolated">Whether it has an address range of its own.</param>
/// <param name="Members">The class's own members that may stand where one is written.</param>
/// <param name="HiddenNames">Full type names whose simple names mean something else here.</param>
/// <param name="Problems">What keeps it from being composed.</param>
internal sealed record DeclarationModel(
    string Namespace,
    EquatableArray<string> Containers,
    string Name,
    string FullName,
    string FileName,
    string Accessibility,
    EquatableArray<ArgumentModel> Arguments,
    EquatableArray<SlotModel> Boxes,
    EquatableArray<BoxModel> Woven,
    string Preset,
    bool Isolated,
    EquatableArray<string> Members,
    EquatableArray<string> HiddenNames,
    EquatableArray<ProblemModel> Problems);

/// <summary>A declaration with the places at which its problems are reported.</summary>
/// <param name="Declaration">The declaration.</param>
/// <param name="Places">The places.</param>
/// <param name="IsFirst">Whether no other part of the class is marked before this one.</param>
internal sealed record GatheredModel(DeclarationModel Declaration, PlacesModel Places, bool IsFirst);
