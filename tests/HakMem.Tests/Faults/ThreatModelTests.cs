using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Xunit;

namespace HakMem.Tests.Faults;

/// <summary>The tables of docs/threat-model.md name every case that the tests run, and no other.</summary>
public sealed partial class ThreatModelTests
{
    [Fact]
    public void TheTablesNameTheCasesThatAreTested()
    {
        string[] rows = [.. File.ReadLines(Path.Combine(Root(), "docs", "threat-model.md")).Where(line => line.StartsWith('|'))];
        IEnumerable<string> named = rows.SelectMany(row => CaseName().Matches(row[row.TrimEnd('|', ' ').LastIndexOf('|')..])).Select(match => match.Groups[1].Value);
        Assert.Equal(Tested().Order(), named.Distinct().Order());
    }

    private static IEnumerable<string> Tested() => typeof(FaultTests).GetMethods()
        .Where(method => method.Name != nameof(FaultTests.RareButValidUseWorks) && method.Name != nameof(FaultTests.ARefusalOfTheSystemIsSurvived))
        .SelectMany(method => method.GetCustomAttributesData().Where(attribute => attribute.AttributeType == typeof(InlineDataAttribute)))
        .Select(data => (string)((IReadOnlyList<CustomAttributeTypedArgument>)data.ConstructorArguments[0].Value!)[0].Value!);

    private static string Root([CallerFilePath] string path = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(path)!, "..", "..", ".."));

    [GeneratedRegex("`([a-z-]+)`")]
    private static partial Regex CaseName();
}
