using System;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text.Json.Nodes;
using HakMem.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace HakMem.Tests.Faults;

/// <summary>What depends on options of the whole process, each in a child: idle memory, limits, and how options are read.</summary>
public sealed class FeatureTests(ITestOutputHelper output)
{
    private const string None = "18446744073709551615";
    private const string KnownNames
        = "HAKMEM_PURGE_DELAY, HAKMEM_PURGE, HAKMEM_GC_TRIM, HAKMEM_SOFT_LIMIT, HAKMEM_HARD_LIMIT, HAKMEM_HUGE_PAGES, HAKMEM_PREFAULT and HAKMEM_PRE_ZERO";

    [Theory]
    [InlineData("idle-own")]
    [InlineData("idle-other")]
    [InlineData("idle-ended")]
    [InlineData("idle-blocked-pool", "HAKMEM_PURGE_DELAY=200")]
    [InlineData("idle-kept", "HAKMEM_PURGE=false")]
    [InlineData("idle-own", "HAKMEM_HUGE_PAGES=never")]
    [InlineData("idle-own", "HAKMEM_PREFAULT=true")]
    [InlineData("idle-own", "HAKMEM_PRE_ZERO=true")]
    [InlineData("hard-limit", "HAKMEM_HARD_LIMIT=32M")]
    [InlineData("hard-limit", "HAKMEM_HARD_LIMIT=32832K")]
    [InlineData("soft-limit", "HAKMEM_SOFT_LIMIT=16M")]
    [InlineData("pressure-handler", "HAKMEM_SOFT_LIMIT=16M")]
    [InlineData("pressure-arena", "HAKMEM_SOFT_LIMIT=8M")]
    [InlineData("pressure-arena-gone", "HAKMEM_SOFT_LIMIT=8M")]
    [InlineData("aligned-zero-size", "HAKMEM_HUGE_PAGES=always")]
    [InlineData("gc-trim", "HAKMEM_PURGE=false", "DOTNET_GCHighMemPercent=1")]
    [InlineData("gc-trim-kept", "HAKMEM_PURGE=false", "DOTNET_GCHighMemPercent=1", "HAKMEM_GC_TRIM=false")]
    [InlineData("gc-trim-kept", "HAKMEM_PURGE=false", "DOTNET_GCHighMemPercent=63")]
    [InlineData("hosted-reset", "HAKMEM_PURGE_DELAY=100")]
    [InlineData("hosted-reset", "HAKMEM_PURGE_DELAY=1", "DOTNET_GCHighMemPercent=1")]
    public void ItDoesWhatItSays(string use, params string[] environment)
    {
        ChildProcess child = ChildProcess.Run(environment, [ChildProcess.Program, use]);
        output.WriteLine(child.Output);
        Assert.Equal(string.Empty, child.Error);
        Assert.EndsWith("alive", child.Output.TrimEnd(), StringComparison.Ordinal);
        Assert.Equal(0, child.ExitCode);
    }

    [SystemTheory(SystemNeeds.Linux)]
    [InlineData("native-thread-exit", "DOTNET_GCgen0size=10000000")]
    [InlineData("native-thread-exit-late", "DOTNET_GCgen0size=10000000")]
    [InlineData("native-thread-exit-first", "DOTNET_GCgen0size=10000000")]
    public void AThreadThatAllocatesInAKeysDestructorDoesNoHarm(string use, params string[] environment) => ItDoesWhatItSays(use, environment);

    [Fact]
    public void NothingIsSaidWhenNothingIsSet() => AssertOptions($"1000 True True {Soft()} {None}   ", []);

    [Fact]
    public void TheEnvironmentIsRead() => AssertOptions(
        "250 False False 1048576 2147483648 Never True True",
        ["HAKMEM_PURGE_DELAY=250", "HAKMEM_PURGE=0", "HAKMEM_GC_TRIM=false", "HAKMEM_SOFT_LIMIT=1024K", "HAKMEM_HARD_LIMIT=2G", "HAKMEM_HUGE_PAGES=never", "HAKMEM_PREFAULT=1", "HAKMEM_PRE_ZERO=1"]);

    [Fact]
    public void WhatIsWrongIsReportedOnce() => AssertOptions(
        $"1000 True True {Soft()} {None}   ",
        ["HAKMEM_PURGE_DELAY=soon", "HAKMEM_PURGEDELAY=5"],
        "hakmem: HAKMEM_PURGE_DELAY is 'soon'; it takes milliseconds from 0 to 3600000. It is ignored.",
        $"hakmem: HAKMEM_PURGEDELAY is no option; known are {KnownNames}.");

    [Theory]
    [InlineData("options-set", "5 True")]
    [InlineData("options-set", "5 False", "HAKMEM_PURGE=0")]
    [InlineData("options-unset", "1000 True", "HAKMEM_PURGE_DELAY=7")]
    [InlineData("options-set-objects", "70 False")]
    public void WhatTheProgramSetsBeforeTheFirstUseCounts(string use, string expected, params string[] environment)
    {
        ChildProcess child = ChildProcess.Run(environment, [ChildProcess.Program, use]);
        Assert.Equal(string.Empty, child.Error);
        Assert.StartsWith(expected + " ", child.Output, StringComparison.Ordinal);
    }

    /// <summary>In code, before the first use; the environment wins, and who comes too late is told.</summary>
    [Theory]
    [InlineData("options-configured", "80 True False 3145728 67108864 Never")]
    [InlineData("options-configured", "9 True False 2097152 67108864 Never", "HAKMEM_PURGE_DELAY=9", "HAKMEM_SOFT_LIMIT=2M")]
    [InlineData("options-configured-late", "1000 True True")]
    [InlineData("options-configured-read", "1000 True True")]
    [InlineData("options-configured-limit", "alive")]
    public void OptionsAreSetInCode(string use, string expected, params string[] environment)
    {
        ChildProcess child = ChildProcess.Run(environment, [ChildProcess.Program, use]);
        Assert.Equal((string.Empty, 0), (child.Error, child.ExitCode));
        Assert.StartsWith(expected, child.Output, StringComparison.Ordinal);
    }

    /// <summary>A report that cannot be written is lost, and nothing else.</summary>
    [SystemTheory(SystemNeeds.Linux)]
    [InlineData("2>/dev/full")]
    [InlineData("2>&-")]
    public void AReportThatCannotBeWrittenDoesNoHarm(string redirection)
    {
        ChildProcess child = ChildProcess.RunRedirected(redirection, ["HAKMEM_PURGE_DELAY=soon", "HAKMEM_FOO=1"], "options");
        Assert.Equal($"1000 True True {Soft()} {None}   ", child.Output.Split('\n')[0]);
        Assert.Equal(0, child.ExitCode);
    }

    [SystemFact(SystemNeeds.Dotnet)]
    public void TheConfigurationIsReadAndTheEnvironmentWins()
    {
        string folder = Directory.CreateTempSubdirectory().FullName;
        try
        {
            JsonNode configuration = JsonNode.Parse(File.ReadAllText(Path.ChangeExtension(ChildProcess.Program, ".runtimeconfig.json")))!;
            JsonNode options = configuration["runtimeOptions"]!;
            JsonObject properties = options["configProperties"]?.AsObject() ?? [];
            options["configProperties"] ??= properties;
            properties["HakMem.PurgeDelay"] = 500;
            properties["HakMem.Purge"] = false;
            properties["HakMem.HugePages"] = "Always";
            properties["HakMem.HardLimit"] = "much";
            string file = Path.Combine(folder, "HakMem.Faults.runtimeconfig.json");
            File.WriteAllText(file, configuration.ToJsonString());
            ChildProcess child = ChildProcess.Run(["HAKMEM_PURGE_DELAY=70"], ["exec", "--runtimeconfig", file, ChildProcess.Program, "options"]);
            Assert.Equal("hakmem: HakMem.HardLimit is 'much'; it takes bytes, with K, M or G if you like, or none. It is ignored.", child.Error.TrimEnd());
            Assert.Equal($"70 False True {Soft()} {None} Always  ", child.Output.Split('\n')[0]);
        }
        finally
        {
            Directory.Delete(folder, true);
        }
    }

    // Of version 1 the system itself says the lowest limit; of version 2 every folder above says its own.
    private static ulong Soft()
    {
        if (!OperatingSystem.IsLinux()) return ulong.MaxValue;
        const string Root = "/sys/fs/cgroup";
        string[][] groups = [.. File.ReadLines("/proc/self/cgroup").Select(static line => line.Split(':', 3))];
        ulong lowest = ulong.MaxValue;
        foreach (string[] group in groups)
        {
            if (group[1].Split(',').Contains("memory"))
            {
                string own = Root + "/memory" + group[2];
                if (!Directory.Exists(own)) own = Root + "/memory";
                if (!Directory.Exists(own)) continue;
                string line = File.ReadLines(own + "/memory.stat").First(static line => line.StartsWith("hierarchical_memory_limit ", StringComparison.Ordinal));
                ulong bytes = ulong.Parse(line.Split(' ')[1], CultureInfo.InvariantCulture);
                if (bytes < long.MaxValue / 2) lowest = Math.Min(lowest, bytes);
            }
            else if (group[1].Length == 0)
            {
                DirectoryInfo? folder = new(Root + group[2]);
                if (!folder.Exists) folder = new(Root);
                for (; folder!.FullName.StartsWith(Root, StringComparison.Ordinal); folder = folder.Parent)
                {
                    string limit = Path.Combine(folder.FullName, "memory.max");
                    if (File.Exists(limit) && ulong.TryParse(File.ReadAllText(limit), out ulong bytes)) lowest = Math.Min(lowest, bytes);
                }
            }
        }

        return lowest == ulong.MaxValue ? lowest : lowest / 10 * 9;
    }

    private static void AssertOptions(string expected, string[] environment, params string[] reports)
    {
        ChildProcess child = ChildProcess.Run(environment, [ChildProcess.Program, "options"]);
        Assert.Equal(reports.Order(), child.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries).Order());
        Assert.Equal(expected, child.Output.Split('\n')[0]);
        Assert.Equal(0, child.ExitCode);
    }
}
