using System.Collections.Generic;
using System.Linq;
using HakMem.Generators.Model;
using Microsoft.CodeAnalysis.Diagnostics;

namespace HakMem.Generators.Gather;

/// <summary>Reads the flavor, the switches of the boxes that have one, and the numbers of the options that have one.</summary>
internal static class BuildReader
{
    private const string DefaultFlavor = "release";

    public static BuildModel Read(ContractModel? contract, AnalyzerConfigOptions options)
    {
        List<SwitchModel> set = [];
        foreach (string name in SwitchesOf(contract))
        {
            if (Property(options, name) is { } text && bool.TryParse(text, out bool on)) { set.Add(new SwitchModel(name, on)); }
        }

        bool isTold = options.TryGetValue("build_property.HakMemBuildFlavor", out _);   // empty where the project says nothing
        return new BuildModel(isTold, Property(options, "HakMemBuildFlavor")?.ToLowerInvariant() ?? DefaultFlavor, set.ToEquatableArray(), NumbersOf(contract, options).ToEquatableArray());
    }

    private static IEnumerable<ArgumentModel> NumbersOf(ContractModel? contract, AnalyzerConfigOptions options)
    {
        foreach (OptionModel option in contract?.Members.Select(static member => member.Option).OfType<OptionModel>() ?? [])
        {
            if (option.Switch.Length > 0 && Property(options, option.Switch) is { } text && long.TryParse(text, out long value)) { yield return new ArgumentModel(option.Switch, value); }
        }
    }

    private static IEnumerable<string> SwitchesOf(ContractModel? contract) => contract is null
        ? []
        : contract.Woven.Select(static box => box.Switch).Where(static name => name.Length > 0).Distinct();

    private static string? Property(AnalyzerConfigOptions options, string name) =>
        options.TryGetValue("build_property." + name, out string? value) && !string.IsNullOrWhiteSpace(value) ? value.Trim() : null;
}
