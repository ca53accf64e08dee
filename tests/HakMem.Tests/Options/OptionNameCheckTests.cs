using System;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using HakMem.Tests.Support;
using Xunit;

namespace HakMem.Tests.Options;

/// <summary>The check at build of the option names in a project and in its <c>runtimeconfig.template.json</c>: HKM0004 and HKM0005.</summary>
public sealed partial class OptionNameCheckTests
{
    private static readonly string s_targets = Path.GetFullPath(Path.Combine(Folder(), "../../../src/HakMem/build/HakMem.Options.targets"));

    [SystemFact(SystemNeeds.Dotnet)]
    public void ItKnowsTheOptionsThatAreRead()
    {
        string[] known = XDocument.Load(s_targets).Descendants("HakMemOption").Single().Attribute("Include")!.Value.Split(';');
        string[] read = [.. typeof(HakMemOptions).GetProperties().Where(static property => property.GetMethod is { IsStatic: false }).Select(static property => "HakMem." + property.Name)];

        Assert.Equal(read.Order(StringComparer.Ordinal), known.Order(StringComparer.Ordinal));
    }

    [SystemFact(SystemNeeds.Dotnet)]
    public void ItNamesEveryUnknownOptionAndNothingElse()
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("hakmem-options-");
        try
        {
            File.WriteAllText(Path.Combine(folder.FullName, "project.proj"), $"""
                <Project DefaultTargets="HakMemCheckOptions">
                  <ItemGroup>
                    <RuntimeHostConfigurationOption Include="HakMem.PurgeDelai;HakMem.Purge;HakMem.purge;System.GC.Server;HakMem.Purge" Value="1" />
                  </ItemGroup>
                  <Import Project="{s_targets}" />
                </Project>
                """);
            File.WriteAllText(Path.Combine(folder.FullName, "runtimeconfig.template.json"), """
                { "configProperties": { "HakMem.SoftLimit": "1M", "HakMem.SoftLimits" : 3, "Other": "HakMem.Value" } }
                """);

            Assert.Equal(["HakMem.PurgeDelai", "HakMem.purge", "HakMem.SoftLimits"], WarnedNames(Build(folder)));
        }
        finally
        {
            folder.Delete(true);
        }
    }

    [SystemTheory(SystemNeeds.Dotnet)]
    [InlineData("true", "HakMem.SoftLimit")]
    [InlineData("false", "")]
    [InlineData("", "")]
    public void ItNamesWhatAProgramCompiledAheadOfTimeDoesNotRead(string publishAot, string expected)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("hakmem-options-");
        try
        {
            File.WriteAllText(Path.Combine(folder.FullName, "project.proj"), $"""
                <Project DefaultTargets="HakMemCheckOptions">
                  <PropertyGroup><PublishAot>{publishAot}</PublishAot></PropertyGroup>
                  <ItemGroup><RuntimeHostConfigurationOption Include="HakMem.Purge" Value="1" /></ItemGroup>
                  <Import Project="{s_targets}" />
                </Project>
                """);
            File.WriteAllText(Path.Combine(folder.FullName, "runtimeconfig.template.json"), """
                { "configProperties": { "HakMem.SoftLimit": "1M", "HakMem.Purge": true, "HakMem.Mistyped": 3, "Other": 1 } }
                """);
            string output = Build(folder);

            Assert.Equal(expected, string.Join(" ", LostWarning().Matches(output).Select(static match => match.Groups[1].Value)));
            Assert.Equal(["HakMem.Mistyped"], WarnedNames(output));
        }
        finally
        {
            folder.Delete(true);
        }
    }

    [SystemFact(SystemNeeds.Dotnet)]
    public void WithoutOptionsItSaysNothing()
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("hakmem-options-");
        try
        {
            File.WriteAllText(Path.Combine(folder.FullName, "project.proj"), $"""<Project DefaultTargets="HakMemCheckOptions"><Import Project="{s_targets}" /></Project>""");

            Assert.Empty(WarnedNames(Build(folder)));
        }
        finally
        {
            folder.Delete(true);
        }
    }

    private static string[] WarnedNames(string output) => [.. Warning().Matches(output).Select(static match => match.Groups[1].Value)];

    private static string Build(DirectoryInfo folder)
    {
        ProcessStartInfo start = new("dotnet", ["msbuild", "-nologo", "-nodeReuse:false", "project.proj"]) { WorkingDirectory = folder.FullName, RedirectStandardOutput = true };
        using Process process = Process.Start(start)!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, output);
        return output;
    }

    private static string Folder([CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;

    [GeneratedRegex("warning HKM0004: '([^']*)' is no option")]
    private static partial Regex Warning();

    [GeneratedRegex("warning HKM0005: '([^']*)' in runtimeconfig.template.json does nothing")]
    private static partial Regex LostWarning();
}
