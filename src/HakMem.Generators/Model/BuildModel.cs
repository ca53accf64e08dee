using System.Linq;

namespace HakMem.Generators.Model;

/// <summary>A switch that the build sets.</summary>
/// <param name="Name">The build property.</param>
/// <param name="On">Its value.</param>
internal sealed record SwitchModel(string Name, bool On);

/// <summary>What the build asks for.</summary>
/// <param name="IsTold">Whether the project tells its properties at all.</param>
/// <param name="Flavor">The flavor, in lower case.</param>
/// <param name="Switches">The switches that are set by themselves.</param>
/// <param name="Numbers">The options that are set by build properties, each under the property's name.</param>
internal sealed record BuildModel(bool IsTold, string Flavor, EquatableArray<SwitchModel> Switches, EquatableArray<ArgumentModel> Numbers)
{
    public bool Enables(BoxModel box) =>
        Switches.FirstOrDefault(candidate => candidate.Name == box.Switch)?.On ?? box.Flavors.Contains(Flavor);
}
