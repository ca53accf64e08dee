using System.Linq;

namespace HakMem.Generators.Model;

/// <summary>A switch that the build sets.</summary>
/// <param name="Name">The build property.</param>
/// <param name="On">Its value.</param>
internal sealed record SwitchModel(string Name, bool On);

/// <summary>A value that the build gives for an option.</summary>
/// <param name="Name">The build property.</param>
/// <param name="Text">Its value as it was written.</param>
internal sealed record BuildOptionModel(string Name, string Text);

/// <summary>What the build asks for.</summary>
/// <param name="Flavor">The flavor, in lower case.</param>
/// <param name="Switches">The switches that are set by themselves.</param>
/// <param name="Options">The options that have another default in this build.</param>
internal sealed record BuildModel(string Flavor, EquatableArray<SwitchModel> Switches, EquatableArray<BuildOptionModel> Options)
{
    /// <summary>What the build gives for an option; null when it gives nothing.</summary>
    public string? TextOf(OptionModel option) =>
        option.Property.Length == 0 ? null : Options.FirstOrDefault(candidate => candidate.Name == option.Property)?.Text;

    public bool Enables(BoxModel box) =>
        Switches.FirstOrDefault(candidate => candidate.Name == box.Switch)?.On ?? box.Flavors.Contains(Flavor);
}
