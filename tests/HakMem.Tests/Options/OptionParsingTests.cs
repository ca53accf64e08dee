using System;
using System.Collections;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Runtime.CompilerServices;
using HakMem.Boxes;
using Xunit;

namespace HakMem.Tests.Options;

/// <summary>How each option is read from a configuration and an environment, and what is said of those that cannot be.</summary>
public sealed class OptionParsingTests
{
    [Theory]
    [InlineData("0", 0)]
    [InlineData("1", 1)]
    [InlineData(" 250 ", 250)]
    [InlineData("3600000", 3_600_000)]
    public void ADelayIsReadInMilliseconds(string text, int milliseconds)
    {
        Assert.Equal(TimeSpan.FromMilliseconds(milliseconds), Accept("HAKMEM_PURGE_DELAY", text).PurgeDelay);
        Assert.Equal(TimeSpan.FromMilliseconds(milliseconds), Accept("HakMem.PurgeDelay", text).PurgeDelay);
    }

    [Theory]
    [InlineData("true", true)]
    [InlineData("True", true)]
    [InlineData("1", true)]
    [InlineData("false", false)]
    [InlineData("FALSE", false)]
    [InlineData("0", false)]
    public void ASwitchIsRead(string text, bool expected)
    {
        Assert.Equal(expected, Accept("HAKMEM_PURGE", text).Purge);
        Assert.Equal(expected, Accept("HakMem.Purge", text).Purge);
        Assert.Equal(expected, Accept("HAKMEM_GC_TRIM", text).GcTrim);
        Assert.Equal(expected, Accept("HakMem.GcTrim", text).GcTrim);
        Assert.Equal(expected, Accept("HAKMEM_PREFAULT", text).Prefault);
        Assert.Equal(expected, Accept("HakMem.Prefault", text).Prefault);
        Assert.Equal(expected, Accept("HAKMEM_PRE_ZERO", text).PreZero);
        Assert.Equal(expected, Accept("HakMem.PreZero", text).PreZero);
    }

    [Theory]
    [InlineData("1", 1UL)]
    [InlineData("4096", 4096UL)]
    [InlineData("64K", 65536UL)]
    [InlineData("64k", 65536UL)]
    [InlineData("512M", 512UL << 20)]
    [InlineData("2g", 2UL << 30)]
    [InlineData("17179869183G", 17179869183UL << 30)]
    [InlineData("none", ulong.MaxValue)]
    [InlineData("None", ulong.MaxValue)]
    public void ALimitIsReadInBytes(string text, ulong bytes)
    {
        Assert.Equal(bytes, Accept("HAKMEM_SOFT_LIMIT", text).SoftLimit);
        Assert.Equal(bytes, Accept("HakMem.SoftLimit", text).SoftLimit);
        Assert.Equal(bytes, Accept("HAKMEM_HARD_LIMIT", text).HardLimit);
        Assert.Equal(bytes, Accept("HakMem.HardLimit", text).HardLimit);
    }

    [Theory]
    [InlineData("system", HugePagePolicy.System)]
    [InlineData("NEVER", HugePagePolicy.Never)]
    [InlineData("Always", HugePagePolicy.Always)]
    public void AHugePagePolicyIsReadByName(string text, HugePagePolicy policy)
    {
        Assert.Equal(policy, Accept("HAKMEM_HUGE_PAGES", text).HugePages);
        Assert.Equal(policy, Accept("HakMem.HugePages", text).HugePages);
    }

    [Theory]
    [InlineData("HAKMEM_PURGE_DELAY", "milliseconds from 0 to 3600000", "", "-1", "+1", "1.5", "3600001", "99999999999999", "1 s", "0x10")]
    [InlineData("HAKMEM_PURGE", "true or false", "", "yes", "2", "on", "truee")]
    [InlineData("HAKMEM_GC_TRIM", "true or false", "no")]
    [InlineData("HAKMEM_PREFAULT", "true or false", "00")]
    [InlineData("HAKMEM_SOFT_LIMIT", "bytes, with K, M or G if you like, or none", "", "0", "0K", "K", "-5", "1.5G", "5T", "5KB", "5 K", "18446744073709551616", "17179869184G")]
    [InlineData("HAKMEM_HARD_LIMIT", "bytes, with K, M or G if you like, or none", "much", "0")]
    [InlineData("HAKMEM_HUGE_PAGES", "system, never or always", "", "1", "+1", "-0", "sometimes", "never,system", "never, always")]
    public void ABadValueIsReportedAndIgnored(string variable, string values, params string[] texts)
    {
        foreach (string text in texts)
        {
            (HakMemOptions options, List<string> reports) = Read([], new() { [variable] = text });
            Assert.Equal($"hakmem: {variable} is '{text}'; it takes {values}. It is ignored.", Assert.Single(reports));
            AssertDefault(options);
        }
    }

    [Fact]
    public void WithoutAnythingTheDefaultsHoldInSilence()
    {
        (HakMemOptions options, List<string> reports) = Read([], new() { ["PATH"] = "/bin", ["hakmem_purge"] = "x", ["HAKMEMTEST_X"] = "1" });
        Assert.Empty(reports);
        AssertDefault(options);
    }

    /// <summary>As Windows takes them.</summary>
    [Fact]
    public void NamesInOtherCaseAreFoundWhereCaseDoesNotCount()
    {
        HakMemOptions options = HakMemOptions.Read(static _ => null, HakMemOptions.UpperCase(new Hashtable { ["HakMem_Purge_Delay"] = "7", ["Path"] = "x" }), static _ => { });
        Assert.Equal(7, options.PurgeDelay.TotalMilliseconds);
    }

    [Fact]
    public void TheEnvironmentWinsOverTheConfiguration()
    {
        (HakMemOptions options, List<string> reports) = Read(
            new() { ["HakMem.PurgeDelay"] = "5", ["HakMem.Purge"] = "false", ["HakMem.HardLimit"] = "1G" },
            new() { ["HAKMEM_PURGE_DELAY"] = "6", ["HAKMEM_HARD_LIMIT"] = "none" });
        Assert.Empty(reports);
        Assert.Equal((TimeSpan.FromMilliseconds(6), false, ulong.MaxValue), (options.PurgeDelay, options.Purge, options.HardLimit));
    }

    [Fact]
    public void ABadVariableLeavesTheConfigurationInForce()
    {
        (HakMemOptions options, List<string> reports) = Read(new() { ["HakMem.PurgeDelay"] = "5" }, new() { ["HAKMEM_PURGE_DELAY"] = "six" });
        Assert.Equal("hakmem: HAKMEM_PURGE_DELAY is 'six'; it takes milliseconds from 0 to 3600000. It is ignored.", Assert.Single(reports));
        Assert.Equal(TimeSpan.FromMilliseconds(5), options.PurgeDelay);
    }

    [Fact]
    public void ABadConfigurationIsReportedByItsOwnName()
    {
        (_, List<string> reports) = Read(new() { ["HakMem.Purge"] = "maybe" }, []);
        Assert.Equal("hakmem: HakMem.Purge is 'maybe'; it takes true or false. It is ignored.", Assert.Single(reports));
    }

    [Theory]
    [InlineData("HAKMEM_PURGEDELAY")]
    [InlineData("HAKMEM_")]
    [InlineData("HAKMEM_purge")]
    public void AnUnknownVariableIsReportedWithTheKnownOnes(string variable)
    {
        (HakMemOptions options, List<string> reports) = Read([], new() { [variable] = "1" });
        string report = Assert.Single(reports);
        Assert.StartsWith($"hakmem: {variable} is no option; known are HAKMEM_PURGE_DELAY, ", report, StringComparison.Ordinal);
        Assert.EndsWith(" and HAKMEM_PRE_ZERO.", report, StringComparison.Ordinal);
        AssertDefault(options);
    }

    [Fact]
    public void NumbersAndSwitchesOfAConfigurationAreRead()
    {
        (HakMemOptions options, List<string> reports) = ReadObjects(new()
        {
            ["HakMem.HardLimit"] = 100_000L,
            ["HakMem.SoftLimit"] = 1000UL,
            ["HakMem.PurgeDelay"] = 5,
            ["HakMem.Purge"] = false,
            ["HakMem.GcTrim"] = (byte)0,
            ["HakMem.HugePages"] = HugePagePolicy.Never,
            ["HakMem.PreZero"] = true,
        });
        Assert.Empty(reports);
        Assert.Equal(
            (100_000UL, 1000UL, TimeSpan.FromMilliseconds(5), false, false, HugePagePolicy.Never, true),
            (options.HardLimit, options.SoftLimit, options.PurgeDelay, options.Purge, options.GcTrim, options.HugePages, options.PreZero));
    }

    [Fact]
    public void ObjectsOfAConfigurationThatAreNoValuesAreReported()
    {
        (HakMemOptions options, List<string> reports) = ReadObjects(new() { ["HakMem.HardLimit"] = -5, ["HakMem.PurgeDelay"] = TimeSpan.FromSeconds(1), ["HakMem.Purge"] = 1.0 });
        Assert.Equal(
            [
                "hakmem: HakMem.PurgeDelay is 'System.TimeSpan'; it takes milliseconds from 0 to 3600000. It is ignored.",
                "hakmem: HakMem.Purge is 'System.Double'; it takes true or false. It is ignored.",
                "hakmem: HakMem.HardLimit is '-5'; it takes bytes, with K, M or G if you like, or none. It is ignored.",
            ],
            reports);
        AssertDefault(options);
    }

    [Fact]
    public void TheTextNamesEveryOptionInForce()
    {
        HakMemOptions given = Read(
            new() { ["HakMem.PurgeDelay"] = "5", ["HakMem.SoftLimit"] = "1K", ["HakMem.HardLimit"] = "2K", ["HakMem.HugePages"] = "never", ["HakMem.PreZero"] = "true" }, new() { ["HAKMEM_PURGE"] = "0" }).Options;
        HakMemOptions unlimited = Read(new() { ["HakMem.SoftLimit"] = "none" }, []).Options;
        Assert.Equal("PurgeDelay 5 ms, Purge false, GcTrim true, SoftLimit 1024 B, HardLimit 2048 B, HugePages never, Prefault false, PreZero true", given.ToString());
        Assert.Equal("PurgeDelay 1000 ms, Purge true, GcTrim true, SoftLimit none, HardLimit none, HugePages system, Prefault false, PreZero false", unlimited.ToString());
        Assert.All(typeof(HakMemOptions).GetProperties(BindingFlags.Public | BindingFlags.Instance), property => Assert.Contains(property.Name + " ", given.ToString(), StringComparison.Ordinal));
    }

    /// <summary>Each option can be set in code; what the program does not set stays.</summary>
    [Fact]
    public void SettingsHaveEveryOptionAndWinOverTheConfiguration()
    {
        HakMemSettings all = new()
        {
            PurgeDelay = TimeSpan.FromMilliseconds(3),
            Purge = false,
            GcTrim = false,
            SoftLimit = 1000,
            HardLimit = 2000,
            HugePages = HugePagePolicy.Always,
            Prefault = true,
            PreZero = true,
        };
        (HakMemOptions none, _) = Read([], []);
        foreach (PropertyInfo property in typeof(HakMemOptions).GetProperties(BindingFlags.Public | BindingFlags.Instance))
        {
            PropertyInfo setting = typeof(HakMemSettings).GetProperty(property.Name)!;
            Assert.Equal(property.PropertyType, Nullable.GetUnderlyingType(property.PropertyType) is null ? Nullable.GetUnderlyingType(setting.PropertyType) : setting.PropertyType);
            HakMemSettings one = new();
            setting.SetValue(one, setting.GetValue(all));
            List<string> reports = [];
            HakMemOptions options = HakMemOptions.Read(name => name == "HakMem." + property.Name ? "none of these" : null, new Hashtable(), reports.Add, one);
            Assert.Single(reports);
            Assert.NotEqual(property.GetValue(none), property.GetValue(options));
            Assert.Equal(setting.GetValue(all), property.GetValue(options));
        }

        Assert.Equal(typeof(HakMemOptions).GetProperties(BindingFlags.Public | BindingFlags.Instance).Length, typeof(HakMemSettings).GetProperties().Length);
        Dictionary<string, object> configuration = new() { ["HakMem.PurgeDelay"] = 5, ["HakMem.HardLimit"] = 5000L };
        HakMemOptions read = HakMemOptions.Read(configuration.GetValueOrDefault, new Hashtable { ["HAKMEM_SOFT_LIMIT"] = "700" }, Assert.Fail, new HakMemSettings { PurgeDelay = TimeSpan.Zero, SoftLimit = 900 });
        Assert.Equal((TimeSpan.Zero, 700UL, 5000UL, true), (read.PurgeDelay, read.SoftLimit, read.HardLimit, read.Purge));
    }

    [Fact]
    public void SettingsOutOfRangeAreRefused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(static () => new HakMemSettings { PurgeDelay = TimeSpan.FromTicks(-1) });
        Assert.Throws<ArgumentOutOfRangeException>(static () => new HakMemSettings { PurgeDelay = TimeSpan.FromMilliseconds(3_600_001) });
        Assert.Throws<ArgumentOutOfRangeException>(static () => new HakMemSettings { SoftLimit = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(static () => new HakMemSettings { HardLimit = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(static () => new HakMemSettings { HugePages = (HugePagePolicy)9 });
        Assert.Equal((null, null, TimeSpan.FromHours(1)), (new HakMemSettings { SoftLimit = null }.SoftLimit, new HakMemSettings().HugePages, new HakMemSettings { PurgeDelay = TimeSpan.FromHours(1) }.PurgeDelay));
    }

    /// <summary>The quick look at the start knows every name.</summary>
    [Fact]
    public void EveryOptionIsNoticed()
    {
        Assert.False(HakMemOptions.IsAnythingSet(static _ => null, static _ => null));
        foreach (string row in File.ReadLines(Page()).Where(static line => line.StartsWith("| `", StringComparison.Ordinal)))
        {
            string[] names = [.. row.Split('|').Skip(2).Take(2).Select(static cell => cell.Trim(' ', '`'))];
            Assert.True(HakMemOptions.IsAnythingSet(name => name == names[0] ? 1 : null, static _ => null), names[0]);
            Assert.True(HakMemOptions.IsAnythingSet(static _ => null, name => name == names[1] ? "1" : null), names[1]);
        }
    }

    [Fact]
    public void TheSoftLimitIsNeverAboveTheHardOne()
    {
        Assert.Equal(1UL << 20, Accept("HAKMEM_HARD_LIMIT", "1M").SoftLimit);
        (HakMemOptions options, _) = Read([], new() { ["HAKMEM_SOFT_LIMIT"] = "3M", ["HAKMEM_HARD_LIMIT"] = "2M" });
        Assert.Equal((2UL << 20, 2UL << 20), (options.SoftLimit, options.HardLimit));
    }

    /// <summary>docs/options.md has a row for each property, with its three names.</summary>
    [Fact]
    public void ThePageListsEveryOption()
    {
        string[] rows = [.. File.ReadLines(Page()).Where(line => line.StartsWith("| `", StringComparison.Ordinal))];
        string[] properties = [.. typeof(HakMemOptions).GetProperties(BindingFlags.Public | BindingFlags.Instance).Select(property => property.Name)];
        (_, List<string> reports) = Read([], new() { ["HAKMEM_X"] = "" });
        Assert.Equal(properties.Length, rows.Length);
        foreach (string property in properties)
        {
            string variable = "HAKMEM_" + string.Concat(property.Select((letter, index) => index > 0 && char.IsUpper(letter) ? $"_{letter}" : $"{letter}")).ToUpperInvariant();
            Assert.Contains(rows, row => row.StartsWith($"| `{property}` | `HakMem.{property}` | `{variable}` | ", StringComparison.Ordinal));
            Assert.Contains(variable, reports[0], StringComparison.Ordinal);
        }
    }

    private static string Page([CallerFilePath] string path = "") => Path.Combine(Path.GetDirectoryName(path)!, "..", "..", "..", "docs", "options.md");

    private static HakMemOptions Accept(string name, string text)
    {
        Dictionary<string, string> one = new() { [name] = text };
        (HakMemOptions options, List<string> reports) = name.StartsWith("HAKMEM_", StringComparison.Ordinal) ? Read([], one) : Read(one, []);
        Assert.Empty(reports);
        return options;
    }

    private static void AssertDefault(HakMemOptions options)
    {
        Assert.Equal((TimeSpan.FromSeconds(1), true, true), (options.PurgeDelay, options.Purge, options.GcTrim));
        Assert.Equal((ulong.MaxValue, null, null), (options.HardLimit, options.HugePages, options.Prefault));
    }

    private static (HakMemOptions Options, List<string> Reports) ReadObjects(Dictionary<string, object> configuration)
    {
        List<string> reports = [];
        return (HakMemOptions.Read(configuration.GetValueOrDefault, new Hashtable(), reports.Add), reports);
    }

    private static (HakMemOptions Options, List<string> Reports) Read(Dictionary<string, string> configuration, Dictionary<string, string> environment)
    {
        List<string> reports = [];
        Hashtable variables = new(environment);
        return (HakMemOptions.Read(configuration.GetValueOrDefault, variables, reports.Add), reports);
    }
}
