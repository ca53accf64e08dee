using System;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Text.RegularExpressions;
using Xunit;

namespace HakMem.Boxes.Tests;

/// <summary>The page of invariants names tests; they must exist.</summary>
public class InvariantsPageTests
{
    private static readonly string[] s_numbers = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "T1", "T2", "T3", "T4", "T5", "T6", "T7", "T8", "T9"];

    [Fact]
    public void Every_invariant_has_its_row_and_every_test_it_names_exists()
    {
        string[] rows = [.. File.ReadAllLines(Path.Combine(Repository.Root, "docs", "invariants.md")).Where(static line => Regex.IsMatch(line, @"^\| T?[0-9] \|"))];
        Assert.Equal(s_numbers, rows.Select(static row => row.Split('|')[1].Trim()));
        foreach (string row in rows)
        {
            string[] named = [.. Regex.Matches(row.Split('|')[5], @"`(\w+)\.(\w+)`").Select(static match => match.Value.Trim('`'))];
            Assert.True(named.Length > 0 || row.Contains("no box yet", StringComparison.Ordinal), row);
            Assert.All(named, static test => Assert.True(Exists(test), $"{test} does not exist"));
        }
    }

    private static bool Exists(string test)
    {
        string[] parts = test.Split('.');
        return typeof(InvariantsPageTests).Assembly.GetTypes().Where(type => type.Name == parts[0])
            .Select(type => type.GetMethod(parts[1])).Any(static method => method?.GetCustomAttributes<FactAttribute>().Any() == true);
    }
}
