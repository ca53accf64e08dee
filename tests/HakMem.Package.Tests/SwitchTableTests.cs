using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Xml.Linq;
using HakMem.Boxes;
using Xunit;

namespace HakMem.Package.Tests;

/// <summary>The list of switches in <c>HakMem.props</c> against what the boxes and options say themselves, and what the loaded allocator has.</summary>
public sealed class SwitchTableTests
{
    private static readonly XElement[] s_rows = [.. XDocument.Load(Path.Combine(Path.GetDirectoryName(Source())!, "../../src/HakMem/build/HakMem.props"))
        .Descendants("HakMemSwitch").Where(static row => row.Attribute("Include") is not null)];

    private static IEnumerable<(Type Type, BoxAttribute Box)> SwitchedBoxes => typeof(BoxAttribute).Assembly.GetTypes()
        .Select(static type => (type, type.GetCustomAttribute<BoxAttribute>()!)).Where(static pair => pair.Item2?.Switch is not null);

    [Fact]
    public void EveryBoxWithASwitchHasARowWithItsFlavors() => Assert.Equal(
        SwitchedBoxes.Select(static one => $"{one.Box.Switch}: {Sorted(one.Box.Flavors ?? "", ',')}").Order(StringComparer.Ordinal),
        s_rows.Where(static row => row.Attribute("Flavors") is not null)
            .Select(static row => $"{row.Attribute("Include")!.Value}: {Sorted(row.Attribute("Flavors")!.Value, ';')}").Order(StringComparer.Ordinal));

    [Fact]
    public void ASwitchIsCalledAsItsBox() => Assert.All(SwitchedBoxes, static one => Assert.Equal("HakMem" + one.Type.Name, one.Box.Switch));

    [Fact]
    public void EveryOptionWithASwitchHasARowWithItsDefault()
    {
        IEnumerable<OptionAttribute> options = typeof(IAllocatorConfig).GetProperties().Select(static property => property.GetCustomAttribute<OptionAttribute>()).OfType<OptionAttribute>();

        Assert.Equal(
            options.Where(static option => option.Switch is not null).Select(static option => $"{option.Switch}: {option.DefaultValue} from {option.Minimum} to {option.Maximum}"),
            s_rows.Where(static row => row.Attribute("Flavors") is null)
                .Select(static row => $"{row.Attribute("Include")!.Value}: {row.Attribute("Default")!.Value} {row.Attribute("Values")!.Value.Replace("a whole number ", "")}"));
    }

    [Fact]
    public void ARowReadsThePropertyItNames() =>
        Assert.All(s_rows, static row => Assert.Equal($"$({row.Attribute("Include")!.Value}.Trim())", row.Attribute("Value")!.Value));

    [Fact]
    public void TheLoadedAllocatorTellsItsFlavorAndWhatIsInIt()
    {
        string flavor = typeof(SwitchTableTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(static one => one.Key == "HakMemBuildFlavor").Value!;

        Assert.Equal(flavor, HakMemory.BuildFlavor);
        Assert.Equal(
            SwitchedBoxes.Where(one => (one.Box.Flavors ?? "").Split(',').Contains(flavor)).Select(static one => one.Type.Name).Order(StringComparer.Ordinal),
            HakMemory.Features);
        Assert.Same(HakMemory.Features, HakMemory.Features);
    }

    private static string Sorted(string list, char separator) =>
        string.Join(", ", list.Split(separator, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Order(StringComparer.Ordinal));

    private static string Source([CallerFilePath] string path = "") => path;
}
